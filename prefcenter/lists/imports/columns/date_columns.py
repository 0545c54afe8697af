"""A column that says when somebody said no."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from . import cells, consent, dates
from .answers import ColumnAnswer
from .dates import DateOrder


class DateColumn(NamedTuple):
    """One column, and how its dates are read."""

    #: `answers.key` of its heading.
    name: str
    #: As it stands in the file.
    heading: str
    #: Its index, from 0.
    place: int
    #: What was said of it.
    means: ColumnAnswer
    #: Whether its cells are dates or nothing; in other columns they may be words too.
    is_dates: bool
    #: Whether a number may be a date, as spreadsheets count them.
    has_serials: bool
    #: Reads a text as dates.moment does; None: that.
    reads: Callable[..., datetime | None] | None = None
    #: See Table.
    days_later: int = 0

    @property
    def order(self) -> DateOrder | None:
        """The order of its dates, as it was said or as all of them show; None if it is not known."""
        return DateOrder(self.means.order) if self.means.order else None

    def read(self, cell: str, *, now: datetime) -> datetime | None:
        """The moment, aware and not later than `now`; None for a cell that holds no date, or one that can't be read."""
        found = (self.reads or dates.moment)(cell, now=now, order=self.order)
        if found is not None or not self.has_serials:
            return found
        return dates.serial(cell, now=now, days_later=self.days_later)

    def is_unread(self, cell: str, *, now: datetime) -> bool:
        """Whether the cell holds something that should be a date and can't be read as one."""
        if not cell or self.read(cell, now=now):
            return False
        folded = cells.folded(cell)
        if cells.is_empty(folded) or self._is_word(folded):
            return False
        return self.is_dates or cells.is_date(folded)

    def _is_word(self, cell: str) -> bool:
        return cell in self.means.values or cell == "never" or consent.is_word(cell)
