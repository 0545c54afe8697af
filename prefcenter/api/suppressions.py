"""Blocks on addresses: recorded in bulk, listed, searched, and lifted where rules allow. None is ever deleted."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from prefcenter.accounts.api_keys import Scope
from prefcenter.web.problems import Problem
from unsubscribe import actions, rules
from unsubscribe.choices import Channel, Source, SuppressionReason
from unsubscribe.errors import MayNotLift
from unsubscribe.facts import covering
from unsubscribe.models import Address, Suppression

from . import recording
from .auth import Bearer, caller
from .contacts import NOT_AN_ADDRESS
from .fields import Body, Day, Words
from .idempotency import TAKES_KEY, Answer, once
from .lookup import normalised
from .paging import Listed, Part
from .recording import MOST, NewBlocks, Recorded

_OWN_NO = "Only the person can take this back: mail them the link to their preferences."
_STAFF_ONLY = "Only the staff can lift this block, in the admin, with a note that says why."
router = Router(tags=["Blocks"])


class Block(Schema):
    id: int
    contact_id: int
    address: str | None = Field(description="Null once the person was erased, or while only its hash is known.")
    channel: Channel
    reason: SuppressionReason
    source: Source
    since: datetime
    lifted_at: datetime | None


class Blocks(Listed):
    items: list[Block]


class Which(Part):
    channel: Channel | None = None
    reason: SuppressionReason | None = None
    since: Day | None = Field(None, description="Only what was recorded on this day or later.")


class Search(Body):
    channel: Channel = Channel.EMAIL
    addresses: list[str] = Field(max_length=MOST, fail_fast=True)


class Hit(Schema):
    address: str
    reasons: list[SuppressionReason]


class Hits(Schema):
    suppressed: list[Hit] = Field(description="Those of your addresses that are blocked, and no others.")


class Lift(Body):
    address: str
    channel: Channel = Channel.EMAIL
    reason: SuppressionReason
    note: Words = Field(min_length=1, max_length=500)


class Lifted(Schema):
    lifted: int


@router.post(
    "/suppressions",
    auth=Bearer(Scope.SUPPRESSIONS_WRITE),
    response=Recorded,
    operation_id="record_blocks",
    summary="Record who said no",
    openapi_extra=TAKES_KEY,
)
def record(request: HttpRequest, blocks: NewBlocks) -> HttpResponse:
    """Blocks each address, and no other known address of the same person: those are written to as before. After an
    `unsubscribed_all` an address that the person gets later on the same channel is blocked, too.

    With `everywhere` all of the person's addresses are blocked, on every channel, also those learnt later. With a
    `category` nothing is blocked; the person left that category on this channel, with each address they have there. It
    lifts nothing, and doing it twice changes nothing. What is wrong with one item is said in `invalid`; of the rest
    either all is recorded or nothing.
    """
    return once(request, lambda: recording.record(blocks, actor=caller(request).actor, now=timezone.now()))


@router.get(
    "/suppressions",
    auth=Bearer(Scope.SUPPRESSIONS_READ, Which),
    response=Blocks,
    operation_id="list_blocks",
    summary="Every block that holds",
)
def listed(request: HttpRequest, which: Query[Which]) -> HttpResponse:
    """Every block that holds, oldest first."""
    asked = {"address__channel": which.channel, "reason": which.reason, "since__date__gte": which.since}
    rows = Suppression.objects.filter(lifted_at=None, id__gt=which.cursor, **{k: v for k, v in asked.items() if v})
    return which.answer([_as_json(one) for one in rows.select_related("address").order_by("id")[: which.limit]])


@router.post(
    "/suppressions/search",
    auth=Bearer(Scope.SUPPRESSIONS_READ),
    response=Hits,
    operation_id="search_blocks",
    summary="Which of these are blocked?",
)
def search(request: HttpRequest, asked: Search) -> HttpResponse:
    """Which of these are blocked, by themselves or with their domain? For whether one category may be sent, ask
    /audience."""
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
    response=Lifted,
    operation_id="lift_block",
    summary="Lift a block where rules allow",
    openapi_extra=TAKES_KEY,
)
def lift(request: HttpRequest, wish: Lift) -> HttpResponse:
    """Ends a block where rules allow. A person's own no is ended by that person alone: then 409."""
    return once(request, lambda: _lift(wish, actor=caller(request).actor))


def _lift(wish: Lift, *, actor: str) -> Answer:
    address = normalised(wish.address, wish.channel)
    if address is None:
        raise Problem(422, NOT_AN_ADDRESS)
    known = Address.objects.filter(digest=address.digest, channel=wish.channel).first()
    if known is None:
        raise Problem(404, "Nobody with this address is known.")
    try:
        ended = actions.lift(
            [known.pk], wish.reason, source=Source.API, now=timezone.now(), actor=actor, note=wish.note
        )
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
