"""Attaches further addresses to contacts, pending until that is agreed to (agreement.py, law 11).

It starts no mail: what they opted in to holds for the addresses they had.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Min

from ...addresses import Normalised
from ...choices import EventKind, OutboxKind, PreferenceState, Source, SuppressionReason
from ...ledger.events import suppressed
from ...models import Address, Contact, Preference, Suppression
from ...rules import OWN_NO
from ..contacts import attach
from ..origin import Origin
from ..recording import Change, record
from ..repeating import keep_repeats, words_of
from ..requests import tell
from .moving import take_along

#: The note of a block that extends an earlier complaint.
AFTER_A_COMPLAINT = "Learnt after the contact had complained."
#: An address, as it is found: its channel and digest.
AddressKey = tuple[str, bytes]
Everything = dict[tuple[int, str | None, str], list[Suppression]]


def add_addresses(contact_id: int, addresses: Sequence[Normalised], *, now: datetime) -> list[Address]:
    """As add_addresses_to, for one contact."""
    return add_addresses_to({contact_id: addresses}, now=now).get(contact_id, [])


@transaction.atomic
def add_addresses_to(wanted: Mapping[int, Sequence[Normalised]], *, now: datetime) -> dict[int, list[Address]]:
    """Further addresses, by the id of the contact. The answer holds those of them that are the contact's now, or were.

    All contacts are locked, also those with an empty list. A no to everything covers the new addresses too:
    everywhere if that was said, and else those of its channel, as a complaint does. Otherwise none joins on a
    channel on which the contact opted in to something. Of the addresses that are known only those move that were
    learnt by themselves, whose contact never chose anything, and gets nothing in the same call. Erased contacts get
    none.

    What joins is pending, and the mailboxes of the contact are asked whether it is theirs, once. So is the mailbox of
    an address that moves: it has to agree as well (facts/joins.py).
    """
    there = _locked(wanted)
    said = _said(there)
    mine = {id_: wanted[id_] for id_ in wanted if id_ in there}
    targets = _targets(mine, {key for key in _opted_in(there) if not _covering(said, *key)})
    before = list(Address.objects.filter(contact_id__any_of=sorted(there)))
    beside = _beside(before, targets)
    attach([(contact_id, one) for contact_id, one in targets.values()], now=now, joined_at=now, beside=beside)
    rows = list(Address.objects.filter(digest__any_of=[one.digest for some in wanted.values() for one in some]))
    _adopt(rows, targets, stay={id_ for id_, some in wanted.items() if some}, now=now, beside=beside)
    theirs = _theirs(rows, mine)
    _extend(said, [one for some in theirs.values() for one in some], now=now)
    _ask(before, theirs, now=now)
    return theirs


def _locked(contact_ids: Iterable[int]) -> set[int]:
    """Of these, whoever was not erased; in the order of the ids, so that nobody waits for another in a circle."""
    rows = Contact.objects.select_for_update(no_key=True).filter(id__any_of=sorted(contact_ids)).order_by("id")
    return {id_ for id_, erased_at in rows.values_list("id", "erased_at") if erased_at is None}


def _said(contact_ids: Iterable[int]) -> Everything:
    """Each contact's no's of their own, by the reason, for every channel and (None) for all of them at once."""
    rows = Suppression.objects.filter(
        address__contact_id__any_of=sorted(contact_ids), lifted_at=None, reason__in=OWN_NO
    ).select_related("address")
    said: Everything = {}
    for row in rows.order_by("id"):
        key = (row.address.contact_id, None if row.everywhere else row.address.channel, row.reason)
        said.setdefault(key, []).append(row)
    return said


def _covering(said: Everything, contact_id: int, channel: str) -> list[list[Suppression]]:
    """For each reason that is said: by which no's."""
    by_reason = (
        [*said.get((contact_id, None, one), ()), *said.get((contact_id, channel, one), ())] for one in sorted(OWN_NO)
    )
    return [rows for rows in by_reason if rows]


def _opted_in(contact_ids: Iterable[int]) -> set[tuple[int, str]]:
    rows = Preference.objects.filter(contact_id__any_of=sorted(contact_ids), state=PreferenceState.SUBSCRIBED)
    return set(rows.values_list("contact_id", "channel").distinct())


def _targets(
    wanted: Mapping[int, Sequence[Normalised]], opted_in: Collection[tuple[int, str]]
) -> dict[AddressKey, tuple[int, Normalised]]:
    """To whom each address may go: to the first who wants it, where that starts nothing."""
    targets: dict[AddressKey, tuple[int, Normalised]] = {}
    for contact_id, some in wanted.items():
        for one in some:
            if (contact_id, one.channel) not in opted_in:
                targets.setdefault((str(one.channel), one.digest), (contact_id, one))
    return targets


def _beside(before: Iterable[Address], targets: Mapping[AddressKey, tuple[int, Normalised]]) -> set[AddressKey]:
    """Which of them come to a channel on which the contact has another address, or gets one before them."""
    first = {(one.contact_id, one.channel): _key(one) for one in before}
    for key, (contact_id, _) in targets.items():
        first.setdefault((contact_id, key[0]), key)
    return {key for key, (contact_id, _) in targets.items() if first[contact_id, key[0]] != key}


