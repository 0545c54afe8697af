"""Suppressions of addresses: recorded in bulk (recording.py), listed, searched, and lifted where the rules allow."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Field, Query, Router, Schema

from prefcenter.accounts.api_keys import Scope
from prefcenter.web.problems import Problem
from unsubscribe import actions, rules
from unsubscribe.actions import Origin
from unsubscribe.choices import Channel, Source, SuppressionReason
from unsubscribe.errors import MayNotLift
from unsubscribe.facts import covering
from unsubscribe.models import Address, Suppression

from . import recording
from .auth import Bearer, origin_of
from .fields import Body, Day, Words
from .idempotency import TAKES_KEY, Answer, once
from .lookup import NOT_AN_ADDRESS, normalised
from .paging import PageIn, PageOut
from .recording import MOST, RecordedOut, SuppressionsIn

_OWN_NO = "Only the contact can lift this suppression. Send them the link to their preferences."
_STAFF_ONLY = "Only staff can lift this suppression, in the admin, with a note that says why."
router = Router(tags=["Suppressions"])


class SuppressionOut(Schema):
    """An active suppression of an address."""

    id: int
    contact_id: int
    address: str | None = Field(
        description="Null if the contact was erased, or if only the hash of the address is known."
    )
    channel: Channel
    reason: SuppressionReason
    source: Source
    since: datetime
    lifted_at: datetime | None


class SuppressionsOut(PageOut):
    """A page of suppressions."""

    items: list[SuppressionOut]


class SuppressionFilterIn(PageIn):
    """Which suppressions to list."""

    channel: Channel | None = None
    reason: SuppressionReason | None = None
    since: Day | None = Field(None, description="Only suppressions recorded on this day or later.")


class SuppressionSearchIn(Body):
    """Addresses on one channel."""

    channel: Channel = Channel.EMAIL
    addresses: list[str] = Field(max_length=MOST, fail_fast=True)


class SuppressionMatchOut(Schema):
    """A suppressed address, as it was sent, and the reasons."""

    address: str
    reasons: list[SuppressionReason]


class SuppressionSearchOut(Schema):
    """The result of a search."""

    suppressed: list[SuppressionMatchOut] = Field(description="Only those of the addresses that are suppressed.")


class SuppressionLiftIn(Body):
    """The suppression of an address to be lifted, and why."""

    address: str
    channel: Channel = Channel.EMAIL
    reason: SuppressionReason
    note: Words = Field(min_length=1, max_length=500)


class SuppressionLiftOut(Schema):
    """The number of suppressions that were lifted, 0 if there was none."""

    lifted: int


@router.post(
    "/suppressions",
    auth=Bearer(Scope.SUPPRESSIONS_WRITE),
    response=RecordedOut,
    operation_id="record_blocks",
    summary="Record opt-outs and suppressions",
    openapi_extra=TAKES_KEY,
)
def record(request: HttpRequest, blocks: SuppressionsIn) -> HttpResponse:
    """Suppresses each address. With the reasons `unsubscribed_all` and `complaint`, the other addresses of the contact
    on the same channel are suppressed as well, including ones added later.

    With `everywhere`, all addresses of the contact are suppressed on all channels, including ones added later. With a
    `category`, nothing is suppressed; the contact is opted out of that category on this channel, with all their
    addresses there. Nothing is ever lifted, and repeating the request changes nothing. Problems with single items are
    listed in `invalid`; of the others either all are recorded or none.
    """
    return once(request, lambda: recording.record(blocks, origin_of(request, note=blocks.note)))


@router.get(
    "/suppressions",
    auth=Bearer(Scope.SUPPRESSIONS_READ, SuppressionFilterIn),
    response=SuppressionsOut,
    operation_id="list_blocks",
    summary="List suppressions",
)
def listed(request: HttpRequest, which: Query[SuppressionFilterIn]) -> HttpResponse:
    """Lists all active suppressions, oldest first."""
    asked = {"address__channel": which.channel, "reason": which.reason, "since__date__gte": which.since}
    rows = Suppression.objects.filter(lifted_at=None, id__gt=which.cursor, **{k: v for k, v in asked.items() if v})
    return which.answer([_as_json(one) for one in rows.select_related("address").order_by("id")[: which.limit]])


@router.post(
    "/suppressions/search",
    auth=Bearer(Scope.SUPPRESSIONS_READ),
    response=SuppressionSearchOut,
    operation_id="search_blocks",
    summary="Search for suppressed addresses",
)
def search(request: HttpRequest, asked: SuppressionSearchIn) -> HttpResponse:
    """Returns which of these addresses are suppressed, either themselves or through their domain. To check whether a
    category may be sent, use /audience."""
    wanted = [normalised(text, asked.channel) for text in asked.addresses]
    rows = Suppression.objects.filter(
        lifted_at=None,
        address__channel=asked.channel,
        address__digest__any_of=list({one.digest for one in wanted if one}),
    )
    reasons: dict[bytes, list[str]] = defaultdict(list)
    for digest, reason in rows.order_by("id").values_list("address__digest", "reason"):
        reasons[bytes(digest)].append(reason)
    covers = covering.covers((one.value for one in wanted if one), channel=asked.channel)
    for one in {one for one in wanted if one} if covers else ():
        if cover := covers.of(one.value):
            reasons[one.digest] += sorted(cover.reasons(None) - set(reasons[one.digest]))
    hits = [
        {"address": text, "reasons": reasons[one.digest]}
        for text, one in zip(asked.addresses, wanted, strict=True)
        if one and reasons.get(one.digest)
    ]
    return JsonResponse({"suppressed": hits})


@router.post(
    "/suppressions/lift",
    auth=Bearer(Scope.SUPPRESSIONS_WRITE),
    response=SuppressionLiftOut,
    operation_id="lift_block",
    summary="Lift a suppression",
    openapi_extra=TAKES_KEY,
)
def lift(request: HttpRequest, wish: SuppressionLiftIn) -> HttpResponse:
    """Lifts a suppression where the rules allow it. Only contacts can lift their own opt-outs: the response is 409."""
    return once(request, lambda: _lift(wish, origin_of(request, note=wish.note)))


def _lift(wish: SuppressionLiftIn, origin: Origin) -> Answer:
    """Raises Problem: 404 for an unknown address, 409 where only the contact or staff may lift it (law 8), 422."""
    address = normalised(wish.address, wish.channel)
    if address is None:
        raise Problem(422, NOT_AN_ADDRESS)
    known = Address.objects.filter(digest=address.digest, channel=wish.channel).first()
    if known is None:
        raise Problem(404, "There is no contact with this address.")
    try:
        ended = actions.lift([known.pk], origin, reason=wish.reason)
    except MayNotLift as error:
        raise Problem(409, _OWN_NO if wish.reason in rules.OWN_NO else _STAFF_ONLY) from error
    return Answer({"lifted": len(ended)})


def _as_json(row: Suppression) -> dict[str, Any]:
    return {
        "id": row.pk,
        "contact_id": row.address.contact_id,
        "address": row.address.value or None,
        "channel": row.address.channel,
        "reason": row.reason,
        "source": row.source,
        "since": row.since.isoformat(),
        "lifted_at": None,
    }
