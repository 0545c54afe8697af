"""Queues, claims and delivers what is owed by mail. It may send twice after a crash; it never loses a message."""

import smtplib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.core.mail import get_connection
from django.db import transaction
from django.db.models import F, Q

from . import addresses, conf, mail, rules
from .choices import OutboxKind, OutboxStatus
from .models import OutboxMessage


class Owed(NamedTuple):
    contact_id: int
    address_id: int
    event_ids: Sequence[int] = ()
    category_ids: Sequence[int] = ()


@transaction.atomic(savepoint=False)
def queue(kind: OutboxKind, owed: Sequence[Owed], *, now: datetime) -> list[int]:
    """One message per address; a message that is still open takes the new events in. Returns the messages' ids.

    1. Lock the open rows. A worker that wants to claim one waits, and then sees our events too.
    2. Add to those; make the others. The unique constraint holds against a queue that runs beside us.
    """
    wanted = {one.address_id: one for one in owed}
    open_rows = list(
        OutboxMessage.objects.select_for_update(no_key=True)
        .filter(address_id__any_of=list(wanted), kind=kind, status=OutboxStatus.QUEUED, attempts=0)
        .order_by("id")
    )
    for row in open_rows:
        more = wanted.pop(row.address_id)
        row.event_ids = [*row.event_ids, *more.event_ids]
        row.category_ids = list(dict.fromkeys([*row.category_ids, *more.category_ids]))
    OutboxMessage.objects.bulk_update(open_rows, ["event_ids", "category_ids"])
    new = OutboxMessage.objects.bulk_create(
        [
            OutboxMessage(
                kind=kind,
                contact_id=one.contact_id,
                address_id=one.address_id,
                event_ids=list(one.event_ids),
                category_ids=list(one.category_ids),
                due_at=now + timedelta(seconds=delay(kind)),
                created_at=now,
            )
            for one in wanted.values()
        ]
    )
    return [row.pk for row in [*open_rows, *new]]


def delay(kind: OutboxKind) -> int:
    """Seconds before a message goes out: a confirmation waits for further changes, the others do not."""
    return conf.confirmation_delay() if kind == OutboxKind.CONFIRMATION else 0


def due(*, now: datetime, limit: int) -> list[int]:
    """What should be sent by now, the longest waiting first."""
    rows = OutboxMessage.objects.filter(status=OutboxStatus.QUEUED, due_at__lte=now)
    return list(rows.order_by("due_at").values_list("id", flat=True)[:limit])


def release(*, now: datetime) -> int:
    """Frees the messages whose worker died while it held them; their Message-ID stays the same."""
    lease = timedelta(seconds=conf.outbox_lease())
    held = OutboxMessage.objects.filter(status=OutboxStatus.SENDING, claimed_at__lte=now - lease)
    return held.update(status=OutboxStatus.QUEUED, due_at=now, claimed_at=None)


def deliver(message_id: int, *, now: datetime) -> OutboxStatus | None:
    """Sends one message if it is due and nobody else holds it; None if there was nothing to do.

    1. Claim by a conditional update: of two workers one gets a row, the other gets none.
    2. Compose and send. The guarded backend asks the gate at this moment.
    3. Write down what became of it, if the claim is still ours.
    """
    claimable = Q(id=message_id, status=OutboxStatus.QUEUED, due_at__lte=now)
    claim = {"status": OutboxStatus.SENDING, "claimed_at": now, "attempts": F("attempts") + 1}
    if not OutboxMessage.objects.filter(claimable).update(**claim):
        return None
    message = OutboxMessage.objects.select_related("contact", "address").get(id=message_id)
    outcome = _send(message, now=now)
    mine = Q(id=message_id, status=OutboxStatus.SENDING, claimed_at=now)
    OutboxMessage.objects.filter(mine).update(**outcome)
    return OutboxStatus(str(outcome["status"]))


def _send(message: OutboxMessage, *, now: datetime) -> dict[str, object]:
    """The fields that say what became of it."""
    try:
        if unneeded := mail.why_unneeded(message):
            return _dropped(unneeded)
        if mail.has_had_enough(message, now=now):
            return _postponed(message, now=now)
        was_sent = get_connection().send_messages([mail.compose(message, now=now)])
    except Exception as error:  # recorded in the row, shown in the admin, and tried again where that may help
        return _failed(message, error, now=now)
    if not was_sent:
        return _dropped("The gate refused the address.")
    return {"status": OutboxStatus.SENT, "sent_at": now, "last_error": ""}


def _postponed(message: OutboxMessage, *, now: datetime) -> dict[str, object]:
    """A confirmation is owed and comes tomorrow; of links and questions there have been enough."""
    why = "The address has had enough of these for one day."
    if message.kind != OutboxKind.CONFIRMATION:
        return _dropped(why)
    due_at = now + timedelta(days=1)
    return {"status": OutboxStatus.QUEUED, "due_at": due_at, "claimed_at": None, "last_error": why}


def _dropped(why: str) -> dict[str, object]:
    return {"status": OutboxStatus.DROPPED, "last_error": why}


def _failed(message: OutboxMessage, error: Exception, *, now: datetime) -> dict[str, object]:
    last_error = f"{type(error).__name__}: {addresses.redact(str(error))}"[:500]
    wait = None if _is_permanent(error) else rules.retry_after(message.attempts)
    if wait is None:
        return {"status": OutboxStatus.FAILED, "last_error": last_error}
    return {"status": OutboxStatus.QUEUED, "due_at": now + wait, "claimed_at": None, "last_error": last_error}


def _is_permanent(error: Exception) -> bool:
    """Whether the receiving side refused this message for good. Our own misconfiguration can still be mended."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500
