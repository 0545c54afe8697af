"""What every page of the site shares: languages, middleware, branding, errors, redaction."""
