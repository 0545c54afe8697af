"""Further columns with addresses of the same contact. An opt-out is taken for each of them; in an import of contacts
they are passed over."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from prefcenter.lists.reader import Row, Several, Table
from unsubscribe.addresses import redact
from unsubscribe.choices import Channel

from . import answers
from .answers import ColumnAnswer
from .roles import Columns


class OtherAddressCounts(NamedTuple):
    """How many further addresses there were, by the headings of their columns (without addresses)."""

    #: Those that became rows.
    taken: Mapping[str, int] = {}
    #: Those that did not.
    passed_over: Mapping[str, int] = {}


class OtherAddresses:
    """Reads the further addresses of one table.

    noticed: the keys of columns in which addresses were seen (Asking.noticed); those are passed over and counted
    """

    def __init__(
        self, table: Table, columns: Columns, *, channel: Channel, is_for_contacts: bool, noticed: Collection[str] = ()
    ) -> None:
        self._several = Several(channel)
        self._taken: list[int] = []
        self._passed_over: list[int] = []
        self._headings, self._counts = table.columns, Counter[int]()
        for index, heading in enumerate(table.columns):
            name = answers.key(heading)
            means = columns.answers.of(name) or ColumnAnswer()
            if index == table.address_index or name not in columns.of_addresses.union(noticed):
                continue
            is_read = name in columns.of_addresses and not means.is_ignored
            (self._taken if is_read and not is_for_contacts else self._passed_over).append(index)

    def rows(self, rows: Iterator[Row]) -> Iterator[Row]:
        """These rows, and one for each further address that is taken, with the same number and fields."""
        return self._expanded(rows) if self._taken or self._passed_over else rows

    def found(self) -> OtherAddressCounts:
        """The counts since the last call."""
        counts, self._counts = self._counts, Counter()
        return OtherAddressCounts(self._by_heading(self._taken, counts), self._by_heading(self._passed_over, counts))

    def note(self, rows: Sequence[Row]) -> None:
        """Counts what these rows pass over, where they are not read by `rows`."""
        for row in rows if self._passed_over else ():
            self._pass_over(row)

    def _expanded(self, rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            if row.problem:
                yield row
                continue
            self._pass_over(row)
            more = [(index, text) for index in self._taken for text in self._texts(row, index)]
            if row.address or not more:
                yield row
            for index, text in more:
                self._counts[index] += 1
                yield row._replace(address=text)

    def _pass_over(self, row: Row) -> None:
        for index in self._passed_over if row.problem is None else ():
            self._counts[index] += len(self._texts(row, index))

    def _texts(self, row: Row, index: int) -> list[str]:
        """The addresses in one cell; none where it repeats the row's own."""
        cell = row.fields[index].strip()
        if not cell or cell.lower() == row.address.lower():
            return []
        return [one.strip() for one in self._several.split(cell) if self._several.may_be(one)]

    def _by_heading(self, indexes: Sequence[int], counts: Counter[int]) -> dict[str, int]:
        found: Counter[str] = Counter()
        for index in indexes:
            if counts[index]:
                found[redact(self._headings[index]).strip()[:100]] += counts[index]
        return dict(found)
