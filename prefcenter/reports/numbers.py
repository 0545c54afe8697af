"""Numbers, percentages and durations in words, for staff, in English."""

from datetime import timedelta
from typing import NamedTuple

from . import rates

TOO_FEW = "Not enough data"
#: How a complaint rate compares with Gmail's limits: a class of the stylesheet, and in words.
GMAIL = {"": "", "near": "above Gmail’s target of 0.1%", "over": "above Gmail’s limit of 0.3%"}
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


class Difference(NamedTuple):
    """How a number compares with the one before: in words, and as "more", "less" or "same"."""

    text: str
    trend: str


def number(count: int) -> str:
    """With commas between thousands."""
    return f"{count:,}"


def percent(rate: float | None) -> str:
    """A rate from 0 to 1 as a percentage, with two decimals below 10% and one above; "Not enough data" for None."""
    if rate is None:
        return TOO_FEW
    hundred = 100 * rate
    digits = 0 if hundred == 0 else 2 if hundred < 10 else 1
    return f"{hundred:.{digits}f}%"


def short(count: float) -> str:
    """For the scale of a chart: "12k"."""
    if count < 10_000:
        return f"{count:,.0f}"
    return f"{count / 1_000:g}k" if count < 1_000_000 else f"{count / 1_000_000:g}M"


def short_percent(rate: float) -> str:
    """For the scale of a chart: "0.3%"."""
    return f"{100 * rate:g}%"


def gmail(rate: float | None) -> str:
    """The key of GMAIL for a complaint rate."""
    if rate is None or rate < rates.GMAIL_AIM:
        return ""
    return "over" if rate >= rates.GMAIL_LIMIT else "near"


def change(count: int, before: int) -> Difference:
    """A number against the one of the span before."""
    if count == before:
        return Difference("No change", "same")
    trend = "more" if count > before else "less"
    if not before:
        return Difference("None previously", trend)
    part = abs(count - before) / before
    return Difference(f"{times(part)} {'more' if count > before else 'fewer'} than before", trend)


def times(part: float) -> str:
    """A part as a percentage, from ten times on as a multiple: "12%", "40 times"."""
    return f"{100 * part:.0f}%" if part < 10 else f"{part:.0f} times"


def difference(count: int, before: int) -> str:
    """With its sign: "+5", "−2", "±0"."""
    return f"{count - before:+,}".replace("-", "−") if count != before else "±0"


def duration(length: timedelta | None) -> str:
    """In the largest unit of which there are at least two: "36 hours"; a dash for None."""
    if length is None:
        return "–"
    seconds = length.total_seconds()
    for size, unit in _UNITS:
        if seconds >= 2 * size:
            return _some(seconds / size, unit)
    return _some(seconds, "second")


def _some(count: float, unit: str) -> str:
    rounded = f"{count:.0f}" if count >= 10 or abs(count - round(count)) < 0.05 else f"{count:.1f}"
    return f"{rounded} {unit}{'' if rounded == '1' else 's'}"
