"""Blocks domains as a whole, and lifts such blocks. Nobody is named by them, so the rows are all there is to keep."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q

from .. import rules
from ..choices import Source, SuppressionReason
from ..errors import MayNotLiftDomain
from ..models import DomainSuppression
from .origin import Origin
from .repeating import note_said

#: An update of many rows looks at all of them for each.
_AT_ONCE = 500


class DomainsTaken(NamedTuple):
    """The domains that are suppressed now, those that were already, and those left alone because that was lifted after
    the moment that was given for them."""

    new: list[str]
    already: list[str]
    overtaken: list[str]


@transaction.atomic
def suppress_domains(said: Mapping[str, datetime | None], origin: Origin, *, reason: SuppressionReason) -> DomainsTaken:
    """Suppresses all addresses at these domains (not at subdomains); where it stands, that it was said again is noted.

    said: by domain, as addresses.domains.read spells it, when it said no (aware), or None
    """
    _held(said, reason)
    taken = preview_domains(said, reason)
    rows = [
        DomainSuppression(
            domain=domain,
            reason=reason,
            source=origin.source,
            actor=origin.actor,
            note=origin.note,
            since=min(said[domain] or origin.now, origin.now),
            created_at=origin.now,
            import_id=origin.import_id,
        )
        for domain in sorted(taken.new)
    ]
    # Whoever blocks the same at the same moment has done what was wanted, and it is said again.
    DomainSuppression.objects.bulk_create(rows, ignore_conflicts=True)
    mine = Q(domain__any_of=taken.new, created_at=origin.now, source=origin.source, actor=origin.actor)
    if origin.import_id is not None:
        mine |= Q(import_id=origin.import_id)
    standing = _held([*taken.new, *taken.already], reason, but=mine)
    again = {row: min(said[row.domain] or row.since, origin.now) for row in standing}
    note_said(again, import_id=origin.import_id)
    _say_again(again, source=origin.source)
    return taken


def preview_domains(said: Mapping[str, datetime | None], reason: SuppressionReason) -> DomainsTaken:
    """What suppress_domains would answer. Nothing is written."""
    rows = DomainSuppression.objects.filter(domain__any_of=list(said), reason=reason)
    # An import that was taken back is no lift that speaks against a no.
    before = list(rows.exclude(lifted_source=Source.IMPORT).values_list("domain", "lifted_at"))
    already = {domain for domain, lifted_at in before if lifted_at is None}
    overtaken = {
        domain
        for domain, lifted_at in before
        if domain not in already and lifted_at and (at := said[domain]) and lifted_at > at
    }
    new = [domain for domain in said if domain not in already | overtaken]
    return DomainsTaken(new, sorted(already), sorted(overtaken))


@transaction.atomic
def lift_domains(domains: Sequence[str], origin: Origin, *, reason: SuppressionReason) -> int:
    """Lifts the suppressions of these domains for `reason`, and returns how many there were.

    Staff lift any, a sender's system what such a system set (rules.may_lift_domain). What contacts said stays.
    Raises MayNotLiftDomain; then none was lifted.
    """
    rows = DomainSuppression.objects.select_for_update(no_key=True).filter(
        domain__any_of=list(domains), reason=reason, lifted_at=None
    )
    active = list(rows.order_by("id"))
    if not all(rules.may_lift_domain(Source(one.source), source=origin.source) for one in active):
        raise MayNotLiftDomain
    ending = DomainSuppression.objects.filter(id__any_of=[one.pk for one in active], lifted_at=None)
    return ending.update(
        lifted_at=origin.now, lifted_source=origin.source, lifted_by=origin.actor, lifted_note=origin.note
    )


def _held(said: Collection[str], reason: SuppressionReason, *, but: Q | None = None) -> list[DomainSuppression]:
    """The blocks that stand, but some, locked: whoever ends one at this moment is waited for, or waits."""
    rows = DomainSuppression.objects.select_for_update(no_key=True).filter(
        domain__any_of=list(said), reason=reason, lifted_at=None
    )
    return list((rows.exclude(but) if but else rows).order_by("id"))


def _say_again(again: Mapping[DomainSuppression, datetime], *, source: Source) -> None:
    """The time it was last said moves on (law 12), but not by what has no time: the same list once more, every
    night, is nothing that the domain said after the yes of a person there."""
    for row, at in again.items():
        row.said_at, row.said_by = max(row.said_at or at, at), source
    DomainSuppression.objects.bulk_update(again, ["said_at", "said_by"], batch_size=_AT_ONCE)
