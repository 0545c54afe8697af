"""When somebody said no, as exports write it: never earlier than they may have said it, or a yes before it would count.

It refuses to guess: what can be read in two ways was not said.
"""

import re
from datetime import UTC, datetime, time, timedelta
from email.utils import parsedate_to_datetime

_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
#: How far clocks are behind UTC where they are furthest.
_FURTHEST_BEHIND = timedelta(hours=12)
# Python would also read "10:00 pm" as ten in the morning, and the year 1, Mailgun's "unknown", as 2001.
_RFC_2822 = re.compile(r"[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} (?:19|20)\d{2} [\d:]{5,8} \S+")


def moment(text: str, *, now: datetime) -> datetime | None:
    """Seconds since 1970 (SendGrid), ISO 8601 (Postmark, Klaviyo, Mailchimp without its T), RFC 2822 (Mailgun).

    A day alone means its end. Without an offset it is the latest moment at which any clock on earth shows it.
    """
    found = _read(text.strip())
    if found is None or found < _EARLIEST:
        return None
    return min(found, now)


def _read(text: str) -> datetime | None:
    if not text:
        return None
    try:
        if text.isdecimal():
            return _since_1970(text)
        found = parsedate_to_datetime(text) if _RFC_2822.fullmatch(text) else datetime.fromisoformat(text)
        if len(text) == len("2026-01-05"):
            found = datetime.combine(found, time(23, 59, 59))
        return found if found.tzinfo else found.replace(tzinfo=UTC) + _FURTHEST_BEHIND
    except (ValueError, OverflowError):
        return None


def _since_1970(text: str) -> datetime | None:
    if len(text) not in {9, 10, 13}:
        return None
    return datetime.fromtimestamp(int(text) / (1000 if len(text) == 13 else 1), UTC)
