"""Pages of a long list in the order of ids: the cursor is the last id, so a list that grows is read on from there."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from ninja import Field, Schema

#: The largest id that a database can hold (bigint).
LARGEST = 2**63 - 1


class PageIn(Schema):
    """Which page of a list is asked for."""

    cursor: int = Field(
        0, ge=0, le=LARGEST, description="The `next_cursor` of the previous page; 0 starts with the oldest item."
    )
    limit: int = Field(100, ge=1, le=1000, description="The maximum number of items.")

    def answer(self, items: list[dict[str, Any]]) -> HttpResponse:
        """The page with these items, which have an `id` and follow the cursor in its order, `limit` at most.

        After a full page `has_more` is true even where nothing follows.
        """
        next_cursor = items[-1]["id"] if items else self.cursor
        return JsonResponse({"items": items, "next_cursor": next_cursor, "has_more": len(items) == self.limit})


class PageOut(Schema):
    """What every page of a list has beside its `items`."""

    next_cursor: int = Field(description="Send this as `cursor` to get the next page.")
    has_more: bool = Field(
        description="False if there are no more items for now. Only /events guarantees that no item is missed."
    )
