"""A column that says when somebody said no: which cells of it are dates, and of what day."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from . import cells, consent, dates
from .answers import ColumnAnswer
from .dates import DateOrder

Read = Callable[..., datetime | None]


class DateColumn(NamedTuple):
    """`is_dates`: its cells are dates or nothing; of another column they may be words as well. `has_serials`: a number
    may be a date, as a spreadsheet counts them; `days_later`: see Table. `reads`: how dates are read, where not as by
    `dates.moment`.
    """

    name: str
    heading: str
    place: int
    means: ColumnAnswer
    is_dates: bool
    has_serials: bool
    reads: Read | None = None
    days_later: int = 0

    @property
    def order(self) -> DateOrder | None:
        """Of its dates, as somebody said or all of them show."""
        return DateOrder(self.means.order) if self.means.order else None

    def read(self, cell: str, *, now: datetime) -> datetime | None:
        """None for a cell that holds no date, or one that cannot be read."""
        found = (self.reads or dates.moment)(cell, now=now, order=self.order)
        if found is not None or not self.has_serials:
            return found
        return dates.serial(cell, now=now, days_later=self.days_later)

    def is_unread(self, cell: str, *, now: datetime) -> bool:
        """Whether there is something in the cell that should be a date, and cannot be read as one."""
        if not cell or self.read(cell, now=now):
            return False
        folded = cells.folded(cell)
        if cells.is_empty(folded) or self._is_word(folded):
            return False
        return self.is_dates or cells.is_date(folded)

    def _is_word(self, cell: str) -> bool:
        return cell in self.means.values or cell == "never" or consent.is_word(cell)
