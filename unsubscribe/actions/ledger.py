"""Writes down what a verb changed: the ledger first, then the confirmation that is owed. Changes no state itself."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction

from .. import outbox, rules, tasks
from ..choices import Channel, EventKind, OutboxKind, Source
from ..models import Address, ConsentEvent


class Origin(NamedTuple):
    """Who wished, when, by which door, under which words.

    `import_id` is the import that brought it; `given_at` when a yes was given that somebody else hands over with its
    evidence.
    """

    source: Source
    now: datetime
    wording: str = ""
    actor: str = ""
    note: str = ""
    import_id: int | None = None
    given_at: datetime | None = None


class Change(NamedTuple):
    kind: EventKind
    address: Address
    before: dict[str, Any]
    after: dict[str, Any]
    category_id: int | None = None
    campaign_id: int | None = None
    channel: Channel | str | None = None
    wording: str = ""


def record(
    changes: Iterable[Change], origin: Origin, *, confirm: bool = True, asked: Collection[int] | None = None
) -> list[ConsentEvent]:
    """One event per change, and one owed confirmation per contact where the door is answered.

    `asked` are the addresses from which the wish came, where the changes touch others too. A wish that came from a
    phone or a device is confirmed to the contact's mailboxes, if any is known.
    """
    events = ConsentEvent.objects.bulk_create([_event(change, origin) for change in changes])
    if confirm and rules.confirms(origin.source):
        _queue_confirmations(events, asked=asked, now=origin.now)
    return events


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
    """To the mailbox that the wish came from; to all mailboxes of the contact, where it came from none."""
    owed: dict[int, list[int]] = {}
    event_ids: dict[int, list[int]] = defaultdict(list)
    for event in events:
        event_ids[event.contact_id].append(event.pk)
        if event.address.channel == Channel.EMAIL and (asked is None or event.address_id in asked):
            owed.setdefault(event.contact_id, [event.address_id])
    owed |= _mailboxes(set(event_ids) - set(owed))
    messages = [
        outbox.Owed(contact_id, address_id, event_ids=event_ids[contact_id])
        for contact_id, address_ids in owed.items()
        for address_id in address_ids
    ]
    if messages:
        queue(OutboxKind.CONFIRMATION, messages, now=now)


def _mailboxes(contact_ids: Collection[int]) -> dict[int, list[int]]:
    """The addresses of these contacts to which a mail can be sent. Whether it may be is asked when it is sent."""
    found: dict[int, list[int]] = defaultdict(list)
    if contact_ids:
        rows = Address.objects.filter(contact_id__any_of=sorted(contact_ids), channel=Channel.EMAIL).exclude(value="")
        for contact_id, address_id in rows.order_by("id").values_list("contact_id", "id"):
            found[contact_id].append(address_id)
    return found


def queue(kind: OutboxKind, owed: Sequence[outbox.Owed], *, now: datetime) -> None:
    """Stores what is owed, and nudges after the commit whatever becomes of the broker (design law 4)."""
    message_ids = outbox.queue(kind, owed, now=now)

    def nudge() -> None:
        tasks.nudge(message_ids, delay=outbox.delay(kind))

    transaction.on_commit(nudge, robust=True)
