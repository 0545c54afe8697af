"""Writes down what a verb changed: the ledger first, then the confirmation that is owed. Changes no state itself.

Each mailbox of a contact hears of what concerns them, so that nobody acts unseen (law 11).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from .. import outbox, rules, tasks
from ..choices import Channel, EventKind, OutboxKind
from ..ledger.events import EventData
from ..models import Address, ConsentEvent
from .origin import Origin

#: Of a yes every mailbox of the contact hears, whatever its source (law 11).
_HEARD_BY_ALL = frozenset({EventKind.OPT_IN, EventKind.LIFT})
#: What a pending address asks for holds for the older one as well.
_LESS = frozenset({EventKind.OPT_OUT, EventKind.OPT_DOWN, EventKind.PAUSE})


class Change(NamedTuple):
    """What a verb changed, as an event will have it (models.ConsentEvent).

    before, after: the shapes of ledger.events, by kind
    channel:       None is the address's own
    wording:       "" is the origin's
    """

    kind: EventKind
    address: Address
    before: EventData
    after: EventData
    category_id: int | None = None
    campaign_id: int | None = None
    channel: Channel | str | None = None
    wording: str = ""


def record(
    changes: Iterable[Change], origin: Origin, *, confirm: bool = True, asked: Collection[int] | None = None
) -> list[ConsentEvent]:
    """One event per change, and one owed confirmation per contact where its source calls for one.

    `asked` are the addresses from which the wish came, where the changes touch others too. A wish that came from a
    phone or a device is confirmed to the contact's mailboxes, if any is known.
    """
    events = ConsentEvent.objects.bulk_create([_event(change, origin) for change in changes])
    answered = events if rules.confirms(origin.source) else [one for one in events if one.kind == EventKind.OPT_IN]
    if confirm and answered:
        _queue_confirmations(answered, asked=asked, now=origin.now)
    return events


def mailboxes(speakers: Iterable[Address]) -> list[Address]:
    """The mailboxes of whoever speaks: of an address that is pending its own, else each that is the contact's.

    Hashed and erased addresses are none. One query, whatever the number.
    """
    speakers = list(speakers)
    alone = {one.pk for one in speakers if one.is_pending}
    together = {one.contact_id for one in speakers if not one.is_pending}
    rows = _of_contacts({one.contact_id for one in speakers})
    return [one for one in rows if one.pk in alone or (one.contact_id in together and not one.is_pending)]


def older_mailboxes(pending: Iterable[Address]) -> list[Address]:
    """The mailboxes of the contacts that these addresses were joined to: what one of them says holds for those too,
    where it is a no."""
    return [one for one in _of_contacts({one.contact_id for one in pending}) if not one.is_pending]


def _event(change: Change, origin: Origin) -> ConsentEvent:
    return ConsentEvent(
        at=origin.now,
        kind=change.kind,
        source=origin.source,
        contact_id=change.address.contact_id,
        address=change.address,
        channel=change.channel or change.address.channel,
        category_id=change.category_id,
        campaign_id=change.campaign_id,
        before=change.before,
        after=change.after,
        wording=change.wording or origin.wording,
        actor=origin.actor,
        note=origin.note,
    )


def _queue_confirmations(events: Sequence[ConsentEvent], *, asked: Collection[int] | None, now: datetime) -> None:
    """To the mailbox that the wish came from, or to all mailboxes of the contact where it came from none; of a yes to
    all in any case, and of less mail that a pending address asked for to the older ones for which it holds. Where the
    older one has no mailbox, those that are pending hear of a no to everything, which blocks them too (law 11)."""
    hearing: dict[int, Address] = {}
    answered: set[int] = set()
    event_ids: dict[int, list[int]] = defaultdict(list)
    for event in events:
        event_ids[event.contact_id].append(event.pk)
        is_asked = event.address.channel == Channel.EMAIL and (asked is None or event.address_id in asked)
        if is_asked and event.contact_id not in answered:
            answered.add(event.contact_id)
            hearing[event.address_id] = event.address
    speaking = [one for one in events if asked is None or one.address_id in asked] or events
    heard = [one for one in events if one.kind in _HEARD_BY_ALL]
    heard += [one for one in speaking if one.contact_id not in answered]
    if heard:
        hearing |= {one.pk: one for one in mailboxes(one.address for one in heard)}
    if shared := [event.address for event in events if _holds_for_older(event, asked)]:
        hearing |= {one.pk: one for one in older_mailboxes(shared)}
    told = {one.contact_id for one in hearing.values()}
    blocked = [one.address for one in events if _is_blocked_mailbox(one) and one.contact_id not in told]
    hearing |= {one.pk: one for one in blocked}
    if hearing:
        messages = [outbox.Owed(one.contact_id, one.pk, event_ids[one.contact_id]) for one in hearing.values()]
        queue(OutboxKind.CONFIRMATION, messages, now=now)


def _holds_for_older(event: ConsentEvent, asked: Collection[int] | None) -> bool:
    is_shared = event.category_id is None or event.address.is_beside
    is_less = event.kind in _LESS and is_shared and event.address.is_pending
    return is_less and (asked is None or event.address_id in asked)


def _is_blocked_mailbox(event: ConsentEvent) -> bool:
    is_mailbox = event.address.channel == Channel.EMAIL and event.address.value != ""
    return is_mailbox and event.kind == EventKind.OPT_OUT and event.category_id is None


def _of_contacts(contact_ids: Iterable[int]) -> list[Address]:
    rows = Address.objects.filter(contact_id__any_of=sorted(contact_ids), channel=Channel.EMAIL)
    return list(rows.exclude(value="").order_by("id"))


def queue(kind: OutboxKind, owed: Sequence[outbox.Owed], *, now: datetime) -> None:
    """Stores what is owed, and nudges after the commit whatever becomes of the broker (law 4)."""
    message_ids = outbox.queue(kind, owed, now=now)

    def nudge() -> None:
        tasks.nudge(message_ids, delay=outbox.delay(kind))

    transaction.on_commit(nudge, robust=True)
