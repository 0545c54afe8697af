"""How addresses that were joined to a contact become contacts of their own (law 11). How it is agreed to that
they are the contact's: agreement.py; how those are kept apart that were one already: keeping_apart.py.

Until then they share each no and nothing else. Whatever a pending address says that would be more than a no, it says as
a contact of its own, which takes every no along.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy

from django.db.models import QuerySet

from ... import outbox, rules
from ...choices import EventKind, PreferenceState
from ...errors import MayNotLift
from ...ledger.events import JoinData, NoData
from ...models import Address, ConsentEvent, Contact, LastSent, OutboxMessage, Preference, Suppression
from ..locking import LockedAddresses
from ..origin import Origin
from ..recording import Change, record
from ..repeating import keep_repeats, words_of

#: What somebody wants more of: the address, the category (None is everything, as a pause ends) and the channel.
More = tuple[int, int | None, str]
#: A contact and a channel.
OnChannel = tuple[int, str]


def part_pending_of(contact_ids: Collection[int], origin: Origin) -> list[ConsentEvent]:
    """Whatever is pending at these contacts, which are locked, becomes a contact of its own."""
    return split(list(is_pending().filter(contact_id__any_of=sorted(contact_ids)).select_related("contact")), origin)


def speak_for_themselves(locked: LockedAddresses, more: Iterable[More], origin: Origin) -> None:
    """Before one of these, whose contacts are locked, says yes, or faster, or ends a pause: where that would touch what
    it only shares with an older address, it becomes a contact of its own, here and in the database.

    Raises MayNotLift where an older address that it was joined to said no to the same.
    """
    mine = [one for one in more if origin.source in rules.OWN_VOICE and locked[one[0]].is_pending]
    if not mine:
        return
    if _said_no_elsewhere(locked, mine):
        raise MayNotLift
    wants_all = {address_id for address_id, category_id, _ in mine if category_id is None}
    speaking = {address_id for address_id, _, _ in mine}
    blocked = set(_own_no([locked[id_].contact_id for id_ in speaking]).values_list("address_id", flat=True))
    split([locked[id_] for id_ in sorted(speaking) if locked[id_].is_beside or id_ in wants_all | blocked], origin)


def is_pending() -> QuerySet[Address]:
    return Address.objects.filter(joined_at__isnull=False, agreed_at=None)


def still(locked: LockedAddresses, rows: QuerySet[Address]) -> list[Address]:
    """Those of them that are so now: what was read while we waited for a lock may be of before. Of somebody erased
    nothing is answered any more."""
    alive = rows.filter(id__any_of=list(locked), contact__erased_at=None)
    return list(alive.select_related("contact").order_by("id"))


def _said_no_elsewhere(locked: LockedAddresses, more: Sequence[More]) -> bool:
    contact_ids = sorted({locked[id_].contact_id for id_, _, _ in more})
    noes = list(_own_no(contact_ids).select_related("address"))
    left = set(
        Preference.objects.filter(contact_id__any_of=contact_ids, state=PreferenceState.UNSUBSCRIBED).values_list(
            "contact_id", "category_id", "channel"
        )
    )
    for address_id, category_id, channel in more:
        speaker = locked[address_id]
        if speaker.is_beside and (speaker.contact_id, category_id, channel) in left:
            return True
        older = [one for one in noes if _is_older(one.address, speaker)]
        if any(one.everywhere or one.address.channel == speaker.channel for one in older):
            return True
    return False


def _is_older(one: Address, speaker: Address) -> bool:
    """Whether it is of the same contact, and was there first."""
    if one.contact_id != speaker.contact_id or one.joined_at is None or speaker.joined_at is None:
        return one.contact_id == speaker.contact_id and one.joined_at is None
    return not one.is_pending or (one.joined_at, one.pk) < (speaker.joined_at, speaker.pk)


def _own_no(contact_ids: Iterable[int]) -> QuerySet[Suppression]:
    return Suppression.objects.filter(
        address__contact_id__any_of=sorted(set(contact_ids)), reason__in=rules.OWN_NO, lifted_at=None
    )


def split(joined: Sequence[Address], origin: Origin) -> list[ConsentEvent]:
    """Each of them, whose contacts are locked, becomes a contact of its own, here and in the database."""
    if not joined:
        return []
    events = record([answered(one, is_theirs=False) for one in joined], origin, confirm=False)
    alone = Contact.objects.bulk_create(
        [
            Contact(
                paused_until=one.contact.paused_until,
                pause_said_at=one.contact.pause_said_at,
                only_chosen=one.contact.only_chosen,
                created_at=one.created_at,
            )
            for one in joined
        ]
    )
    _take_along(joined, {one.pk: contact.pk for one, contact in zip(joined, alone, strict=True)})
    for one, contact in zip(joined, alone, strict=True):
        one.parted_from, one.contact = one.contact, contact
        one.joined_at, one.agreed_at, one.is_beside = None, None, False
    changed = ["contact", "parted_from", "joined_at", "agreed_at", "is_beside"]
    Address.objects.bulk_update(joined, changed, batch_size=500)
    return events


def _take_along(joined: Sequence[Address], alone: Mapping[int, int]) -> None:
    """What held for the addresses, and the mails they got or wait for."""
    whose = sorted({one.contact_id for one in joined})
    chosen: dict[OnChannel, list[Preference]] = defaultdict(list)
    for row in Preference.objects.filter(contact_id__any_of=whose):
        chosen[row.contact_id, row.channel].append(row)
    clocks: dict[OnChannel, list[LastSent]] = defaultdict(list)
    for clock in LastSent.objects.filter(contact_id__any_of=whose):
        clocks[clock.contact_id, clock.channel].append(clock)
    ways = [(one, (one.contact_id, one.channel)) for one in joined]
    _choose_alike([(row, one) for one, way in ways for row in chosen[way]], alone)
    LastSent.objects.bulk_create([clock_for(row, alone[one.pk]) for one, way in ways for row in clocks[way]])
    mails = outbox.hold(OutboxMessage.objects.filter(contact_id__any_of=whose, address_id__any_of=list(alone)))
    for mail in mails:
        mail.contact_id = alone[mail.address_id]
    OutboxMessage.objects.bulk_update(mails, ["contact"], batch_size=500)


def clock_for(row: LastSent, contact_id: int) -> LastSent:
    """A copy for another contact, not saved. What is on its way counts there as sent: nobody tells that clock more."""
    mine = copy(row)
    mine.pk, mine.contact_id = None, contact_id
    mine.sent_at, mine.claimed_at = row.sent_at or row.claimed_at, None
    return mine


def _choose_alike(chosen: Sequence[tuple[Preference, Address]], alone: Mapping[int, int]) -> None:
    """What imports set is taken back with them, here too."""
    words = words_of([row for row, _ in chosen])
    copies = [_choice(row, one, alone[one.pk]) for row, one in chosen]
    Preference.objects.bulk_create(copies)
    of_imports = [(mine, row) for mine, (row, _) in zip(copies, chosen, strict=True) if mine.import_id is not None]
    keep_repeats({mine: words[row.pk] for mine, row in of_imports})


def _choice(row: Preference, address: Address, contact_id: int) -> Preference:
    mine = copy(row)
    mine.pk, mine.contact_id = None, contact_id
    if address.is_beside:
        mine.state = rules.state_beside(row.state)
    is_for_older = address.is_beside or not address.is_pending
    if is_for_older and row.state_before == PreferenceState.SUBSCRIBED:
        mine.import_id, mine.state_before = None, ""  # it is off without the import, too
    return mine


def answered(address: Address, *, is_theirs: bool) -> Change:
    return Change(EventKind.JOIN, address, NoData(), JoinData(is_theirs=is_theirs))
