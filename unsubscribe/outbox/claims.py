"""How a row of any table of owed emails (models.outbox.OwedEmail) is claimed, sent, tried again and recorded.

How it is sent is the caller's `send` (outbox.messages). A row may be sent twice after a crash; none is lost.
"""

import smtplib
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import F, Q, QuerySet

from .. import addresses, conf, rules
from ..choices import OutboxStatus
from ..models import leases
from ..models.outbox import OwedEmail

#: The longest that one sweep takes; the next comes after a minute.
SWEEP_SECONDS = 50
#: How many due rows a sweep looks up at once.
BATCH = 100
#: The columns of a row that say what became of it: sent, dropped, put_off.
RowUpdate = dict[str, Any]
Row = TypeVar("Row", bound=OwedEmail)


def sweep(rows: QuerySet[Row], deliver: Callable[..., object], *, clock: Callable[[], datetime]) -> int:
    """Delivers all rows that are due, for at most SWEEP_SECONDS, after freeing those of dead workers. Returns how many
    it tried. Of two sweeps at once each row is claimed by one.

    deliver: called with the id of a row and `now`
    clock:   returns the moment, aware
    """
    release(rows, now=clock())
    stop_at, tried = time.monotonic() + SWEEP_SECONDS, 0
    while ids := due(rows, now=clock(), limit=BATCH):
        for id_ in ids:
            if time.monotonic() > stop_at:
                return tried
            deliver(id_, now=clock())
            tried += 1
    return tried


def due(rows: QuerySet[Row], *, now: datetime, limit: int) -> list[int]:
    """The ids of at most `limit` rows that are due, the longest overdue first. `now`: aware, here and below."""
    waiting = rows.filter(status=OutboxStatus.QUEUED, due_at__lte=now)
    return list(waiting.order_by("due_at").values_list("id", flat=True)[:limit])


def release(rows: QuerySet[Row], *, now: datetime) -> int:
    """Queues the rows whose lease is over (conf.outbox_lease), because their worker died. Returns how many."""
    lease = timedelta(seconds=conf.outbox_lease())
    abandoned = rows.filter(leases.has_lapsed(now=now, lease=lease), status=OutboxStatus.SENDING)
    return abandoned.update(status=OutboxStatus.QUEUED, due_at=now, claimed_at=None)


def deliver(
    rows: QuerySet[Row], row_id: int, send: Callable[[Row], RowUpdate], *, now: datetime
) -> OutboxStatus | None:
    """Claims one row, has `send` send it, and records the outcome if the claim still holds.

    Returns the row's new status; None if it was not due, or another worker had claimed it. What `send` raises is
    recorded in the row, without addresses, and the row is tried again after rules.retry_after, unless it was refused
    for good.
    """
    is_due = Q(status=OutboxStatus.QUEUED, due_at__lte=now)
    under_way = {"status": OutboxStatus.SENDING, "attempts": F("attempts") + 1}
    mine = leases.take(rows.filter(id=row_id), is_due, now=now, **under_way)
    if mine is None:
        return None
    row = rows.get(id=row_id)
    try:
        outcome = send(row)
    except Exception as error:  # recorded in the row, shown in the admin, and tried again where that may help
        outcome = _failed(row, error, now=now)
    mine.filter(status=OutboxStatus.SENDING).update(**outcome)
    return OutboxStatus(str(outcome["status"]))


def sent(*, now: datetime) -> RowUpdate:
    """The outcome of a row that was sent."""
    return {"status": OutboxStatus.SENT, "sent_at": now, "last_error": ""}


def dropped(why: str) -> RowUpdate:
    """The outcome of a row that is not needed any more; `why` is shown to staff, in English."""
    return {"status": OutboxStatus.DROPPED, "last_error": why}


def put_off(why: str, *, until: datetime) -> RowUpdate:
    """The outcome of a row that is to be sent later, at `until` (aware) or after; `why` as for `dropped`."""
    return {"status": OutboxStatus.QUEUED, "due_at": until, "claimed_at": None, "last_error": why}


def _failed(row: OwedEmail, error: Exception, *, now: datetime) -> RowUpdate:
    last_error = f"{type(error).__name__}: {addresses.redact(str(error))}"[:500]
    wait = None if _is_permanent(error) else rules.retry_after(row.attempts)
    if wait is None:
        return {"status": OutboxStatus.FAILED, "last_error": last_error}
    return put_off(last_error, until=now + wait)


def _is_permanent(error: Exception) -> bool:
    """Whether the receiving side refused it for good (5xx). Errors of our own set-up are tried again: they get
    fixed."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500
