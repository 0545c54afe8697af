"""Blocks domains as a whole, and lifts such blocks. Nobody is named by them, so the rows are all there is to keep."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from .. import rules
from ..choices import Source, SuppressionReason
from ..errors import MayNotLiftDomain
from ..models import DomainSuppression


class DomainsTaken(NamedTuple):
    """Which were blocked, which were so already, and which somebody lifted after the moment that was given."""

    new: list[str]
    already: list[str]
    overtaken: list[str]


@transaction.atomic
def suppress_domains(
    said: Mapping[str, datetime | None],
    reason: SuppressionReason,
    *,
    source: Source,
    now: datetime,
    actor: str = "",
    note: str = "",
) -> DomainsTaken:
    """Blocks these domains, as `domains.read` spells them, without their subdomains, for everybody there.

    `said`: when the domain said no, if that is known. Twice is the same as once.
    """
    taken = preview_domains(said, reason)
    rows = [
        DomainSuppression(
            domain=domain,
            reason=reason,
            source=source,
            actor=actor,
            note=note,
            since=min(said[domain] or now, now),
            created_at=now,
        )
        for domain in sorted(taken.new)
    ]
    # Whoever blocks the same at the same moment has done what was wanted.
    DomainSuppression.objects.bulk_create(rows, ignore_conflicts=True)
    return taken


def preview_domains(said: Mapping[str, datetime | None], reason: SuppressionReason) -> DomainsTaken:
    """What suppress_domains would answer. Nothing is written."""
    rows = DomainSuppression.objects.filter(domain__any_of=list(said), reason=reason)
    before = list(rows.values_list("domain", "lifted_at"))
    already = {domain for domain, lifted_at in before if lifted_at is None}
    overtaken = {
        domain
        for domain, lifted_at in before
        if domain not in already and lifted_at and (at := said[domain]) and lifted_at > at
    }
    new = [domain for domain in said if domain not in already | overtaken]
    return DomainsTaken(new, sorted(already), sorted(overtaken))


@transaction.atomic
def lift_domains(
    domains: Sequence[str],
    reason: SuppressionReason,
    *,
    source: Source,
    now: datetime,
    actor: str = "",
    note: str = "",
) -> int:
    """Ends these blocks; how many there were. The staff end any, a sender's system what such a system set.

    What people there said themselves stays. Raises MayNotLiftDomain, and then ends none.
    """
    rows = DomainSuppression.objects.select_for_update(no_key=True).filter(
        domain__any_of=list(domains), reason=reason, lifted_at=None
    )
    active = list(rows.order_by("id"))
    if not all(rules.may_lift_domain(Source(one.source), source=source) for one in active):
        raise MayNotLiftDomain
    ending = DomainSuppression.objects.filter(id__any_of=[one.pk for one in active], lifted_at=None)
    return ending.update(lifted_at=now, lifted_by=actor, lifted_note=note)
