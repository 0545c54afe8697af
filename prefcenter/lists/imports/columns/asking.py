"""Is shown all rows of a table, and says then what has to be asked about its columns before it is imported (law 13)."""

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
    """Of one reading of a table. Its properties hold once all rows were added."""

    def __init__(
        self,
        columns: Columns,
        *,
        now: datetime,
        channel: Channel = Channel.EMAIL,
        is_for_contacts: bool = False,
        reason: SuppressionReason | None = None,
    ) -> None:
        """now: aware; reason: chosen by hand, it answers for unknown states, unless others of the column say yes.

        For contacts nothing is asked about dates.
        """
        several, self._columns = Several(channel), columns
        self._is_for_contacts, self._of_addresses = is_for_contacts, columns.of_addresses
        self._counts = [ValueCounts(one, several, is_spoken_for=bool(reason) and one.is_state) for one in columns.asked]
        self._dates = [_Dates(one, now=now) for one in columns.dates if not is_for_contacts]

    @property
    def has_columns(self) -> bool:
        """Whether anything in a row could raise a question; if not, no row need be added."""
        return bool(self._counts or self._dates)

    def add(self, rows: Sequence[Row]) -> None:
        """Counts the cells of the next rows; of a row with a problem, none."""
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
        """By `answers.key`, the order of dates in columns of which all dates have one order in common."""
        found = {one.column.name: one.order for one in self._dates if not one.column.order}
        return {name: order.value for name, order in found.items() if order}

    @property
    def noticed(self) -> frozenset[str]:
        """The keys of columns with addresses about which nothing is asked: they are passed over (OtherAddresses)."""
        columns = (one.column for one in self.with_addresses)
        is_passed_over = headings.is_of_others
        return frozenset(one.name for one in columns if self._is_for_contacts or is_passed_over(one.heading))

    @property
    def with_addresses(self) -> list[ValueCounts]:
        """The columns most of whose values are addresses."""
        return [one for one in self._counts if one.holds_addresses]

    @property
    def questions(self) -> list[ColumnQuestion]:
        """The open ones, and those that were answered before. UNDATED is asked of a column only once its VALUES are
        known."""
        found = [questions.of_column(counts) for counts in self._counts]
        found += [self._about_addresses(counts) for counts in self._counts]
        asked = {one.name for one in found if one and one.is_open}
        dates = (one for column in self._dates for one in column.questions)
        found += [one for one in dates if one.kind != QuestionKind.UNDATED or one.name not in asked]
        return [one for one in found if one]

    def counts_of(self, name: str) -> ValueCounts | None:
        """The values of the column with this key; None if they were not counted."""
        return next((one for one in self._counts if one.column.name == name), None)

    def _about_addresses(self, counts: ValueCounts) -> ColumnQuestion | None:
        name = counts.column.name
        is_known = name in self._of_addresses or name in self.noticed or counts.column.means is not None
        if is_known or not counts.holds_addresses:
            return None
        shown = [Value("", "(an address)", counts.addresses)]
        return _question(counts.column, shown, QuestionKind.ADDRESSES, [answers.ADDRESS, answers.IGNORE])


class _Dates:
    """The dates of one column: which orders all of them can have, how many rows need one to be read, and how many hold
    something that can't be read as a date."""

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
        """The only order in which all are dates; None if there are several, or none."""
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
        """Whether an order is known. One that was said of another file counts only if all dates here have it too."""
        said = self.column.order
        return said in self._left or not self._left if said else self.order is not None


def _question(
    column: Column | DateColumn, shown: Sequence[Value], kind: QuestionKind, may_be: Sequence[str]
) -> ColumnQuestion:
    return ColumnQuestion(column.name, redact(column.heading)[:100], shown, may_be, kind=kind)


def _count(counts: Counter[str], text: str, rows: int) -> None:
    """Counts all texts under the first, which stands for them as the example."""
    counts[next(iter(counts), text)] += rows


def _example(counts: Mapping[str, int]) -> list[Value]:
    [(text, rows)] = counts.items()
    return [Value("", redact(text.strip())[: questions.LONGEST_TEXT], rows)]


def _counted(rows: Sequence[Row], index: int) -> Counter[str]:
    """How many rows have which cell in a column. A cell that repeats the row's address is not counted."""
    return Counter(
        [row.fields[index] for row in rows if row.problem is None and not _is_of_the_row(row.fields[index], row)]
    )


def _is_of_the_row(cell: str, row: Row) -> bool:
    return "@" in cell and cell.strip().lower() == row.address.lower()
