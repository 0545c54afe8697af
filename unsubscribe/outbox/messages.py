"""Queues, claims and delivers what is owed by mail. It may send twice after a crash; it never loses a message."""

from collections.abc import Iterable, Sequence
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
    """One message to one address.

    event_ids:    the consent events that a confirmation is about
    category_ids: what a message of the kind opt_in asks about
    """

    contact_id: int
    address_id: int
    event_ids: Sequence[int] = ()
    category_ids: Sequence[int] = ()


@transaction.atomic(savepoint=False)
def queue(kind: OutboxKind, owed: Sequence[Owed], *, now: datetime) -> list[int]:
    """One message of this kind for each address, in the transaction of the change. Returns the ids of the messages.

    A message of the same kind to the same address that has not been claimed takes the new events in.

    1. Lock the rows that wait. A worker that wants to claim one waits, and then sees our events too.
    2. Add to those; make the others. The unique constraint holds against a queue that runs beside us.
    """
    wanted = {one.address_id: one for one in owed}
    waiting = _waiting(kind, wanted)
    for row in waiting:
        _take_in(row, [wanted.pop(row.address_id)])
        if kind != OutboxKind.CONFIRMATION:
            # Somebody waits for it, who has just asked again: it begins anew.
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
    """Seconds before a message goes out: a confirmation waits for further changes, the others do not."""
    return conf.confirmation_delay() if kind == OutboxKind.CONFIRMATION else 0


def hold(rows: QuerySet[OutboxMessage]) -> list[OutboxMessage]:
    """These rows, locked in the order of their ids: whoever holds several never waits for another in a circle."""
    return list(rows.select_for_update(no_key=True).order_by("id"))


def due(*, now: datetime, limit: int) -> list[int]:
    """What should be sent by now, the longest waiting first."""
    return claims.due(OutboxMessage.objects.all(), now=now, limit=limit)


def release(*, now: datetime) -> int:
    """Frees the messages whose worker died while it held them; their Message-ID stays the same."""
    return claims.release(OutboxMessage.objects.all(), now=now)


def deliver(message_id: int, *, now: datetime) -> OutboxStatus | None:
    """Sends one message if it is due and nobody else holds it; None if there was nothing to do."""
    rows = OutboxMessage.objects.select_related("contact", "address")
    status = claims.deliver(rows, message_id, partial(_send, now=now), now=now)
    if status in {OutboxStatus.DROPPED, OutboxStatus.FAILED}:
        _forget_earlier(message_id, status)
    return status


def _forget_earlier(message_id: int, status: OutboxStatus) -> None:
    """Of what was asked for again and again and did not go out, an address keeps the last one of each kind: a link that
    somebody taps every minute leaves no row for each tap. Confirmations all stay; they name events of the ledger.

    `status`: what became of the message by our doing. Where another worker had it by then, the row says something else,
    and nothing is forgotten.
    """
    ended = OutboxMessage.objects.filter(status=status).exclude(kind=OutboxKind.CONFIRMATION)
    if last := ended.only("address", "kind").filter(id=message_id).first():
        ended.filter(address=last.address_id, kind=last.kind, id__lt=last.pk).delete()


def _send(message: OutboxMessage, *, now: datetime) -> claims.Outcome:
    """The fields that say what became of it. The guarded backend asks the gate at this moment."""
    _take_along(message)
    if unneeded := compose.why_unneeded(message):
        return claims.dropped(unneeded)
    if compose.has_had_enough(message, now=now):
        return _postponed(message, now=now)
    if not get_connection().send_messages([compose.compose(message, now=now)]):
        return claims.dropped("The gate refused this address.")
    return claims.sent(now=now)


def _postponed(message: OutboxMessage, *, now: datetime) -> claims.Outcome:
    """A confirmation is owed and comes tomorrow; of links and questions there have been enough."""
    why = "The daily limit for this kind of email to this address was reached."
    if message.kind != OutboxKind.CONFIRMATION:
        return claims.dropped(why)
    return claims.put_off(why, until=now + timedelta(days=1))


def _waiting(kind: OutboxKind | str, address_ids: Iterable[int]) -> list[OutboxMessage]:
    """Locked, one for each address: the open one, else the one that has waited longest."""
    rows = OutboxMessage.objects.select_for_update(no_key=True).filter(
        address_id__any_of=list(address_ids), kind=kind, status=OutboxStatus.QUEUED
    )
    first: dict[int, OutboxMessage] = {}
    for row in sorted(rows.order_by("id"), key=lambda row: row.attempts > 0):
        first.setdefault(row.address_id, row)
    return sorted(first.values(), key=lambda row: row.pk)


@transaction.atomic
def _take_along(message: OutboxMessage) -> None:
    """What came to wait beside a claimed message, while that was on its way before, goes out with it."""
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
