"""Answers a file of addresses with a file of verdicts, links and headers, batch by batch (manage.py audience).

answering.py asks the gate, listed.py reads what the list itself says of its contacts, lines.py writes.
"""

import gc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import compress, islice
from typing import TYPE_CHECKING

from django.db import reset_queries

from prefcenter.lists.reader import NOT_AN_ADDRESS, Row, Table
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

#: Rows that are read, asked about and written together.
BATCH = 5000
#: Thresholds of gc. By default it runs after 700 new objects, which took a third of the time; no object here is garbage
#: before its batch is written.
RARELY = (50_000, 20, 50)

#: Rows by the verdict they got, an Outcome.
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
    """Writes the input's columns and ours as CSV to `out`. Returns how many rows got which verdict, written or not.

    table:       from reader.open_table; it is read to the end
    only:        an Outcome; only rows with this verdict are written. "" writes all
    listed:      what the list itself says; None: by what was kept about its columns
    on_problem:  called for each `invalid` row, with its line number and why
    on_progress: called after each batch with the number of rows so far
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
    """Our columns for each row. Rows that say no in the list are answered by `declined`: they are neither recorded nor
    learnt."""
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
    """What `write_answers` asks. The campaign is made if it is new; a blank name is none. Raises RetiredCategory.

    now:         aware
    is_recorded: counts those that may be sent to as sent
    with_links:  whether links and headers are written beside the verdicts
    """
    purpose_of(category, None)
    named = actions.campaign_named(campaign, category=category, now=now)
    return FileRequest(Mailing(category, channel=channel, campaign=named), now, is_recorded, with_links)


def _kept(table: Table) -> list[int]:
    """The columns that are written again: of a file that was answered before, not the old answers."""
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
