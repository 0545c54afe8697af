"""The types of what callers send: bodies, texts, days and moments.

Unknown fields and what no database can store are refused (422): a mistyped field must not pass for a wish.
"""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from django.utils import timezone
from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ConfigDict, Field, StrictBool

from prefcenter.web.free_text import without_addresses

from .paging import LARGEST


class Body(Schema):
    """A request's body, or a part of it."""

    model_config = ConfigDict(extra="forbid")


_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def _written_out(value: Any) -> Any:
    """Pydantic takes a number for seconds since 1970; our document does not."""
    if not isinstance(value, str) or not _DATE.match(value):
        raise ValueError("Use the format of RFC 3339: 2026-03-31, or 2026-03-31T09:00:00+02:00.")
    return value


#: The earliest moment that is taken: no time zone leads from it beyond the beginning of the calendar.
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
#: How much the caller's clock may be ahead of ours.
_AHEAD = timedelta(minutes=5)


def _has_been(value: datetime) -> datetime:
    if not _EARLIEST <= value <= timezone.now() + _AHEAD:
        raise ValueError("This must be a time in the past, and not before 1970.")
    return value


Bool = StrictBool
#: The id of a row.
Number = Annotated[int, Field(strict=True, ge=1, le=LARGEST)]
#: Without NUL, which PostgreSQL can't store in a text.
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]
#: For the ledger, which is kept for ever: addresses and phone numbers are taken out.
Words = Annotated[Text, AfterValidator(without_addresses)]
#: YYYY-MM-DD.
Day = Annotated[date, BeforeValidator(_written_out)]
#: RFC 3339 with an offset, so aware; not before 1970, and at most five minutes ahead of our clock.
Moment = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_has_been)]
