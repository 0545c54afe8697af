"""Queues and delivers outbox messages. `now` is aware throughout."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from django.core.mail import get_connection
from django.db import transaction
from django.db.models import Q, QuerySet

from .. import conf
from ..choices import OutboxKind, OutboxStatus
from ..models import OutboxMessage
from . import claims, compose


class Owed(NamedTuple):
    """One message to one address, to be queued.

    event_ids:    the consent events that a confirmation is about
    category_ids: what a message of the kind opt_in asks about
    """

    contact_id: int
    address_id: int
    event_ids: Sequence[int] = ()
    category_ids: Sequence[int] = ()


@transaction.atomic(savepoint=False)
def queue(kind: OutboxKind, owed: Sequence[Owed], *, now: datetime) -> list[int]:
    """Queues one message of this kind for each address, in the transaction of the change. Returns the messages' ids.

    A queued message of the same kind to the same address takes in the new events and categories. Call it with the
    contacts locked (actions.locking): the constraint one_open_message raises IntegrityError for two callers at once.
    """
    wanted = {one.address_id: one for one in owed}
    waiting = _waiting(kind, wanted)
    for row in waiting:
        _take_in(row, [wanted.pop(row.address_id)])
        if kind != OutboxKind.CONFIRMATION:
            # The contact has just asked for it again, so it is sent now, with all its attempts.
            row.attempts, row.due_at = 0, min(row.due_at, now)
    OutboxMessage.objects.bulk_update(waiting, ["event_ids", "category_ids", "attempts", "due_at"])
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
    return [row.pk for row in [*waiting, *new]]


def delay(kind: OutboxKind) -> int:
    """For how many seconds a message of this kind waits: a confirmation for further changes, the others do not."""
    return conf.confirmation_delay() if kind == OutboxKind.CONFIRMATION else 0


def hold(rows: QuerySet[OutboxMessage]) -> list[OutboxMessage]:
    """These rows, locked until the transaction ends, in the order of their ids, so that two callers cannot deadlock."""
    return list(rows.select_for_update(no_key=True).order_by("id"))


def sweep(*, clock: Callable[[], datetime]) -> int:
    """Delivers all messages that are due, as claims.sweep. Returns how many it tried."""
    return claims.sweep(OutboxMessage.objects.all(), deliver, clock=clock)


def due(*, now: datetime, limit: int) -> list[int]:
    """The ids of at most `limit` messages that are due, the longest overdue first."""
    return claims.due(OutboxMessage.objects.all(), now=now, limit=limit)


def release(*, now: datetime) -> int:
    """Queues the messages again whose worker died while it had claimed them. Returns how many."""
    return claims.release(OutboxMessage.objects.all(), now=now)


def deliver(message_id: int, *, now: datetime) -> OutboxStatus | None:
    """Sends one message. Returns its new status; None if it was not due, or another worker had claimed it."""
    rows = OutboxMessage.objects.select_related("contact", "address")
    status = claims.deliver(rows, message_id, partial(_send, now=now), now=now)
    if status in {OutboxStatus.DROPPED, OutboxStatus.FAILED}:
        _forget_earlier(message_id, status)
    return status


def _forget_earlier(message_id: int, status: OutboxStatus) -> None:
    """Deletes the earlier messages of the same kind and status to the same address, so that asking for a link every
    minute does not pile up rows. Confirmations stay, because they name events of the ledger.

    Does nothing if the message does not have `status`: another worker has changed it since.
    """
    ended = OutboxMessage.objects.filter(status=status).exclude(kind=OutboxKind.CONFIRMATION)
    if last := ended.only("address", "kind").filter(id=message_id).first():
        ended.filter(address=last.address_id, kind=last.kind, id__lt=last.pk).delete()


def _send(message: OutboxMessage, *, now: datetime) -> claims.RowUpdate:
    """Sends the message if it is still needed. The guarded backend asks the gate at this moment (requirement S1)."""
    _take_along(message)
    if unneeded := compose.why_unneeded(message):
        return claims.dropped(unneeded)
    if compose.has_had_enough(message, now=now):
        return _postponed(message, now=now)
    if not get_connection().send_messages([compose.compose(message, now=now)]):
        return claims.dropped("The gate refused this address.")
    return claims.sent(now=now)


def _postponed(message: OutboxMessage, *, now: datetime) -> claims.RowUpdate:
    """Over the daily limit a confirmation is sent a day later, because it is owed; links and questions are dropped."""
    why = "The daily limit for this kind of email to this address was reached."
    if message.kind != OutboxKind.CONFIRMATION:
        return claims.dropped(why)
    return claims.put_off(why, until=now + timedelta(days=1))


def _waiting(kind: OutboxKind | str, address_ids: Iterable[int]) -> list[OutboxMessage]:
    """The queued message of each of these addresses, locked: one without an attempt, else the oldest."""
    rows = OutboxMessage.objects.select_for_update(no_key=True).filter(
        address_id__any_of=list(address_ids), kind=kind, status=OutboxStatus.QUEUED
    )
    first: dict[int, OutboxMessage] = {}
    for row in sorted(rows.order_by("id"), key=lambda row: row.attempts > 0):
        first.setdefault(row.address_id, row)
    return sorted(first.values(), key=lambda row: row.pk)


@transaction.atomic
def _take_along(message: OutboxMessage) -> None:
    """Takes into a claimed message what was queued for the same address and kind while an attempt at it was under
    way."""
    waits = Q(address=message.address_id, kind=message.kind, status=OutboxStatus.QUEUED)
    held = hold(OutboxMessage.objects.filter(waits | Q(id=message.pk)))
    beside = [one for one in held if one.pk != message.pk]
    if not beside:
        return
    _take_in(message, beside)
    message.save(update_fields=["event_ids", "category_ids"])
    OutboxMessage.objects.filter(id__any_of=[row.pk for row in beside]).update(
        **claims.dropped("Sent together with another message to the same address.")
    )


def _take_in(row: OutboxMessage, others: Sequence[Owed | OutboxMessage]) -> None:
    event_ids = [id_ for one in others for id_ in one.event_ids]
    category_ids = [id_ for one in others for id_ in one.category_ids]
    row.event_ids = sorted({*row.event_ids, *event_ids})
    row.category_ids = list(dict.fromkeys([*row.category_ids, *category_ids]))
