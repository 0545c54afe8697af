"""/api/v1/, for senders' systems: one file an endpoint or subject, put together in site.py (docs/api.md)."""
