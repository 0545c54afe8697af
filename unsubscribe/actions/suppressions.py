"""Blocks addresses as a whole, and lifts a block where the rules let this source lift it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db import transaction
from django.db.models import Q, QuerySet

from .. import rules
from ..choices import EventKind, SuppressionReason
from ..errors import MayNotLift
from ..ledger.events import SuppressionData, suppressed, suppressed_until_now
from ..models import Address, ConsentEvent, Suppression
from .joining.sharing import share
from .locking import LockedAddresses, lock
from .origin import Origin
from .recording import Change, record
from .repeating import blocks_again

#: The contact's own suppressions, by contact and channel.
OwnNo = dict[tuple[int, str], frozenset[SuppressionReason]]


def suppress(address_ids: Sequence[int], origin: Origin, *, reason: SuppressionReason) -> list[ConsentEvent]:
    """Suppresses these addresses for `reason`, each on its own channel.

    For a reason that is the contact's own no (rules.OWN_NO), an address on that channel that was joined to one of them,
    or to which one was joined, is suppressed with it (law 11). One that is suppressed for this reason already stays as
    it is, and it is noted that it was said again.
    """
    with transaction.atomic():
        locked = lock(address_ids)
        return block(locked, reason, origin) + share(list(locked), reason, origin)


def lift(address_ids: Sequence[int], origin: Origin, *, reason: SuppressionReason) -> list[ConsentEvent]:
    """Lifts the suppressions of these addresses for `reason`.

    One that covered every address of the contact is lifted for all of them; asked for a pending address, for that one
    alone. Raises MayNotLift where rules.may_lift lets this source not lift this reason; then nothing was lifted.
    """
    if not rules.may_lift(reason, source=origin.source):
        raise MayNotLift
    with transaction.atomic():
        locked = lock(address_ids)
        # Two conditions of two tables, joined by "or", would read through all suppressions there are.
        active = _active(_all_addresses(locked)).filter(reason=reason).select_related("address")
        whole = {one.contact_id for one in locked.values() if not one.is_pending}
        ending = [one.pk for one in active if one.address_id in locked or _is_ended_by(whole, one)]
        return _end(Suppression.objects.filter(id__any_of=ending), origin)


def block(
    locked: LockedAddresses,
    reason: SuppressionReason,
    origin: Origin,
    *,
    everywhere: bool = False,
    campaigns: Mapping[int, int | None] | None = None,
) -> list[ConsentEvent]:
    """The same for contacts that are locked already; `everywhere` takes in all their addresses."""
    if not locked:
        return []
    addresses = _all_addresses(locked) if everywhere else list(locked.values())
    blocked = {row.address_id: row for row in _active(addresses).filter(reason=reason)}
    new = [address for address in addresses if address.pk not in blocked]
    if everywhere:
        _widen(addresses, {id_: row.everywhere for id_, row in blocked.items()}, reason)
    by_contact = {locked[id_].contact_id: campaign for id_, campaign in (campaigns or {}).items() if id_ in locked}
    after = suppressed(reason)
    _say_again(blocked, addresses, locked, origin, by_contact, stands=after)
    Suppression.objects.bulk_create(
        [
            Suppression(
                address=address,
                reason=reason,
                everywhere=everywhere,
                source=origin.source,
                campaign_id=by_contact.get(address.contact_id),
                since=origin.now,
            )
            for address in new
        ]
    )
    kind = EventKind.OPT_OUT if reason == SuppressionReason.UNSUBSCRIBED_ALL else EventKind.SUPPRESS
    changes = [Change(kind, one, suppressed(), after, campaign_id=by_contact.get(one.contact_id)) for one in new]
    # What the person did not wish is no wish to confirm.
    return record(changes, origin, asked=locked.keys(), confirm=reason in rules.OWN_NO)


def _say_again(
    blocked: Mapping[int, Suppression],
    addresses: Sequence[Address],
    locked: LockedAddresses,
    origin: Origin,
    campaigns: Mapping[int, int | None],
    *,
    stands: SuppressionData,
) -> None:
    """Of who was erased nothing more is noted."""
    alive = {one.contact_id for one in locked.values() if one.contact.erased_at is None}
    rows = [blocked[one.pk] for one in addresses if one.pk in blocked and one.contact_id in alive]
    asked = [one for id_, one in sorted(locked.items()) if id_ in blocked and one.contact_id in alive]
    blocks_again(
        rows,
        [Change(EventKind.AGAIN, one, stands, stands, campaign_id=campaigns.get(one.contact_id)) for one in asked],
        origin,
    )


def _widen(addresses: Sequence[Address], blocked: Mapping[int, bool], reason: SuppressionReason) -> None:
    """Where every address was suppressed by itself, those suppressions are meant everywhere from now on: no new one can
    say so for the addresses learnt later."""
    others = {one.contact_id for one in addresses if blocked.get(one.pk, True)}
    single = [one.pk for one in addresses if one.contact_id not in others]
    if single:
        Suppression.objects.filter(address_id__any_of=single, reason=reason, lifted_at=None).update(everywhere=True)


def own_no_by_channel(locked: LockedAddresses) -> OwnNo:
    """The suppressions that are the contacts' own no's and stand, by contact and channel."""
    found: dict[tuple[int, str], set[SuppressionReason]] = defaultdict(set)
    rows = _own_no((address.contact_id for address in locked.values()), also=locked.keys())
    for contact_id, channel, reason in rows.values_list("address__contact_id", "address__channel", "reason"):
        found[contact_id, channel].add(SuppressionReason(reason))
    return {key: frozenset(reasons) for key, reasons in found.items()}


def lift_own_no(back: Iterable[tuple[int, str]], origin: Origin) -> list[ConsentEvent]:
    """Ends what these contacts said on these channels, and everywhere. What stands on an address that is pending is
    not theirs to end."""
    wanted = set(back)
    rows = _own_no(contact_id for contact_id, _ in wanted).select_related("address")
    ending = [row for row in rows if row.everywhere or (row.address.contact_id, row.address.channel) in wanted]
    return _end(Suppression.objects.filter(id__any_of=[row.pk for row in ending]), origin)


def _own_no(contact_ids: Iterable[int], *, also: Iterable[int] = ()) -> QuerySet[Suppression]:
    """Of their own addresses, and of those with the ids `also`, pending or not."""
    is_theirs = Q(address__joined_at=None) | Q(address__agreed_at__isnull=False) | Q(address__any_of=list(also))
    return Suppression.objects.filter(
        is_theirs, address__contact_id__any_of=sorted(set(contact_ids)), reason__in=rules.OWN_NO, lifted_at=None
    )


def _is_ended_by(contact_ids: Collection[int], block: Suppression) -> bool:
    return block.everywhere and block.address.contact_id in contact_ids


def _end(active: QuerySet[Suppression], origin: Origin) -> list[ConsentEvent]:
    ending = list(active.select_related("address"))
    Suppression.objects.filter(id__any_of=[one.pk for one in ending]).update(
        lifted_at=origin.now, lifted_by=origin.source
    )
    return record([lifted(one) for one in ending], origin)


def lifted(row: Suppression) -> Change:
    """The change by which this suppression ends."""
    return Change(
        EventKind.LIFT, row.address, suppressed_until_now(row.reason, everywhere=row.everywhere), suppressed()
    )


def _all_addresses(locked: LockedAddresses) -> list[Address]:
    contact_ids = sorted({address.contact_id for address in locked.values()})
    return list(Address.objects.filter(contact_id__any_of=contact_ids).order_by("id"))


def _active(addresses: Sequence[Address]) -> QuerySet[Suppression]:
    return Suppression.objects.filter(address_id__any_of=[one.pk for one in addresses], lifted_at=None)
