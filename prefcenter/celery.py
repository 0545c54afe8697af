"""The Celery application. It only carries nudges; what must not be lost stands in the outbox."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prefcenter.settings")

# For every URL that begins with filesystem:
TRANSPORT_ALIASES["filesystem"] = "prefcenter.broker.folder:Transport"
app = Celery("prefcenter")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**kwargs: Any) -> None:
    """Being connected is enough: Celery then leaves Django's logging, and its redaction, in place."""
