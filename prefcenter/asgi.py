"""The ASGI entry point, for hosts that want one; `manage.py serve` uses WSGI, which measured faster."""

import os

from django.core.asgi import get_asgi_application
from django.core.handlers.asgi import ASGIRequest

from prefcenter.web import content_types

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prefcenter.settings")


class ReadableASGIRequest(content_types.Readable, ASGIRequest):
    """Django's request, with its Content-Type cleaned (web.content_types)."""


application = get_asgi_application()
application.request_class = ReadableASGIRequest
