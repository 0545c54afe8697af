"""The ASGI entry point, for hosts that want one; `manage.py serve` uses WSGI, which measured faster."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prefcenter.settings")

application = get_asgi_application()
