"""GET /events: the ledger as a feed. A reader who keeps the cursor misses no line and gets none twice."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Field, Query, Router, Schema

from prefcenter.accounts.api_keys import Scope
from prefcenter.web.problems import Problem
from prefcenter.webhooks import payload
from unsubscribe.choices import Channel, EventKind, Source
from unsubscribe.ledger import feed

from .auth import Bearer
from .paging import Listed, Part

#: Who asks waits no longer than this for those who are writing, in seconds.
PATIENCE = 0.1

router = Router(tags=["What happened"])


class Line(Schema):
    id: int
    at: str
    kind: EventKind
    source: Source
    contact_id: int
    channel: Channel
    address: str | None = Field(description="Null once the person was erased, or while only its hash is known.")
    category: str | None = Field(description="Null: the address, or the person, as a whole.")
    campaign: str | None
    before: dict[str, Any]
    after: dict[str, Any]


class Lines(Listed):
    items: list[Line]


@router.get(
    "/events",
    auth=Bearer(Scope.EVENTS_READ, Part),
    response=Lines,
    operation_id="read_events",
    summary="The ledger as a feed",
)
def read(request: HttpRequest, part: Query[Part]) -> HttpResponse:
    """What happened, oldest first. While somebody is writing, their lines and later ones wait for another request:
    then `has_more` is true although nothing comes, and asking again in a second is soon enough."""
    try:
        found = feed.after(part.cursor, limit=part.limit, patience=PATIENCE)
    except feed.BeyondTheEnd as error:
        raise Problem(422, str(error), errors=[{"at": "cursor", "detail": str(error)}]) from error
    next_cursor = found.lines[-1].pk if found.lines else part.cursor
    items = [payload.as_json(one) for one in found.lines]
    return JsonResponse({"items": items, "next_cursor": next_cursor, "has_more": found.has_more})
