"""GET /events: the ledger as a feed. With the cursor no event is missed and none comes twice (ledger.feed)."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Field, Query, Router, Schema

from prefcenter.accounts.api_keys import Scope
from prefcenter.web.problems import Problem
from prefcenter.webhooks import payload
from unsubscribe.choices import Channel, EventKind, Source
from unsubscribe.ledger import feed

from .auth import Bearer
from .paging import PageIn, PageOut

#: How long a request waits for transactions that are writing to the ledger, in seconds.
PATIENCE = 0.1

router = Router(tags=["Events"])


class EventOut(Schema):
    """A consent event: what was asked for, how it reached us, and what held before and after."""

    id: int
    at: str
    kind: EventKind
    source: Source
    contact_id: int
    channel: Channel
    address: str | None = Field(
        description="Null if the contact was erased, or if only the hash of the address is known."
    )
    category: str | None = Field(description="Null if the event is about the whole address or contact.")
    campaign: str | None
    before: dict[str, Any]
    after: dict[str, Any]


class EventsOut(PageOut):
    """A page of the ledger."""

    items: list[EventOut]


@router.get(
    "/events",
    auth=Bearer(Scope.EVENTS_READ, PageIn),
    response=EventsOut,
    operation_id="read_events",
    summary="Read the event feed",
)
def read(request: HttpRequest, part: Query[PageIn]) -> HttpResponse:
    """Returns consent events from the ledger, oldest first. Events that are still being written, and later ones, come
    with a later request: then `has_more` is true even if `items` is empty. Try again after a second."""
    try:
        found = feed.after(part.cursor, limit=part.limit, patience=PATIENCE)
    except feed.BeyondTheEnd as error:
        raise Problem(422, str(error), errors=[{"at": "cursor", "detail": str(error)}]) from error
    next_cursor = found.lines[-1].pk if found.lines else part.cursor
    items = [payload.as_json(one) for one in found.lines]
    return JsonResponse({"items": items, "next_cursor": next_cursor, "has_more": found.has_more})
