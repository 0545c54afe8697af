"""The Celery application. Its messages may be lost: what is owed is stored in tables, and swept (law 4)."""

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
    """Does nothing: with a receiver for this signal Celery leaves Django's logging, and its redaction, in place."""
