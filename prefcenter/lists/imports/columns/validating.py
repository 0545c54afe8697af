"""Refuses answers about columns that don't fit the file, such as typing errors."""

from collections.abc import Mapping

from prefcenter.lists.reader import Table
from unsubscribe.addresses import redact

from . import answers, cells
from .answers import EMPTY, FILLED, Answers, ColumnAnswer, NotUnderstood
from .asking import Asking
from .questions import ValueCounts
from .roles import Columns


class Misfit(NotUnderstood):
    """What was said of a column doesn't fit this file. The text says why, for people, and quotes only what was said."""


def columns_of(table: Table, columns: Columns, said: Mapping[str, ColumnAnswer]) -> None:
    """Checks, before a row is read, that the columns are there and can have such answers. Raises Misfit.

    said: by `answers.key`
    """
    dates = {one.name for one in columns.dates}
    for name, means in said.items():
        heading = redact(columns.headings.get(name, name))
        if name not in columns.headings:
            raise Misfit(f"This file has no column “{heading}”.")
        if _holds_the_addresses(table, name):
            raise Misfit(f"Column “{heading}” contains the addresses, so it can’t have another meaning.")
        if columns.is_own and name not in {answers.key("reason"), *dates}:
            raise Misfit(
                f"This file is an export of this site, so the meaning of its column “{heading}” can’t be changed."
            )
        if (means.order or means.is_undated) and name not in dates:
            raise Misfit(f"Column “{heading}” doesn’t say when people opted out, so its dates are not used.")


def values_of(asking: Asking, said: Answers) -> None:
    """Checks, after all rows were shown to `asking`, that the values are there. Raises Misfit."""
    for name, means in said.said.items():
        counts = asking.counts_of(name)
        unseen = _unseen(counts, means, said.kept.get(name) or ColumnAnswer()) if counts else ""
        if counts and unseen:
            raise Misfit(f"No row has “{unseen}” in column “{redact(counts.column.heading)}”.")
        if counts and means.is_address and not counts.addresses:
            raise Misfit(f"No row has an address in column “{redact(counts.column.heading)}”.")


def _holds_the_addresses(table: Table, name: str) -> bool:
    places = [place for place, heading in enumerate(table.columns) if answers.key(heading) == name]
    return places == [table.address_index]


def _unseen(counts: ValueCounts, means: ColumnAnswer, kept: ColumnAnswer) -> str:
    """A value in `means` that no row has and that was not kept from an earlier file; "" if there is none. A "true" may
    be named beside the "false" that all rows have."""
    named = means.values.keys() - {EMPTY, FILLED}
    unseen = [cell for cell in means.values if cell in named and cell not in counts.slots and cell not in kept.values]
    is_one_of_two = len(unseen) < len(named) or means.values.keys() & {EMPTY, FILLED}
    return next((cell for cell in unseen if not (is_one_of_two and cell in cells.YES | cells.NO)), "")
