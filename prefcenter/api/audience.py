"""POST /audience: who may be sent a mailing, with links and headers; asked of unsubscribe.audience."""

from collections import Counter
from contextlib import nullcontext
from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from ninja import Field, Router, Schema

from prefcenter.accounts.api_keys import Scope
from prefcenter.web.problems import Problem
from unsubscribe import actions, audience
from unsubscribe.audience import AudienceEntry
from unsubscribe.choices import Channel, Outcome
from unsubscribe.errors import UnsubscribeError
from unsubscribe.mailing import Mailing, purpose_of
from unsubscribe.models import Category

from .auth import Bearer
from .fields import Body, Bool, Text
from .idempotency import TAKES_KEY, same_request
from .lookup import category_named

#: Addresses in one request.
MOST = 50_000
router = Router(tags=["Audience"])


class IncludeIn(Body):
    """What to return for addresses that may be sent to."""

    links: Bool = Field(default=False, description="Include the unsubscribe and preferences URLs.")
    headers: Bool = Field(
        default=False, description="Include List-Unsubscribe, List-Unsubscribe-Post and List-Id; email only."
    )


class AudienceIn(Body):
    """A mailing, and the addresses that it is meant for."""

    category: Text = Field(description="The slug of the category.", max_length=63)
    channel: Channel = Channel.EMAIL
    campaign: Text = Field(
        "", description="The name of the mailing. The campaign is created if it is new.", max_length=120
    )
    addresses: list[str] = Field(max_length=MOST, fail_fast=True)
    include: IncludeIn = IncludeIn()
    record: Bool = Field(
        False, description="Counts the addresses that may be sent to as sent today, for rates and frequencies."
    )


class AudienceResultOut(Schema):
    """The verdict on one address, with what was asked for in `include`."""

    address: str
    verdict: Outcome
    until: str | None = Field(description="The day on which the verdict may change without further action.")
    unsubscribe_url: str | None = None
    preferences_url: str | None = None
    headers: dict[str, str] | None = None


class AudienceOut(Schema):
    """The verdicts on all addresses, and how many got which."""

    counts: dict[str, int]
    results: list[AudienceResultOut] = Field(description="One result for each address, in the same order.")


@router.post(
    "/audience",
    auth=Bearer(Scope.AUDIENCE),
    response=AudienceOut,
    operation_id="ask_audience",
    summary="Check who may be sent a mailing",
    openapi_extra=TAKES_KEY,
)
def ask(request: HttpRequest, question: AudienceIn) -> HttpResponse:
    """Checks which addresses may be sent a mailing. Call this right before sending, and send only to addresses with the
    verdict `send`.

    Strings that are not addresses get the verdict `invalid`; the other addresses are still checked. Repeating a check
    changes nothing. Recording the same campaign again within 48 hours counts it once and returns the same result. An
    Idempotency-Key is not required; it only ensures that a repeated request is identical. The result is always
    current, because people may have opted out since the last request.
    """
    category = category_named(question.category)
    if question.record and not question.campaign.strip():
        raise Problem(
            422, "Recording requires a campaign name, so that recording the same mailing twice counts it once."
        )
    entries = _entries(request, question, category, now=timezone.now())
    said = Counter(entry.verdict.outcome for entry in entries)
    counts = {outcome.value: said[outcome] for outcome in Outcome}
    include = question.include
    results = [_one(text, entry, include) for text, entry in zip(question.addresses, entries, strict=True)]
    return JsonResponse({"counts": counts, "results": results})


def _entries(request: HttpRequest, question: AudienceIn, category: Category, *, now: datetime) -> list[AudienceEntry]:
    """One entry for each address. Raises Problem (422) for a retired category or a reused Idempotency-Key."""
    addresses = question.addresses
    try:
        purpose_of(category, None)
        same_request(request)
        campaign = actions.campaign_named(question.campaign, category=category, now=now)
        mailing = Mailing(category, channel=question.channel, campaign=campaign)
        # Asking alone takes no lock for long.
        with transaction.atomic() if question.record else nullcontext():
            if not (question.record or question.include.links or question.include.headers):
                return [AudienceEntry(one) for one in audience.decide(addresses, mailing, now=now)]
            entries = audience.ask(addresses, mailing, now=now)
            if question.record:
                entries = audience.record(entries, mailing, now=now)
    except UnsubscribeError as error:
        raise Problem(422, str(error)) from error
    return entries


def _one(text: str, entry: AudienceEntry, include: IncludeIn) -> dict[str, Any]:
    outcome, until = entry.verdict.outcome, entry.verdict.until
    one: dict[str, Any] = {"address": text, "verdict": outcome, "until": until.isoformat() if until else None}
    if include.links:
        one |= {"unsubscribe_url": entry.unsubscribe_url, "preferences_url": entry.preferences_url}
    if include.headers and entry.headers:
        one["headers"] = dict(entry.headers.items())
    return one
