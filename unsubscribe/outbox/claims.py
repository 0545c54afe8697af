"""Rows that are owed to somebody by email: who may send one, until when, and what became of it.

One for every table of `OwedEmail` rows; the table's own room says how a row is sent. A row may be sent twice after a
crash; none is lost.
"""

import smtplib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import F, Q, QuerySet

from .. import addresses, conf, rules
from ..choices import OutboxStatus
from ..models import leases
from ..models.outbox import OwedEmail

Outcome = dict[str, Any]
Row = TypeVar("Row", bound=OwedEmail)


def due(rows: QuerySet[Row], *, now: datetime, limit: int) -> list[int]:
    """The ids of what should be sent by now, the longest waiting first."""
    waiting = rows.filter(status=OutboxStatus.QUEUED, due_at__lte=now)
    return list(waiting.order_by("due_at").values_list("id", flat=True)[:limit])


def release(rows: QuerySet[Row], *, now: datetime) -> int:
    """Frees the rows whose worker died while it held them; their Message-ID stays the same."""
    lease = timedelta(seconds=conf.outbox_lease())
    abandoned = rows.filter(leases.has_lapsed(now=now, lease=lease), status=OutboxStatus.SENDING)
    return abandoned.update(status=OutboxStatus.QUEUED, due_at=now, claimed_at=None)


def deliver(rows: QuerySet[Row], row_id: int, send: Callable[[Row], Outcome], *, now: datetime) -> OutboxStatus | None:
    """Has `send` see to one row if it is due and nobody else holds it; None if there was nothing to do.

    1. Claim by a conditional update: of two workers one gets a row, the other gets none.
    2. Send. What it raises is recorded in the row, and tried again where that may help.
    3. Write down what became of it, if the claim is still ours.
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


def sent(*, now: datetime) -> Outcome:
    """The fields of a row that was sent."""
    return {"status": OutboxStatus.SENT, "sent_at": now, "last_error": ""}


def dropped(why: str) -> Outcome:
    """The fields of a row that is not needed any more; `why` is shown to staff, in English."""
    return {"status": OutboxStatus.DROPPED, "last_error": why}


def put_off(why: str, *, until: datetime) -> Outcome:
    """The fields of a row that is to be sent later; `why` as for `dropped`."""
    return {"status": OutboxStatus.QUEUED, "due_at": until, "claimed_at": None, "last_error": why}


def _failed(row: OwedEmail, error: Exception, *, now: datetime) -> Outcome:
    last_error = f"{type(error).__name__}: {addresses.redact(str(error))}"[:500]
    wait = None if _is_permanent(error) else rules.retry_after(row.attempts)
    if wait is None:
        return {"status": OutboxStatus.FAILED, "last_error": last_error}
    return put_off(last_error, until=now + wait)


def _is_permanent(error: Exception) -> bool:
    """Whether the receiving side refused this message for good. Our own misconfiguration can still be mended."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500
