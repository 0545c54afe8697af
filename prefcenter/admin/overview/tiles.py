"""The big numbers at the top of the page, each with its change or with what it is made of. It counts nothing."""

from datetime import datetime
from typing import NamedTuple

from prefcenter.reports import Selection, numbers
from prefcenter.reports.counts import Counted
from prefcenter.reports.health import WAITING, Outbox, Seals, Waits, day_ago
from prefcenter.reports.numbers import Difference
from prefcenter.reports.rates import Rate
from unsubscribe.choices import EventKind, OutboxStatus, Source

from . import lists


class Tile(NamedTuple):
    """`before` is the number that `change` compares with; a rate has a `note` in their place. `line` is a class."""

    name: str
    value: str
    url: str = ""
    change: Difference | None = None
    before: str = ""
    note: str = ""
    line: str = ""


def wishes(selection: Selection, counted: Counted) -> list[Tile]:
    now, before = counted.total, counted.before
    return [
        _tile("Opt-outs", now.opt_outs, before.opt_outs, lists.opt_outs(selection)),
        _tile("Opt-downs", now.opt_downs, before.opt_downs, lists.events(selection, EventKind.OPT_DOWN)),
        _tile("Pauses", now.pauses, before.pauses, lists.events(selection, EventKind.PAUSE)),
        _tile("Undos", now.undone, before.undone, lists.events(selection, meaning="undo")),
        _tile("Resubscriptions", now.back, before.back, lists.events(selection, meaning="back")),
        _kept(selection, counted),
    ]


def rates(selection: Selection, total: Rate) -> list[Tile]:
    """Of everything together."""
    opt_outs = f"{numbers.number(total.opt_outs)} of {numbers.number(total.sent)} messages sent, imports not included"
    emails = f"{numbers.number(total.complaints)} of {numbers.number(total.emails)} emails"
    line = numbers.gmail(total.complaint_rate)
    return [
        Tile(
            "Opt-out rate", numbers.percent(total.opt_out_rate), lists.opt_outs(selection, is_rated=True), note=opt_outs
        ),
        Tile(
            "Complaint rate",
            numbers.percent(total.complaint_rate),
            lists.complaints(selection),
            note=f"{emails}; {numbers.GMAIL[line]}" if line else emails,
            line=line,
        ),
    ]


def waits(found: Waits) -> list[Tile]:
    """Of the confirmations; none, if none was sent."""
    if found.median is None or found.longest is None:
        return []
    return [
        Tile("Median", numbers.duration(found.median), note="from the request to the confirmation email"),
        Tile("Longest", numbers.duration(found.longest), note=f"of {numbers.number(found.sent)} confirmations"),
    ]


def outbox(found: Outbox, *, now: datetime, is_linked: bool) -> list[Tile]:
    """Numbers and ages; the list behind them names addresses, so the links are not for everybody."""
    since = day_ago(now).isoformat()

    def tile(name: str, count: int, url: str, note: str, *, is_near: bool = False) -> Tile:
        line = "near" if is_near else ""
        return Tile(name, numbers.number(count), url if is_linked else "", note=note, line=line)

    waiting = f"oldest: {numbers.duration(found.oldest)}" if found.oldest else "nothing to send"
    failed = f"in the last 24 hours; {numbers.number(found.failed_in_all)} in total"
    failures, sent = (lists.outbox(one, due_at__gte=since) for one in (OutboxStatus.FAILED, OutboxStatus.SENT))
    return [
        tile("Waiting", found.waiting, lists.outbox(*WAITING), waiting, is_near=found.is_late),
        tile("Failed", found.failed, failures, failed, is_near=found.failed > 0),
        tile("Sent", found.sent, sent, "of those due in the last 24 hours"),
    ]


def seals(found: Seals, *, now: datetime, is_linked: bool) -> Tile:
    ask = "Is the worker running?"
    if found.latest is None:
        value, note, behind = "–", "the ledger has not been sealed yet", ask
    else:
        value, note = numbers.duration(now - found.latest), "ago; all events older than two hours are sealed"
        behind = f"ago; newer events are still not sealed. {ask}"
    url = lists.seals() if is_linked else ""
    note, line = (behind, "near") if found.is_behind else (note, "")
    return Tile("Last seal", value, url, note=note, line=line)


def _tile(name: str, count: int, before: int, url: str) -> Tile:
    then = numbers.number(before) if before else ""
    return Tile(name, numbers.number(count), url, numbers.change(count, before), then)


def _kept(selection: Selection, counted: Counted) -> Tile:
    url = lists.events(selection, EventKind.OPT_DOWN, EventKind.PAUSE, source=Source.PAGE)
    if not counted.came_to_leave:
        return Tile("Retained", "–", url, note="no visitors came to leave")
    part = f"{numbers.number(counted.kept)} of {numbers.number(counted.came_to_leave)}"
    note = f"{part} visitors chose less instead of leaving; the list shows each change"
    return Tile("Retained", numbers.percent(counted.kept / counted.came_to_leave), url, note=note)
