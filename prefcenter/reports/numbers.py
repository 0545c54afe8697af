"""Numbers as the staff read them. It counts nothing."""

from datetime import timedelta
from typing import NamedTuple

from . import rates

TOO_FEW = "Not enough data"
#: Where a rate of complaints stands, as a class of the stylesheet and in words.
GMAIL = {"": "", "near": "above Gmail’s target of 0.1%", "over": "above Gmail’s limit of 0.3%"}
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


class Difference(NamedTuple):
    """In words against the span before; `trend` is "more", "less" or "same"."""

    text: str
    trend: str


def number(count: int) -> str:
    return f"{count:,}"


def percent(rate: float | None) -> str:
    """Of a rate from 0 to 1, with two digits that count; None is "Not enough data"."""
    if rate is None:
        return TOO_FEW
    hundred = 100 * rate
    digits = 0 if hundred == 0 else 2 if hundred < 10 else 1
    return f"{hundred:.{digits}f}%"


def short(count: float) -> str:
    """For the scale of a chart."""
    if count < 10_000:
        return f"{count:,.0f}"
    return f"{count / 1_000:g}k" if count < 1_000_000 else f"{count / 1_000_000:g}M"


def short_percent(rate: float) -> str:
    """For the scale of a chart."""
    return f"{100 * rate:g}%"


def gmail(rate: float | None) -> str:
    """Which of GMAIL it is."""
    if rate is None or rate < rates.GMAIL_AIM:
        return ""
    return "over" if rate >= rates.GMAIL_LIMIT else "near"


def change(count: int, before: int) -> Difference:
    if count == before:
        return Difference("No change", "same")
    trend = "more" if count > before else "less"
    if not before:
        return Difference("None previously", trend)
    part = abs(count - before) / before
    return Difference(f"{times(part)} {'more' if count > before else 'fewer'} than before", trend)


def times(part: float) -> str:
    """A part as a percentage; what is very much as a multiple, because nobody pictures 4,000%."""
    return f"{100 * part:.0f}%" if part < 10 else f"{part:.0f} times"


def difference(count: int, before: int) -> str:
    return f"{count - before:+,}".replace("-", "−") if count != before else "±0"


def duration(length: timedelta | None) -> str:
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
