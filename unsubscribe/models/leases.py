"""Rows that one worker at a time works on. `claimed_at` is when it took the row; once the lease is over it counts as
dead, and another may take it."""

from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)


def is_free(*, now: datetime, lease: timedelta) -> Q:
    """No worker holds the row, or the one that did counts as dead."""
    return Q(claimed_at=None) | has_lapsed(now=now, lease=lease)


def has_lapsed(*, now: datetime, lease: timedelta) -> Q:
    """The worker that took the row did so longer than the lease ago."""
    return Q(claimed_at__lte=now - lease)


def take(rows: QuerySet[Row], condition: Q, *, now: datetime, **more: Any) -> QuerySet[Row] | None:
    """Claims those of `rows` that meet `condition`, by one conditional update: of two workers one gets a row.

    `more`: what is written along with it. Returns the rows for as long as they are ours; None if there were none.
    """
    if not rows.filter(condition).update(claimed_at=now, **more):
        return None
    return rows.filter(claimed_at=now)
