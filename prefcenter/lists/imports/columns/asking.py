"""Is shown the rows of a table, and says at the end what has to be asked about its columns before anything is done."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from prefcenter.lists.reader import Row, Several
from unsubscribe.addresses import redact
from unsubscribe.choices import Channel, SuppressionReason

from . import answers, headings, questions
from .consent import SUBSCRIBED
from .date_columns import DateColumn
from .dates import DateOrder, orders, reads_two_ways
from .questions import ColumnQuestion, QuestionKind, Value, ValueCounts
from .roles import Column, Columns


class Asking:
    """One for each reading of a table."""

    def __init__(
        self,
        columns: Columns,
        *,
        now: datetime,
        channel: Channel = Channel.EMAIL,
        is_for_contacts: bool = False,
        reason: SuppressionReason | None = None,
    ) -> None:
        """`reason`: chosen by hand, it speaks for the states that are not known, unless others of the column say yes.
        When they said no is of no importance for contacts."""
        several, self._columns = Several(channel), columns
        self._is_for_contacts, self._of_addresses = is_for_contacts, columns.of_addresses
        self._counts = [ValueCounts(one, several, is_spoken_for=bool(reason) and one.is_state) for one in columns.asked]
        self._dates = [_Dates(one, now=now) for one in columns.dates if not is_for_contacts]

    @property
    def has_columns(self) -> bool:
        """False: nothing in any row could raise a question."""
        return bool(self._counts or self._dates)

    def add(self, rows: Sequence[Row]) -> None:
        for counts in self._counts:
            for index in counts.column.indexes:
                counts.add(_counted(rows, index))
        if self._columns.is_of_noes:
            self._doubt([row for row in rows if row.problem is None and self._columns.said(row.fields) == SUBSCRIBED])
        for dates in self._dates:
            dates.add(_counted(rows, dates.column.place))

    def _doubt(self, rows: Sequence[Row]) -> None:
        for counts in self._counts:
            for index in counts.column.indexes:
                counts.doubt(_counted(rows, index))

    @property
    def orders(self) -> dict[str, str]:
        """How the dates of columns are read that show it themselves, by their names."""
        found = {one.column.name: one.order for one in self._dates if not one.column.order}
        return {name: order.value for name, order in found.items() if order}

    @property
    def noticed(self) -> frozenset[str]:
        """The names of columns that hold addresses, and of which nobody is asked whether they are their people's."""
        columns = (one.column for one in self.with_addresses)
        is_passed_over = headings.is_of_somebody_else
        return frozenset(one.name for one in columns if self._is_for_contacts or is_passed_over(one.heading))

    @property
    def with_addresses(self) -> list[ValueCounts]:
        return [one for one in self._counts if one.holds_addresses]

    @property
    def questions(self) -> list[ColumnQuestion]:
        """The open ones, and those that were answered before. Whether what is no date may count as now is asked after
        it is known what it means."""
        found = [questions.of_column(counts) for counts in self._counts]
        found += [self._about_addresses(counts) for counts in self._counts]
        asked = {one.name for one in found if one and one.is_open}
        dates = (one for column in self._dates for one in column.questions)
        found += [one for one in dates if one.kind != QuestionKind.UNDATED or one.name not in asked]
        return [one for one in found if one]

    def counts_of(self, name: str) -> ValueCounts | None:
        """The values of the column with this name, as far as they were counted."""
        return next((one for one in self._counts if one.column.name == name), None)

    def _about_addresses(self, counts: ValueCounts) -> ColumnQuestion | None:
        name = counts.column.name
        is_known = name in self._of_addresses or name in self.noticed or counts.column.means is not None
        if is_known or not counts.holds_addresses:
            return None
        shown = [Value("", "(an address)", counts.addresses)]
        return _question(counts.column, shown, QuestionKind.ADDRESSES, [answers.ADDRESS, answers.IGNORE])


class _Dates:
    """The dates of one column: which orders all of them can have, how many rows would need one to be said, and how many
    hold something that cannot be read as a date."""

    def __init__(self, column: DateColumn, *, now: datetime) -> None:
        self.column, self._now = column, now
        self._left = frozenset(DateOrder)
        self._ambiguous, self._unread = Counter[str](), Counter[str]()

    def add(self, counted: Mapping[str, int]) -> None:
        for text, rows in counted.items():
            if found := orders(text, now=self._now):
                self._left = self._left & found
            if found and reads_two_ways(text, now=self._now):
                _count(self._ambiguous, text, rows)
            elif self.column.is_unread(text, now=self._now):
                _count(self._unread, text, rows)

    @property
    def order(self) -> DateOrder | None:
        """The only one in which all are dates. None if there are several, or none for all of them."""
        return next(iter(self._left)) if len(self._left) == 1 else None

    @property
    def questions(self) -> list[ColumnQuestion]:
        found = []
        if self._ambiguous and not self._knows_order:
            may_be = sorted(self._left - {DateOrder.YEAR_FIRST} or set(DateOrder) - {DateOrder.YEAR_FIRST})
            found.append(_question(self.column, _example(self._ambiguous), QuestionKind.ORDER, may_be))
        if self._unread and not self.column.means.is_undated:
            found.append(_question(self.column, _example(self._unread), QuestionKind.UNDATED, [answers.UNDATED]))
        return found

    @property
    def _knows_order(self) -> bool:
        """What was said of another file holds for this one only if all of its dates can be read so."""
        said = self.column.order
        return said in self._left or not self._left if said else self.order is not None


def _question(
    column: Column | DateColumn, shown: Sequence[Value], kind: QuestionKind, may_be: Sequence[str]
) -> ColumnQuestion:
    return ColumnQuestion(column.name, redact(column.heading)[:100], shown, may_be, kind=kind)


def _count(counts: Counter[str], text: str, rows: int) -> None:
    """Under one of the texts: the first stands for all."""
    counts[next(iter(counts), text)] += rows


def _example(counts: Mapping[str, int]) -> list[Value]:
    [(text, rows)] = counts.items()
    return [Value("", redact(text.strip())[: questions.LONGEST_TEXT], rows)]


def _counted(rows: Sequence[Row], index: int) -> Counter[str]:
    """An address that the row has anyhow counts as nothing."""
    return Counter(
        [row.fields[index] for row in rows if row.problem is None and not _is_of_the_row(row.fields[index], row)]
    )


def _is_of_the_row(cell: str, row: Row) -> bool:
    return "@" in cell and cell.strip().lower() == row.address.lower()
