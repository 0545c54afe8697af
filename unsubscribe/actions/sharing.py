"""Extends the no of one address to the other that it was joined to: while a join is pending, a no by either holds for
both (design law 11). What is meant for a category or everywhere does so by itself; this is about the rest."""

from collections.abc import Sequence

from .. import rules
from ..choices import Channel, EventKind, Source, SuppressionReason
from ..models import Address, ConsentEvent, Suppression
from .ledger import Change, Origin, record

#: The note of a block that another address brought about.
SHARED = "Said by an address that a sender joined to this one."


def share(address_ids: Sequence[int], reason: SuppressionReason, origin: Origin) -> list[ConsentEvent]:
    """After a block of these addresses for `reason`, which are locked: the same for those on their channel that they
    were joined to, or that were joined to them, while that is pending. Other reasons than the person's own no's are
    about the mailbox alone.

    Nobody gets a mail about it, and nobody complained twice: it comes from the sender's system, which joined them.
    """
    if reason not in rules.OWN_NO:
        return []
    speakers = list(Address.objects.filter(id__any_of=list(address_ids)))
    new = _not_blocked(_partners(speakers), reason)
    source = Source.API if reason == SuppressionReason.COMPLAINT else origin.source
    Suppression.objects.bulk_create(
        [Suppression(address=one, reason=reason, source=source, since=origin.now) for one in new]
    )
    changes = [Change(EventKind.SUPPRESS, one, {"suppressed": []}, {"suppressed": [reason]}) for one in new]
    return record(changes, origin._replace(source=source, wording="", note=SHARED), confirm=False)


def _partners(speakers: Sequence[Address]) -> list[Address]:
    """Of each that is pending the others at its contact; of each other those that are pending."""
    contact_ids = sorted({one.contact_id for one in speakers})
    joined = Address.objects.filter(contact_id__any_of=contact_ids, joined_at__isnull=False, agreed_at=None)
    shared = sorted(set(joined.values_list("contact_id", flat=True)))
    if not shared:
        return []
    said: dict[tuple[int, Channel | str], list[Address]] = {}
    for one in speakers:
        said.setdefault((one.contact_id, one.channel), []).append(one)
    return [
        one
        for one in Address.objects.filter(contact_id__any_of=shared).order_by("id")
        if any(one.is_pending or by.is_pending for by in said.get((one.contact_id, one.channel), ()) if by.pk != one.pk)
    ]


def _not_blocked(addresses: Sequence[Address], reason: SuppressionReason) -> list[Address]:
    if not addresses:
        return []
    active = Suppression.objects.filter(address__any_of=[one.pk for one in addresses], reason=reason, lifted_at=None)
    blocked = set(active.values_list("address_id", flat=True))
    return [one for one in addresses if one.pk not in blocked]
