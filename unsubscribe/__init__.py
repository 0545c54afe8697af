"""The engine: it remembers, decides and signs. Any Django project can use it without the site
(docs/architecture.md)."""
