"""Extends the no of one address to the other that it was joined to: pending or agreed to, a no by either holds for both
(law 11). What is meant for a category or everywhere does so by itself; this is about the rest."""

from collections.abc import Sequence

from ... import rules
from ...choices import EventKind, Source, SuppressionReason
from ...facts.joins import SHARED
from ...ledger.events import suppressed
from ...models import Address, ConsentEvent, Suppression
from ..origin import Origin
from ..recording import Change, record
from ..repeating import blocks_again


def share(address_ids: Sequence[int], reason: SuppressionReason, origin: Origin) -> list[ConsentEvent]:
    """After a block of these addresses for `reason`, which are locked: the same for those on their channel that they
    were joined to, or that were joined to them. Other reasons than the person's own no's are about the mailbox alone.

    Nobody gets a mail about it, and nobody complained twice: it comes from the sender's system, which joined them. What
    an import set is of that import here, too, and is taken back with it; where it stands already, it was said again.
    """
    if reason not in rules.OWN_NO:
        return []
    speakers = list(Address.objects.filter(id__any_of=list(address_ids)))
    partners = _partners(speakers)
    there = _blocked(partners, reason)
    blocks_again(
        [one for one in there.values() if one.import_id is None or one.import_id != origin.import_id], (), origin
    )
    new = [one for one in partners if one.pk not in there]
    source = Source.API if reason == SuppressionReason.COMPLAINT else origin.source
    Suppression.objects.bulk_create(
        [
            Suppression(address=one, reason=reason, source=source, since=origin.now, import_id=origin.import_id)
            for one in new
        ]
    )
    changes = [Change(EventKind.SUPPRESS, one, suppressed(), suppressed(reason)) for one in new]
    return record(changes, origin._replace(source=source, wording="", note=SHARED), confirm=False)


def _partners(speakers: Sequence[Address]) -> list[Address]:
    """Of each that was joined the others at its contact; of each other those that were. Of who was erased nothing more
    is written."""
    said: dict[tuple[int, str], list[Address]] = {}
    for one in speakers:
        said.setdefault((one.contact_id, one.channel), []).append(one)
    speaking = {one.pk for one in speakers}
    contact_ids = sorted({one.contact_id for one in speakers})
    rows = Address.objects.filter(contact_id__any_of=contact_ids, contact__erased_at=None).order_by("id")
    return [
        one
        for one in rows
        if one.pk not in speaking
        and any(one.joined_at or by.joined_at for by in said.get((one.contact_id, one.channel), ()))
    ]


def _blocked(addresses: Sequence[Address], reason: SuppressionReason) -> dict[int, Suppression]:
    if not addresses:
        return {}
    active = Suppression.objects.filter(address__any_of=[one.pk for one in addresses], reason=reason, lifted_at=None)
    return {one.address_id: one for one in active}
