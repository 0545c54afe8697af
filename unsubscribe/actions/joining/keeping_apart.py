"""Keeps addresses apart that were joined to a contact (laws 8 and 11). Each no stays with both; and where they
were one already, what one side took back of the other's is in force again: for either, of all that the other said
since they were joined only each no, or less, has held."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from ... import rules
from ...choices import EventKind, Frequency, PreferenceState, Source, SuppressionReason
from ...ledger.events import chosen_in
from ...models import Address, ConsentEvent, Preference, Suppression
from ...rules import Chosen
from ..locking import LockedAddresses, lock
from ..origin import Origin
from ..pausing import restore_pause
from ..preferences import restore
from ..suppressions import block
from ..undoing import UNDO
from ..wanted import Wanted
from .parting import split, still

#: The note of what is in force again, before the staff's own.
IN_FORCE_AGAIN = "Had been taken back by an address that was kept apart since."
#: A category (None is everything, as a pause has it) and a channel.
About = tuple[int | None, str]
EVERYTHING: About = (None, "")
#: A block that was ended: its address and reason, and the channel on which, and whether everywhere, it was meant.
Ended = tuple[int, SuppressionReason, str, bool]


class Side(NamedTuple):
    """Addresses that stay together, of a contact that others were one with since then. `was_joined`: to that contact,
    so that no yes that stood there was theirs."""

    contact_id: int
    own: frozenset[int]
    since: datetime
    was_joined: bool

    def view(self, chosen: Chosen) -> Chosen:
        """What a choice means to them that was not their own."""
        return chosen._replace(state=rules.state_beside(chosen.state)) if self.was_joined else chosen


@transaction.atomic
def part(address_ids: Sequence[int], origin: Origin) -> list[ConsentEvent]:
    """These addresses are not their contact's: each becomes a contact of its own, and each no stays with both. The
    address that a contact began with stays, and so does one that stands alone already.

    The events also say what changed by that for those who were one, which is confirmed to them by mail.
    """
    joined = still(lock(address_ids), Address.objects.exclude(joined_at=None))
    sides = _sides([one for one in joined if one.agreed_at])
    events = split(joined, origin)
    again = origin._replace(note=f"{IN_FORCE_AGAIN} {origin.note}".strip())
    return events + (_in_force_again(sides, again) if sides else [])


def _sides(leaving: Sequence[Address]) -> list[Side]:
    """One for each that leaves, and one for those that stay at its contact."""
    alone = [Side(one.contact_id, frozenset({one.pk}), one.joined_at or one.created_at, True) for one in leaving]
    since: dict[int, datetime] = {}
    for side in alone:
        since[side.contact_id] = min(side.since, since.get(side.contact_id, side.since))
    staying: dict[int, set[int]] = defaultdict(set)
    for one in Address.objects.filter(contact_id__any_of=sorted(since)).exclude(id__in=[one.pk for one in leaving]):
        if not one.is_pending:
            staying[one.contact_id].add(one.pk)
    return alone + [Side(id_, frozenset(own), since[id_], False) for id_, own in sorted(staying.items())]


def _in_force_again(sides: Sequence[Side], origin: Origin) -> list[ConsentEvent]:
    said = _said(sides)
    locked = lock([id_ for side in sides for id_ in side.own])
    rows: dict[int, list[Preference]] = defaultdict(list)
    for row in Preference.objects.filter(contact_id__any_of=sorted({one.contact_id for one in locked.values()})):
        rows[row.contact_id].append(row)
    ended: list[Ended] = []
    wanted: list[Wanted] = []
    pauses: dict[int, date] = {}
    today = timezone.localtime(origin.now).date()
    for side in sides:
        events = [one for one in said[side.contact_id] if one.at >= side.since]
        own, held = [locked[id_] for id_ in sorted(side.own)], _held(events, side)
        ended += _ended_by_others(events, side)
        wanted += _less(rows[own[0].contact_id], own, held, side=side, today=today)
        until = held.get(EVERYTHING, Chosen()).paused_until
        if until and until > today and rules.ends_sooner(until, own[0].contact.paused_until):
            pauses[own[0].pk] = until
    events = _block(ended, locked, origin) + restore(wanted, origin)
    return events + [event for id_, until in pauses.items() for event in restore_pause(id_, until, origin)]


def _said(sides: Sequence[Side]) -> dict[int, list[ConsentEvent]]:
    """What was said at each contact since somebody joined whom it was one with."""
    said: dict[int, list[ConsentEvent]] = defaultdict(list)
    contact_ids, since = sorted({side.contact_id for side in sides}), min(side.since for side in sides)
    for event in ConsentEvent.objects.filter(contact_id__any_of=contact_ids, at__gte=since).order_by("id"):
        said[event.contact_id].append(event)
    return said


def _ended_by_others(events: Sequence[ConsentEvent], side: Side) -> list[Ended]:
    """The suppressions of theirs that a yes of others ended, and none of their own since."""
    ended: dict[tuple[int, SuppressionReason], Ended] = {}
    for event in (one for one in events if one.address_id in side.own):
        if event.kind == EventKind.OPT_IN:
            ended = {key: one for key, one in ended.items() if one[2] != event.channel and not one[3]}
        elif event.kind == EventKind.LIFT and not _takes_back_its_own(event):
            for reason in rules.OWN_NO & set(map(SuppressionReason, event.before["suppressed"])):
                how = event.channel, bool(event.before.get("everywhere"))
                ended[event.address_id, reason] = (event.address_id, reason, *how)
    return list(ended.values())


def _held(events: Iterable[ConsentEvent], side: Side) -> dict[About, Chosen]:
    """What was chosen, as it holds for them."""
    held: dict[About, Chosen] = {}
    earlier: dict[About, Chosen] = {}
    for event in events:
        if event.category_id is None and "paused_until" not in event.after:
            continue
        about = (event.category_id, event.channel) if event.category_id else EVERYTHING
        before = held.get(about) or side.view(Chosen()._replace(**chosen_in(event.before)))
        after = before._replace(**chosen_in(event.after))
        held[about] = after if event.address_id in side.own else rules.less(before, side.view(after))
        if about in earlier and _takes_back_its_own(event):
            held[about] = earlier[about]
        earlier[about] = before
    return held


def _takes_back_its_own(event: ConsentEvent) -> bool:
    """Whether what had been said was taken back by whoever had said it, and nobody had said it since: by Undo, for
    which that is asked for, or with the import that brought it."""
    return event.source == Source.IMPORT or (event.source == Source.PAGE and UNDO in {event.wording, event.note})


def _less(
    rows: Iterable[Preference], own: Sequence[Address], held: Mapping[About, Chosen], *, side: Side, today: date
) -> list[Wanted]:
    """What these choices have to become. A pause that is over does not begin again."""
    wanted = []
    for row in rows:
        before = Chosen(PreferenceState(row.state), Frequency(row.frequency), row.paused_until)
        after = rules.less(before, held.get((row.category_id, row.channel), side.view(before)))
        if after.paused_until and after.paused_until <= today:
            after = after._replace(paused_until=before.paused_until)
        change: dict[str, Any] = {
            name: value for name, value in after._asdict().items() if value != getattr(before, name)
        }
        speaker = next((one for one in own if one.channel == row.channel), own[0])
        if change:
            wanted.append(Wanted(speaker.pk, row.category_id, change, row.channel))
    return wanted


def _block(ended: Sequence[Ended], locked: LockedAddresses, origin: Origin) -> list[ConsentEvent]:
    """Blocks anew what was said to be blocked, where it is not so already."""
    ids = sorted({address_id for address_id, *_ in ended})
    active = Suppression.objects.filter(address_id__any_of=ids, lifted_at=None).values_list("address_id", "reason")
    blocked = set(active) if ids else set()
    again: dict[tuple[SuppressionReason, bool], LockedAddresses] = defaultdict(dict)
    for address_id, reason, _, everywhere in ended:
        if (address_id, reason) not in blocked:
            again[reason, everywhere][address_id] = locked[address_id]
    return [
        event
        for (reason, everywhere), some in sorted(again.items())
        for event in block(some, reason, origin, everywhere=everywhere)
    ]
