"""Claims on rows that one worker at a time works on, for any model with a column `claimed_at`: when a worker took the
row. Once the lease is over that worker counts as dead, and another may take the row."""

from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)


def is_free(*, now: datetime, lease: timedelta) -> Q:
    """The condition that no worker holds the row, or the one that did counts as dead. `now`: aware, here and below."""
    return Q(claimed_at=None) | has_lapsed(now=now, lease=lease)


def has_lapsed(*, now: datetime, lease: timedelta) -> Q:
    """The condition that the row was taken longer than the lease ago."""
    return Q(claimed_at__lte=now - lease)


def take(rows: QuerySet[Row], condition: Q, *, now: datetime, **more: Any) -> QuerySet[Row] | None:
    """Claims those of `rows` that meet `condition`, by one conditional update: of two workers one gets a row.

    `more`: further columns to write. Returns a query for the rows while this claim holds; None if there were none.
    """
    if not rows.filter(condition).update(claimed_at=now, **more):
        return None
    return rows.filter(claimed_at=now)
