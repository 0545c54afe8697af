"""The sender's colour and logo on the pages. Whatever the colour is, the pages stay readable (WCAG 2.2, 1.4.3)."""
