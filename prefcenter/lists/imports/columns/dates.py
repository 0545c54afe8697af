"""Reads when somebody said no, as exports write it: the latest moment that may be meant, so that no yes that came
before the no is taken for a later one.

03/04/2021 may be two days, and reads as none until the order is known: the whole column may show it (asking.py), or it
is asked about (law 13).
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from typing import NamedTuple

from .calendar_words import MONTHS, WEEKDAYS, ZONES, bare

_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
#: How far clocks are behind UTC where they are furthest.
_FURTHEST_BEHIND = timedelta(hours=12)
_END_OF_DAY = time(23, 59, 59)
#: Longer than any date that is written; JavaScript's has the name of the time zone behind it.
_LONGEST = 100
#: Seconds, milliseconds, and so on since 1970, by the number of digits.
_SINCE_1970 = {9: 1, 10: 1, 13: 10**3, 16: 10**6, 19: 10**9}
_COMPACT = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}

#: How a spreadsheet writes a date in a cell that is not formatted as one, with its decimal point or comma.
_SERIAL = re.compile(r"(\d{5})(?:[.,](\d+))?")
_DAY_ZERO = date(1899, 12, 30)
_WEEKDAY = re.compile(r"([^\W\d_]+(?:-feira)?)\.?,? +(.*)")
_TIME = (
    r"(?P<hour>\d{1,2})(?:(?:[:.]| ?h ?|時)(?P<minute>\d{2})(?:[:.分](?P<second>\d{2})(?:[.,]\d{1,9})?秒?|分)?)?"
    r"(?: ?(?P<half>[ap])\.? ?m\.?)?(?: ?uhr)?"
)
_ZONE = r"(?: ?(?P<zone>[a-z]{1,4})?(?: ?(?P<sign>[-+−])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?)?)?(?: ?\([^()]*\))?"
_BETWEEN = r"(?:t|,? (?:at |um |a las |a |as |@ ?)?)"
_DATE_AND_TIME = re.compile(rf"(?P<date>.+?){_BETWEEN}{_TIME}{_ZONE}")
_YEAR_LAST = re.compile(rf"(?P<date>[^\W\d_]+\.? \d{{1,2}}) {_TIME}{_ZONE} (?P<year>\d{{4}})")  # as `date` writes it
_YEAR_FIRST = re.compile(r"(\d{4}) ?(?:([-/.]) ?(\d{1,2}) ?\2|年 ?(\d{1,2}) ?月) ?(\d{1,2})日?")
_NUMBERS = re.compile(r"(\d{1,2}) ?([-/.]) ?(\d{1,2}) ?\2 ?(\d{4}|\d{2})")
_WORD, _GAP = r"([^\W\d_]+)\.?", r"[-/., ]*"
_DAY = r"(\d{1,2})(?:st|nd|rd|th|er|o)?"
_DAY_MONTH = re.compile(rf"{_DAY}{_GAP}(?:de |of )?{_WORD}{_GAP}(?:de |del |of )?(\d{{4}}|\d{{2}})")
_MONTH_DAY = re.compile(rf"{_WORD}{_GAP}{_DAY}{_GAP}(\d{{4}})")
_YEAR_MONTH = re.compile(rf"(\d{{4}}){_GAP}{_WORD}{_GAP}{_DAY}")
_MAY_READ_TWO_WAYS = re.compile(r"\D*\d{1,2} ?[-/] ?\d{1,2} ?[-/] ?\d")


class DateOrder(StrEnum):
    """What stands first in a date of three numbers."""

    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"
    YEAR_FIRST = "year-first"


#: The days that a text can mean, by the order in which it then is written; under None where no order is in question.
Days = dict[DateOrder | None, date]


class _Found(NamedTuple):
    days: Days
    at: time | None = None
    offset: timedelta | None = None


def moment(text: str, *, now: datetime, order: DateOrder | None = None) -> datetime | None:
    """The latest moment that `text` can mean, aware. None for what is no date, is before 1990, or may be several days.

    now:   aware; what is later counts as this
    order: decides about numbers that may be several days

    It reads seconds since 1970 (SendGrid), ISO 8601 (Postmark, Klaviyo, Mailchimp without its T), RFC 2822 (Mailgun),
    and what people and spreadsheets write. A day alone means its end; without an offset, a time is the latest moment at
    which any clock on earth shows it.
    """
    try:
        found = _read(text.strip(), now=now, order=order)
    except OverflowError:  # the last day that there is
        return None
    if found is None or found < _EARLIEST:
        return None
    return min(found, now)


def serial(text: str, *, now: datetime, days_later: int = 0) -> datetime | None:
    """The moment that a spreadsheet counts in days since 30 December 1899, the time as their fraction: 44561.416667 is
    31 December 2021, 10:00; as `moment`, the latest that it can be, aware. None for what is no such number, or is
    before 1990 or after tomorrow.

    For columns that are known to be dates; elsewhere it is a number. `days_later`: see Table.
    """
    found = _SERIAL.fullmatch(text.strip())
    if found is None:
        return None
    day = datetime.combine(_DAY_ZERO + timedelta(days=int(found[1]) + days_later), time())
    part = float(f"0.{found[2] or 0}")
    at = _latest(day + timedelta(seconds=round(part * 86_400)) if part else datetime.combine(day, _END_OF_DAY))
    return min(at, now) if at >= _EARLIEST and day.date() <= now.date() + timedelta(days=1) else None


def orders(text: str, *, now: datetime) -> frozenset[DateOrder]:
    """The orders in which these numbers are a date: both for 03/04/2021, one for 31/12/2021, none for 31.12.2021."""
    if not _MAY_READ_TWO_WAYS.match(text) or not (found := _found(text, now=now)):
        return frozenset()
    return frozenset(order for order in found.days if order)


def reads_two_ways(text: str, *, now: datetime) -> bool:
    """Whether `moment` needs an order to read this; not for 04/04/2021, which is the same day in any."""
    found = _found(text, now=now) if _MAY_READ_TWO_WAYS.match(text) else None
    return found is not None and len(set(found.days.values())) > 1


def _read(text: str, *, now: datetime, order: DateOrder | None) -> datetime | None:
    try:
        if text.isdecimal():
            return _of_digits(text)
        if (text[4:5] == "-" and len(text) > len("2026-01-05")) or text[8:9] == "T":
            return _latest(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        pass  # it may be a date of people all the same
    found = _found(text, now=now)
    if found is None:
        return None
    days = set(found.days.values())
    day = days.pop() if len(days) == 1 else found.days.get(order)
    if day is None:
        return None
    zone = None if found.offset is None else timezone(found.offset)
    return _latest(datetime.combine(day, found.at or _END_OF_DAY, zone))


def _latest(found: datetime) -> datetime:
    return found if found.tzinfo else found.replace(tzinfo=UTC) + _FURTHEST_BEHIND


def _of_digits(text: str) -> datetime | None:
    if unit := _SINCE_1970.get(len(text)):
        return datetime.fromtimestamp(int(text) / unit, UTC)
    if not (form := _COMPACT.get(len(text))):
        return None
    found = datetime.strptime(text, form)  # noqa: DTZ007  (which zone it is nobody says)
    return _latest(datetime.combine(found, _END_OF_DAY) if len(text) == 8 else found)


def _found(text: str, *, now: datetime) -> _Found | None:
    """A date and time as people write them; None if any part of `text` is not understood."""
    if len(text) > _LONGEST or any(letter.isdigit() and not letter.isdecimal() for letter in text):
        return None
    text = _without_weekday(bare(text.strip("\"' ")))
    try:
        if fraction := re.fullmatch(r"(\d{9,10})\.\d+", text):  # Amazon SES
            since = datetime.fromtimestamp(int(fraction[1]) + 1, UTC)
            return _Found({None: since.date()}, since.time(), timedelta())
        if days := _days(text, now=now):
            return _Found(days)
        for pattern in (_YEAR_LAST, _DATE_AND_TIME):
            if (parts := pattern.fullmatch(text)) and (found := _with_time(parts, now=now)):
                return found
    except (ValueError, OverflowError):
        pass
    return None


def _with_time(parts: re.Match[str], *, now: datetime) -> _Found | None:
    year = parts.groupdict().get("year")
    days = _days(f"{parts['date']} {year}" if year else parts["date"], now=now)
    at, offset = _time(parts), _offset(parts)
    if not days or at is None or (parts["zone"] and offset is None):
        return None
    return _Found(days, at, offset)


def _time(parts: re.Match[str]) -> time | None:
    hour, half = int(parts["hour"]), parts["half"]
    if parts["minute"] is None and not half:
        return None
    if half and hour <= 12:
        hour = hour % 12 + 12 * (half == "p")
    return time(hour, int(parts["minute"] or 0), int(parts["second"] or 0))


def _offset(parts: re.Match[str]) -> timedelta | None:
    """The offset from UTC; None if there is none, or its name is not known."""
    if not parts["zone"] and not parts["sign"]:
        return None
    named = ZONES.get(parts["zone"] or "utc")
    if named is None or not parts["sign"]:
        return named
    if parts["zone"] and named:
        return None  # "PST+1"
    ahead = timedelta(hours=int(parts["hours"]), minutes=int(parts["minutes"] or 0))
    return ahead if parts["sign"] == "+" else -ahead


def _without_weekday(text: str) -> str:
    found = _WEEKDAY.fullmatch(text)
    return found[2] if found and found[1] in WEEKDAYS and not _MONTH_DAY.match(text) else text


def _days(text: str, *, now: datetime) -> Days:
    text = text.strip(" .,")
    if found := _YEAR_FIRST.fullmatch(text):
        year, _, month, kanji_month, day = found.groups()
        return _valid([(None, year, month or kanji_month, day)], now=now)
    if found := _NUMBERS.fullmatch(text):
        return _of_numbers(*found.groups(), now=now)
    if found := _DAY_MONTH.fullmatch(text):
        day, name, year = found.groups()
    elif found := _MONTH_DAY.fullmatch(text):
        name, day, year = found.groups()
    elif found := _YEAR_MONTH.fullmatch(text):
        year, name, day = found.groups()
    else:
        return {}
    return _valid([(None, year, MONTHS.get(name, 0), day)], now=now)


def _of_numbers(first: str, between: str, second: str, third: str, *, now: datetime) -> Days:
    if between == ".":  # nobody who writes dots puts the month first
        return _valid([(None, third, second, first)], now=now)
    ways: list[tuple[DateOrder | None, str, str, str]] = [
        (DateOrder.DAY_FIRST, third, second, first),
        (DateOrder.MONTH_FIRST, third, first, second),
    ]
    if len(third) == 2 and len(first) == 2:
        ways.append((DateOrder.YEAR_FIRST, first, second, third))
    return _valid(ways, now=now)


def _valid(ways: Iterable[tuple[DateOrder | None, str, str | int, str]], *, now: datetime) -> Days:
    """Those that are days; with a year of two digits, only those up to tomorrow."""
    return dict(_each_valid(ways, latest=now.date() + timedelta(days=1)))


def _each_valid(
    ways: Iterable[tuple[DateOrder | None, str, str | int, str]], *, latest: date
) -> Iterator[tuple[DateOrder | None, date]]:
    for order, year, month, day in ways:
        is_short = len(year) == 2
        try:
            found = date(int(year) + 2000 * is_short, int(month), int(day))
        except ValueError:
            continue
        if found <= latest or not is_short:
            yield order, found
