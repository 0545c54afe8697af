"""Rows with small bars: rates by category and campaign, reasons, sources, time limits. It counts nothing."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, NamedTuple

from prefcenter.reports import Selection, charts, numbers, rates
from prefcenter.reports.counts import Counted
from prefcenter.reports.health import LIMITS
from prefcenter.reports.rates import Rate, Rates
from prefcenter.reports.reasons import Reasons
from unsubscribe.choices import EventKind, Source

from . import lists

CAMPAIGNS_SHOWN = 15
#: The right end of the small bars of complaints: Gmail's lines then stand at a quarter and at three quarters.
_MOST_COMPLAINTS = rates.GMAIL_LIMIT / 0.75


class Share(NamedTuple):
    """`part` is that of the bar, of 100; `said` that of the whole, in words."""

    name: str
    number: str
    url: str
    part: float
    said: str
    before: str
    difference: str


class Measured(NamedTuple):
    """A rate and its bar, None where there is no rate; `line` is where it stands against Gmail's lines."""

    number: str
    url: str
    percent: str
    part: float | None
    line: str = ""
    line_words: str = ""


class RateRow(NamedTuple):
    name: str
    of: str
    sent: str
    opt_outs: Measured
    complaints: Measured


class LimitRow(NamedTuple):
    who: str
    limit: str
    verdict: str
    is_kept: bool


def sources(selection: Selection, counted: Counted) -> list[Share]:
    """Opt-outs by how they reached us, the most frequent first."""
    kind, url = EventKind.OPT_OUT, lists.opt_outs
    found = [(one, counted.total.of(kind, source=one), counted.before.of(kind, source=one)) for one in Source]
    ranked = sorted((one for one in found if any(one[1:])), key=lambda one: -one[1])
    rows = [(str(one.label), now, before, url(selection, source=one)) for one, now, before in ranked]
    return _shares(rows, whole=counted.total.opt_outs)


def why(selection: Selection, found: Reasons) -> list[Share]:
    url = lists.feedback
    rows = [(one.text, one.answers, one.before, url(selection, reason_id=one.id)) for one in found.ranked]
    return _shares(rows, whole=found.answers)


def categories(selection: Selection, found: Rates) -> list[RateRow]:
    """In the reader's order; last, what names none."""
    top = _top(rate for _, rate in found.by_category)
    rows = [_row(selection, one.name, "", rate, top=top, mail_of=one.pk) for one, rate in found.by_category]
    if found.unnamed.opt_outs or found.unnamed.complaints:
        nowhere = {"category__isnull": "True", "campaign__isnull": "True"}
        rows.append(_row(selection, "No category", "all categories, or none named", found.unnamed, top=top, **nowhere))
    return rows


def campaigns(selection: Selection, found: Rates) -> list[RateRow]:
    shown = found.by_campaign[:CAMPAIGNS_SHOWN]
    top = _top(rate for _, rate in shown)
    return [
        _row(selection, str(one), one.category.name, rate, top=top, campaign__id__exact=one.pk) for one, rate in shown
    ]


def limits(longest: timedelta) -> list[LimitRow]:
    return [
        LimitRow(one.who, one.said, "Met" if longest <= one.longest else "Not always met", longest <= one.longest)
        for one in LIMITS
    ]


def _shares(rows: list[tuple[str, int, int, str]], *, whole: int) -> list[Share]:
    """Of rows of a name, the numbers now and before, and a URL; the longest bar is that of the greatest number."""
    most = max((now for _, now, _, _ in rows), default=0)

    def share(name: str, now: int, before: int, url: str) -> Share:
        bar, said = charts.share(now, most), numbers.times(now / whole) if whole else ""
        return Share(name, numbers.number(now), url, bar, said, numbers.number(before), numbers.difference(now, before))

    return [share(*row) for row in rows]


def _row(selection: Selection, name: str, of: str, rate: Rate, *, top: float, **which: Any) -> RateRow:
    line = numbers.gmail(rate.complaint_rate)
    return RateRow(
        name,
        of,
        numbers.number(rate.sent),
        Measured(
            numbers.number(rate.opt_outs),
            lists.opt_outs(selection, is_rated=True, **which),
            numbers.percent(rate.opt_out_rate),
            _part(rate.opt_out_rate, top),
        ),
        Measured(
            numbers.number(rate.complaints),
            lists.complaints(selection, **which),
            numbers.percent(rate.complaint_rate),
            _part(rate.complaint_rate, _MOST_COMPLAINTS),
            line,
            numbers.GMAIL[line],
        ),
    )


def _part(rate: float | None, top: float) -> float | None:
    return None if rate is None else charts.share(rate, top)


def _top(found: Iterable[Rate]) -> float:
    return max((one.opt_out_rate or 0 for one in found), default=0)
