"""The site around the engine: pages, admin and commands. It holds no rule about who may be written to."""

from prefcenter.celery import app as celery_app

__all__ = ["celery_app"]
