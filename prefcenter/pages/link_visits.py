"""Counts looks at links, per day, campaign and method (requirement E12). It never stores who looked."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from prefcenter.models import Visits
from unsubscribe.links import Target
from unsubscribe.models import Campaign

#: What scanners and people do alike, and what therefore says nothing of anybody's wish (law 5).
LOOKS = {"GET", "HEAD"}

MILLISECONDS = 200

logger = logging.getLogger(__name__)


def count(request: HttpRequest, target: Target) -> None:
    """To be called outside a transaction, as pages do. A look that cannot be counted costs nobody the page."""
    if request.method not in LOOKS:
        return
    try:
        with _impatient():
            _add(timezone.localdate(), target.campaign_id, request.method)
    except DatabaseError as error:
        # Its kind and not its text, which may quote what was looked at.
        logger.warning("A look at a link was not counted: %s", type(error).__name__)


@contextmanager
def _impatient() -> Iterator[None]:
    """SQLite lets one write at a time: a long import may cost us the count, and nobody their page."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    raw = connection.connection
    [patience] = raw.execute("PRAGMA busy_timeout").fetchone()
    raw.execute(f"PRAGMA busy_timeout = {MILLISECONDS}")
    try:
        yield
    finally:
        raw.execute(f"PRAGMA busy_timeout = {int(patience)}")


def _add(day: date, campaign_id: int | None, method: str) -> None:
    if _increase(day, campaign_id, method):
        return
    if campaign_id is not None and not Campaign.objects.filter(pk=campaign_id).exists():
        _add(day, None, method)
        return
    try:
        with transaction.atomic():
            Visits.objects.create(day=day, campaign_id=campaign_id, method=method, count=1)
    except IntegrityError:
        _increase(day, campaign_id, method)  # somebody else made the row in between


def _increase(day: date, campaign_id: int | None, method: str) -> int:
    rows = Visits.objects.filter(day=day, campaign=campaign_id, method=method)
    return rows.update(count=F("count") + 1)
