"""The sender's colour (BRAND_COLOR) and logo (BRAND_LOGO) on the pages."""
