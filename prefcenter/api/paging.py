"""A part of a long list: who keeps the cursor goes on where they stopped, however the list has grown since."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from ninja import Field, Schema

#: A bigint, as the database holds it.
LARGEST = 2**63 - 1


class Part(Schema):
    """Which part of a list is asked for."""

    cursor: int = Field(0, ge=0, le=LARGEST, description="Where you stopped; 0 begins with the oldest.")
    limit: int = Field(100, ge=1, le=1000)

    def answer(self, items: list[dict[str, Any]]) -> HttpResponse:
        next_cursor = items[-1]["id"] if items else self.cursor
        return JsonResponse({"items": items, "next_cursor": next_cursor, "has_more": len(items) == self.limit})


class Listed(Schema):
    next_cursor: int = Field(description="Keep it, and send it as `cursor` to go on from here.")
    has_more: bool = Field(description="False: you have all there is for now. Only /events is sure to miss no line.")
