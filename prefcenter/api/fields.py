"""What a caller writes: bodies, words to keep, days and moments. It refuses what no database holds, and what nobody
means: a mistyped field must not pass for a wish that was taken."""

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


#: Before anybody had a mailing list, and so far from where the calendar ends that no time zone leads beyond it.
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
#: How much the caller's clock may be ahead of ours.
_AHEAD = timedelta(minutes=5)


def _has_been(value: datetime) -> datetime:
    if not _EARLIEST <= value <= timezone.now() + _AHEAD:
        raise ValueError("This must be a time in the past, and not before 1970.")
    return value


Bool = StrictBool
#: What a row is named by.
Number = Annotated[int, Field(strict=True, ge=1, le=LARGEST)]
#: PostgreSQL keeps no NUL in a text.
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]
#: For the ledger, which is kept for ever: addresses and phone numbers are taken out.
Words = Annotated[Text, AfterValidator(without_addresses)]
Day = Annotated[date, BeforeValidator(_written_out)]
Moment = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_has_been)]
