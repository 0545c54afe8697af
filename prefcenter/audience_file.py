"""Answers a file of addresses with a file of verdicts, links and headers. It holds one batch in memory, no more."""

import csv
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from django.db import reset_queries, transaction

from prefcenter.tables import Row, Table
from unsubscribe import actions, audience
from unsubscribe.audience import Entry
from unsubscribe.choices import Answer, Channel
from unsubscribe.models import Campaign, Category

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

COLUMNS = [
    "verdict",
    "until",
    "unsubscribe_url",
    "preferences_url",
    "list_unsubscribe",
    "list_unsubscribe_post",
    "list_id",
]
BATCH = 5000
NOT_AN_ADDRESS = "this is not a valid address"

Counts = dict[str, int]


class Mailing(NamedTuple):
    category: Category
    channel: Channel
    campaign: Campaign | None
    now: datetime
    is_recorded: bool


def write_answers(
    table: Table,
    mailing: Mailing,
    out: "SupportsWrite[str]",
    *,
    only: str = "",
    on_problem: Callable[[int, str], None],
    on_progress: Callable[[int], None] = lambda rows: None,
) -> Counts:
    """The input's columns, then ours; `only` keeps the rows of one verdict. Returns how many rows got which verdict.

    A malformed line is answered `invalid` and told to `on_problem` with its line number; the rest goes on.
    """
    # A file that has been answered before: the new answers take the place of the old ones.
    kept = [index for index, name in enumerate(table.columns) if name.strip().lower() not in COLUMNS]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*(table.columns[index] for index in kept), *COLUMNS])
    counts: Counts = {answer.value: 0 for answer in Answer}
    for rows in _batches(table):
        entries = _ask([row.address for row in rows], mailing)
        for row, entry in zip(rows, entries, strict=True):
            answer = entry.decision.verdict.answer.value
            counts[answer] += 1
            if answer == Answer.INVALID:
                on_problem(row.line, row.problem or NOT_AN_ADDRESS)
            if not only or answer == only:
                writer.writerow([*(row.fields[index] for index in kept), *_cells(entry)])
        on_progress(sum(counts.values()))
        reset_queries()  # under DEBUG Django keeps every query, and memory would grow with the file after all
    return counts


@transaction.atomic
def _ask(addresses: Sequence[str], mailing: Mailing) -> list[Entry]:
    category, channel, campaign, now, is_recorded = mailing
    entries = audience.ask(addresses, category=category, channel=channel, campaign=campaign, now=now)
    if is_recorded:
        audience.record(entries, category=category, channel=channel, campaign=campaign, now=now)
    return entries


def _cells(entry: Entry) -> list[str]:
    answer, until = entry.decision.verdict
    verdict = [answer.value, until.isoformat() if until else ""]
    links = [entry.unsubscribe_url or "", entry.preferences_url or ""]
    return [*verdict, *links, *(entry.headers or ("", "", ""))]


def _batches(rows: Iterator[Row] | Table) -> Iterator[list[Row]]:
    rest = iter(rows)
    while batch := list(islice(rest, BATCH)):
        yield batch


def mailing(category: Category, *, channel: Channel, campaign: str, now: datetime, is_recorded: bool) -> Mailing:
    return Mailing(category, channel, actions.campaign_named(campaign, category=category, now=now), now, is_recorded)
