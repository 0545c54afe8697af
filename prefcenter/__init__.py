"""The site around the engine: pages, API, admin and commands (docs/architecture.md). Importing it makes the Celery
app."""

from prefcenter.celery import app as celery_app

__all__ = ["celery_app"]
