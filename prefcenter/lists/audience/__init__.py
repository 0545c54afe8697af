"""Answers a file of addresses with a file of verdicts, links and headers. It holds a part of it in memory, no more."""

import gc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import compress, islice
from typing import TYPE_CHECKING

from django.db import reset_queries

from prefcenter.lists.reader import Row, Table
from unsubscribe import actions
from unsubscribe.choices import Channel, Outcome
from unsubscribe.mailing import Mailing, purpose_of
from unsubscribe.models import Category

from .answering import COLUMNS, VERDICT, Ask, FileRequest, declined, prepared
from .lines import as_lines
from .listed import ListColumns

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

__all__ = ["COLUMNS", "FileRequest", "ListColumns", "request", "write_answers"]

BATCH = 5000
NOT_AN_ADDRESS = "this is not a valid address"
#: Python looks for garbage after 700 new objects, and every so often among all there are. Of ours none is any before
#: its batch is written, and the looking took a third of the time.
RARELY = (50_000, 20, 50)

Counts = dict[str, int]


def write_answers(
    table: Table,
    request: FileRequest,
    out: "SupportsWrite[str]",
    *,
    only: str = "",
    listed: ListColumns | None = None,
    on_problem: Callable[[int, str], None],
    on_progress: Callable[[int], None] = lambda rows: None,
) -> Counts:
    """The input's columns, then ours; `only` keeps the rows of one verdict. Returns how many rows got which verdict.

    `listed`: what the list says of its people; without it, by what was kept about its columns. A malformed line is
    answered `invalid` and told to `on_problem` with its line number; the rest goes on.
    """
    kept = _kept(table)
    mailing = request.mailing
    listed = listed or ListColumns(table, purpose=mailing.purpose, now=request.now, channel=mailing.channel)
    head = ",".join(COLUMNS if request.with_links else VERDICT)
    out.write("".join(as_lines([[table.columns[index] for index in kept]], [head])))
    counts: Counts = {outcome.value: 0 for outcome in Outcome}
    with _collecting_rarely():
        rows, ask = prepared(iter(table), request)
        while batch := list(islice(rows, BATCH)):
            answers = _answers(batch, listed.noes(batch), ask, request)
            verdicts = [answer.partition(",")[0] for answer in answers]
            for verdict, count in Counter(verdicts).items():
                counts[verdict] += count
            if Outcome.INVALID in verdicts:
                _tell(batch, verdicts, on_problem)
            if only:
                shown = [verdict == only for verdict in verdicts]
                batch, answers = list(compress(batch, shown)), list(compress(answers, shown))
            out.write("".join(as_lines(_fields(batch, kept), answers)))
            on_progress(sum(counts.values()))
            reset_queries()  # under DEBUG Django keeps every query, and memory would grow with the file after all
    return counts


def _answers(batch: Sequence[Row], noes: Sequence[bool], ask: Ask, request: FileRequest) -> list[str]:
    """The gate is asked about those who did not say no in the list: nobody else is recorded, or learnt."""
    if not any(noes):
        return ask([row.address for row in batch])
    asked = iter(ask([row.address for row, is_no in zip(batch, noes, strict=True) if not is_no]))
    said = iter(declined([row.address for row in compress(batch, noes)], request))
    return [next(said) if is_no else next(asked) for is_no in noes]


def request(
    category: Category,
    *,
    channel: Channel,
    campaign: str,
    now: datetime,
    is_recorded: bool,
    with_links: bool = True,
) -> FileRequest:
    """Raises RetiredCategory."""
    purpose_of(category, None)
    named = actions.campaign_named(campaign, category=category, now=now)
    return FileRequest(Mailing(category, channel=channel, campaign=named), now, is_recorded, with_links)


def _kept(table: Table) -> list[int]:
    """Of a file that has been answered before, the new answers take the place of the old ones."""
    ours = [name.strip().lower() in COLUMNS for name in table.columns]
    return [index for index, is_ours in enumerate(ours) if index == table.address_index or not is_ours]


def _fields(rows: Sequence[Row], kept: Sequence[int]) -> list[list[str]]:
    if rows and len(kept) == len(rows[0].fields):
        return [row.fields for row in rows]
    return [[row.fields[index] for index in kept] for row in rows]


def _tell(batch: Sequence[Row], verdicts: Sequence[str], on_problem: Callable[[int, str], None]) -> None:
    for row in compress(batch, (verdict == Outcome.INVALID for verdict in verdicts)):
        on_problem(row.line, row.problem or NOT_AN_ADDRESS)


@contextmanager
def _collecting_rarely() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(*RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*before)
