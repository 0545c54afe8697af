"""Suppressions of whole domains: set in bulk, listed, and lifted where they came from the API (law 8)."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from prefcenter.accounts.api_keys import Scope
from prefcenter.web.problems import Problem
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.addresses import domains
from unsubscribe.choices import Source, SuppressionReason
from unsubscribe.errors import InvalidDomain, MayNotLiftDomain, PublicMailDomain
from unsubscribe.models import DomainSuppression

from .auth import Bearer, origin_of
from .fields import Body, Moment, Text, Words
from .idempotency import TAKES_KEY, Answer, once
from .paging import PageIn, PageOut
from .recording import Reason, RecordedOut

#: Domains in one request.
MOST = 10_000
router = Router(tags=["Domains"])


class DomainSuppressionIn(Body):
    """A domain whose addresses get no messages. Subdomains are not included."""

    domain: Text = Field(max_length=1000, description="For example corp.example, @corp.example or *@corp.example.")
    reason: Reason = "unsubscribed_all"
    said_at: Moment | None = Field(
        None, description="When they asked for it. Later opt-ins by people at this domain are kept."
    )


class DomainSuppressionsIn(Body):
    """Domains to be suppressed."""

    domains: list[DomainSuppressionIn] = Field(max_length=MOST, fail_fast=True)
    note: Words = Field("", max_length=500, description="The reason, without personal data.")


class DomainSuppressionOut(Schema):
    """An active suppression of a domain."""

    id: int
    domain: str
    reason: SuppressionReason
    source: Source
    since: datetime


class DomainSuppressionsOut(PageOut):
    """A page of suppressed domains."""

    items: list[DomainSuppressionOut]


class DomainLiftIn(Body):
    """The suppression of a domain to be lifted, and why."""

    domain: Text = Field(max_length=1000)
    reason: Reason = "unsubscribed_all"
    note: Words = Field(min_length=1, max_length=500)


class DomainLiftOut(Schema):
    """The number of suppressions that were lifted: 1, or 0 if there was none."""

    lifted: int


@router.post(
    "/domains",
    auth=Bearer(Scope.DOMAINS_WRITE),
    response=RecordedOut,
    operation_id="block_domains",
    summary="Suppress whole domains",
    openapi_extra=TAKES_KEY,
)
def block(request: HttpRequest, wanted: DomainSuppressionsIn) -> HttpResponse:
    """Suppresses all addresses at these domains, including ones added later. A person who subscribes to a category
    afterwards on their own preference page still gets that category.

    Domains of public email providers, such as gmail.com, are refused. Repeating the request changes nothing. Problems
    with single items are listed in `invalid`.
    """
    return once(request, lambda: _block(wanted, origin_of(request, note=wanted.note)))


@router.get(
    "/domains",
    auth=Bearer(Scope.DOMAINS_READ, PageIn),
    response=DomainSuppressionsOut,
    operation_id="list_domains",
    summary="List suppressed domains",
)
def listed(request: HttpRequest, part: Query[PageIn]) -> HttpResponse:
    """Lists all active domain suppressions, oldest first."""
    rows = DomainSuppression.objects.filter(lifted_at=None, id__gt=part.cursor).order_by("id")
    return part.answer([_as_json(one) for one in rows[: part.limit]])


@router.post(
    "/domains/lift",
    auth=Bearer(Scope.DOMAINS_WRITE),
    response=DomainLiftOut,
    operation_id="lift_domain",
    summary="Lift a domain suppression",
    openapi_extra=TAKES_KEY,
)
def lift(request: HttpRequest, wish: DomainLiftIn) -> HttpResponse:
    """Lifts a domain suppression that was set through the API. One that was set by staff or an import can only be
    lifted by staff: the response is 409. Opt-outs by people at the domain stay."""
    return once(request, lambda: _lift(wish, origin_of(request, note=wish.note)))


def _block(wanted: DomainSuppressionsIn, origin: Origin) -> Answer:
    """A domain named more than once counts with its latest `said_at`, or as said now if one of them has none."""
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
    taken = [actions.suppress_domains(some, origin, reason=reason) for reason, some in sorted(said.items()) if some]
    new, overtaken = sum(len(one.new) for one in taken), sum(len(one.overtaken) for one in taken)
    already = count - new - overtaken
    return Answer({"new": new, "already": already, "overtaken": overtaken, "invalid": invalid})


def _lift(wish: DomainLiftIn, origin: Origin) -> Answer:
    try:
        domain = domains.read_any(wish.domain)
        lifted = actions.lift_domains([domain], origin, reason=SuppressionReason(wish.reason))
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