def _ask(before: Iterable[Address], theirs: Mapping[int, Sequence[Address]], *, now: datetime) -> None:
    """The mailboxes of each contact that got an address which it did not have, and of what was known before it came."""
    had = {one.pk for one in before}
    got = [one for some in theirs.values() for one in some if one.pk not in had]
    grown = {one.contact_id for one in got}
    asked = [one for one in before if one.contact_id in grown and not one.is_pending]
    tell(OutboxKind.JOIN, asked + [one for one in got if one.created_at < now], now=now)


def _adopt(
    rows: Sequence[Address],
    targets: Mapping[AddressKey, tuple[int, Normalised]],
    *,
    stay: Collection[int],
    now: datetime,
    beside: Collection[AddressKey],
) -> None:
    """Moves the rows, here and in the database, with their clocks and the mails they wait for."""
    elsewhere = [row for row in rows if _key(row) in targets and targets[_key(row)][0] != row.contact_id]
    silent = _silent({row.contact_id for row in elsewhere} - set(stay))
    moving = [row for row in elsewhere if row.pk in silent]
    left = {row.pk: row.contact_id for row in moving}
    for row in moving:
        row.contact_id, row.joined_at, row.is_beside = targets[_key(row)][0], now, _key(row) in beside
    attach([targets[_key(row)] for row in moving], now=now, moves=True, joined_at=now, beside=beside)
    take_along(moving, left)


def _silent(contact_ids: Iterable[int]) -> set[int]:
    """The addresses of those who have this one only, and about whom nothing is known but that. Where somebody said
    that an address is not another's, it stays."""
    # Whoever has a contact locked may be writing down a no of theirs, which must not stay behind.
    unlocked = Contact.objects.select_for_update(no_key=True, skip_locked=True)
    held = list(unlocked.filter(id__any_of=sorted(contact_ids)).values_list("id", flat=True))
    silent = Contact.objects.filter(id__any_of=held, erased_at=None, paused_until=None, only_chosen=False)
    silent = silent.filter(events=None, preferences=None).exclude(addresses__suppressions__isnull=False)
    silent = silent.exclude(addresses__parted_from__isnull=False)
    single = silent.annotate(count=Count("addresses"), address=Min("addresses")).filter(count=1)
    return set(single.values_list("address", flat=True))


def _theirs(rows: Iterable[Address], wanted: Mapping[int, Sequence[Normalised]]) -> dict[int, list[Address]]:
    by_key = {_key(row): row for row in rows}
    keys = {id_: dict.fromkeys((str(one.channel), one.digest) for one in some) for id_, some in wanted.items()}
    found = {id_: [by_key[key] for key in some if key in by_key] for id_, some in keys.items()}
    return {id_: [row for row in some if row.contact_id == id_] for id_, some in found.items()}


def _key(row: Address) -> AddressKey:
    return row.channel, bytes(row.digest)


def _extend(said: Everything, addresses: Sequence[Address], *, now: datetime) -> None:
    pairs = [(rows, one) for one in addresses for rows in _covering(said, one.contact_id, one.channel)]
    active = Suppression.objects.filter(address_id__any_of=[one.pk for _, one in pairs], lifted_at=None)
    covered = set(active.values_list("address_id", "reason"))
    new = [(rows, one) for rows, one in pairs if (one.pk, rows[0].reason) not in covered]
    words = words_of([row for rows, _ in new for row in rows])
    imports = [_imports(rows, words) for rows, _ in new]
    suppressions = [_block(rows[0], one, some, now=now) for (rows, one), some in zip(new, imports, strict=True)]
    Suppression.objects.bulk_create(suppressions)
    keep_repeats(dict(zip(suppressions, imports, strict=True)))
    for source, note in sorted({_how(rows[0]) for rows, _ in new}):
        changes = [_covers(rows[0], one) for rows, one in new if _how(rows[0]) == (source, note)]
        record(changes, Origin(source, now, note=note), confirm=False)


def _imports(rows: Sequence[Suppression], words: Mapping[int, Mapping[int, datetime]]) -> dict[int, datetime]:
    """Which imports said these no's, and when; none where one of them stands for good."""
    if not all(words[row.pk] for row in rows):
        return {}
    return {import_id: at for row in rows for import_id, at in words[row.pk].items()}


def _block(row: Suppression, address: Address, imports: Mapping[int, datetime], *, now: datetime) -> Suppression:
    """What these imports said is taken back with them."""
    first = min(imports, key=lambda import_id: (imports[import_id], import_id), default=None)
    return Suppression(
        address=address,
        reason=row.reason,
        everywhere=row.everywhere,
        source=row.source,
        campaign_id=row.campaign_id,
        import_id=first,
        since=now,
        said_at=max((at for import_id, at in imports.items() if import_id != first), default=None),
    )


def _how(row: Suppression) -> tuple[Source, str]:
    """Nobody complains when an address is learnt, so no figure must count it: it comes from the sender's system."""
    if row.reason == SuppressionReason.COMPLAINT:
        return Source.API, AFTER_A_COMPLAINT
    return Source(row.source), "Learnt after the contact had said no to everything."


def _covers(row: Suppression, address: Address) -> Change:
    return Change(EventKind.SUPPRESS, address, suppressed(), suppressed(row.reason))
