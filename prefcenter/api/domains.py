"""Blocks on whole domains: set in bulk, listed, and lifted where rules allow. None is ever deleted."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from prefcenter.accounts.api_keys import Scope
from prefcenter.web.problems import Problem
from unsubscribe import actions
from unsubscribe.addresses import domains
from unsubscribe.choices import Source, SuppressionReason
from unsubscribe.errors import InvalidDomain, MayNotLiftDomain, PublicMailDomain
from unsubscribe.models import DomainSuppression

from .auth import Bearer, caller
from .fields import Body, Moment, Text, Words
from .idempotency import TAKES_KEY, Answer, once
from .paging import Listed, Part
from .recording import Reason, Recorded

MOST = 10_000
router = Router(tags=["Domains"])


class NewDomain(Body):
    """A domain to whose addresses nothing is to be sent: this one, and none of its subdomains."""

    domain: Text = Field(max_length=1000, description="Such as corp.example; also @corp.example and *@corp.example.")
    reason: Reason = "unsubscribed_all"
    said_at: Moment | None = Field(None, description="When they said it. A later yes of a person there then stands.")


class NewDomains(Body):
    domains: list[NewDomain] = Field(max_length=MOST, fail_fast=True)
    note: Words = Field("", max_length=500, description="Why; no personal data.")


class DomainBlock(Schema):
    id: int
    domain: str
    reason: SuppressionReason
    source: Source
    since: datetime


class DomainBlocks(Listed):
    items: list[DomainBlock]


class LiftDomain(Body):
    domain: Text = Field(max_length=1000)
    reason: Reason = "unsubscribed_all"
    note: Words = Field(min_length=1, max_length=500)


class LiftedDomains(Schema):
    lifted: int


@router.post(
    "/domains",
    auth=Bearer(Scope.DOMAINS_WRITE),
    response=Recorded,
    operation_id="block_domains",
    summary="Block whole domains",
    openapi_extra=TAKES_KEY,
)
def block(request: HttpRequest, wanted: NewDomains) -> HttpResponse:
    """Nothing is sent to any address of these domains, known or not. A person there who says yes to a category
    afterwards, on their own page, gets that one.

    Domains at which anybody may have a mailbox, such as gmail.com, are refused. Doing it twice changes nothing. What is
    wrong with one item is said in `invalid`.
    """
    return once(request, lambda: _block(wanted, actor=caller(request).actor, now=timezone.now()))


@router.get(
    "/domains",
    auth=Bearer(Scope.DOMAINS_READ, Part),
    response=DomainBlocks,
    operation_id="list_domains",
    summary="Every domain that is blocked",
)
def listed(request: HttpRequest, part: Query[Part]) -> HttpResponse:
    """Every block on a domain that holds, oldest first."""
    rows = DomainSuppression.objects.filter(lifted_at=None, id__gt=part.cursor).order_by("id")
    return part.answer([_as_json(one) for one in rows[: part.limit]])


@router.post(
    "/domains/lift",
    auth=Bearer(Scope.DOMAINS_WRITE),
    response=LiftedDomains,
    operation_id="lift_domain",
    summary="Lift the block on a domain",
    openapi_extra=TAKES_KEY,
)
def lift(request: HttpRequest, wish: LiftDomain) -> HttpResponse:
    """Ends a block that came by the API. One that the staff or an import set is lifted by the staff: then 409. What
    people there said themselves stays."""
    return once(request, lambda: _lift(wish, actor=caller(request).actor, now=timezone.now()))


def _block(wanted: NewDomains, *, actor: str, now: datetime) -> Answer:
    said: dict[SuppressionReason, dict[str, datetime | None]] = defaultdict(dict)
    invalid, count = [], 0
    for index, one in enumerate(wanted.domains):
        try:
            of_reason, domain = said[SuppressionReason(one.reason)], domains.read(one.domain)
        except (InvalidDomain, PublicMailDomain) as error:
            invalid.append({"index": index, "problem": str(error)})
            continue
        count += 1
        before = of_reason.get(domain, one.said_at)
        of_reason[domain] = max(before, one.said_at) if before and one.said_at else None
    who: dict[str, Any] = {"source": Source.API, "now": now, "actor": actor, "note": wanted.note}
    taken = [actions.suppress_domains(some, reason, **who) for reason, some in sorted(said.items()) if some]
    new, overtaken = sum(len(one.new) for one in taken), sum(len(one.overtaken) for one in taken)
    already = count - new - overtaken
    return Answer({"new": new, "already": already, "overtaken": overtaken, "invalid": invalid})


def _lift(wish: LiftDomain, *, actor: str, now: datetime) -> Answer:
    try:
        domain = domains.read_any(wish.domain)
        who: dict[str, Any] = {"source": Source.API, "now": now, "actor": actor, "note": wish.note}
        lifted = actions.lift_domains([domain], SuppressionReason(wish.reason), **who)
    except InvalidDomain as error:
        raise Problem(422, str(error)) from error
    except MayNotLiftDomain as error:
        raise Problem(409, str(error)) from error
    return Answer({"lifted": lifted})


def _as_json(row: DomainSuppression) -> dict[str, Any]:
    return {
        "id": row.pk,
        "domain": row.domain,
        "reason": row.reason,
        "source": row.source,
        "since": row.since.isoformat(),
    }
