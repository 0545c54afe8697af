"""Turns the lines of a CSV into rows of even width. An open quote costs its own line, not those below it."""

import csv
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from .names import folded
from .several import Several
from .text import LINE_LIMIT

#: How many lines one record may have: addresses and notes hold line breaks.
RECORD_LINES = 50

#: The problem of a row whose address is not valid, as whoever validates it says it.
NOT_AN_ADDRESS = "this is not a valid address"
_QUOTE_WITHIN = "a quotation mark inside a quoted field is not doubled"
_CALMER = {
    "end of data": "a quoted field is never closed",
    "field larger": "a field is too long",
}
_TOO_MANY = "it has more fields than there are columns"
_OTHER_NAMES = "new column names start here: move this line and the lines below it to a separate file"
_BELOW_OTHERS = "it is below new column names: move it to a separate file"
_MARK = "\ufeff"
_row = tuple.__new__  # as Row() does, without a call in between: a tenth of the time that a usual line takes
# For Excel. Whatever wrote the line may have quoted it, and a spreadsheet fills it up to the width of the table.
_SEPARATOR = re.compile(r"\s*\"?\s*sep\s*=\s?(\\t|\t|[^\w\s\"])\"?[\s,;|\"]*", re.IGNORECASE)


def separator(line: str) -> str:
    """The delimiter that a line such as `sep=;` names; "" if it is no such line."""
    found = _SEPARATOR.fullmatch(line)
    return found[1].replace("\\t", "\t") if found else ""


class Row(NamedTuple):
    """A row of a table, or what is wrong with a line of it."""

    #: The line on which it starts, from 1; of a spreadsheet, the row, counted through all its sheets.
    line: int
    #: As many as there are columns; of a malformed line, the raw text in the first.
    fields: list[str]
    #: Stripped, not validated; "" if there is a problem.
    address: str
    #: Why it can't be read; None if it can.
    problem: str | None = None
    #: Beside a problem, what may say no all the same: the name of a sheet that is not read, or a word above this line.
    heard: str = ""


class LineError(csv.Error):
    """A line that the csv module reads and that is wrong all the same; the text is the row's `problem`."""


@dataclass(frozen=True)
class Layout:
    """How the lines below the heading are read."""

    columns: list[str]
    address_index: int
    delimiter: str
    several: Several
    #: The names that an address column may have, folded.
    names: Collection[str] = ()
    #: The line of the names as it stands, to recognise it in a file that was joined from several; "" if there is none.
    heading: str = ""
    #: Whether each line was put into quotes as a whole, once more.
    is_wrapped: bool = False


def read_rows(lines: Iterator[str], layout: Layout, *, line: int) -> Iterator[Row]:
    """The rows of the lines below the heading, but for blank ones. A cell with several addresses is a row for each.

    line: the number of the first of `lines`

    Reads through a window as long as the longest record. What fails at the start of a window is malformed: its first
    line is yielded with its problem, and reading goes on at the next one. What fails further down is tried again at the
    start of the next window. So csv's C code does the work, a bad line costs fifty, and by `strict` the quote that
    opens a later field shows that one before it was left open. Price accepted: if what follows can pass for its end, as
    in `,",x"`, up to 49 lines become part of the field.
    """
    records, index, delimiter = _Records(layout), layout.address_index, layout.delimiter
    usual = -1 if layout.is_wrapped else len(layout.columns)
    ats = 1 if layout.several.is_email else -1
    window: list[str] = []
    while window := [*window, *islice(lines, RECORD_LINES - len(window))]:
        used = 0
        try:
            reader = csv.reader(_sound(window, layout.heading), delimiter=delimiter, strict=True)
            for record in reader:
                fields = record if len(record) == usual else records.fit(record)
                address = fields[index].strip()
                if address.count("@") == ats:
                    yield _row(Row, (line + used, fields, address, None, ""))
                elif address or any(map(str.strip, fields)):  # a spreadsheet's blank line is ",,,"
                    yield from records.unusual(Row(line + used, fields, address))
                    usual = -1 if records.is_astray else usual
                used = reader.line_num
        except csv.Error as error:
            if not used:
                yield from records.malformed(line, window[0], error)
                used = 1
        line += used
        del window[:used]


def each_address(row: Row, address_index: int, several: Several, *, is_list: bool | None = None) -> Iterator[Row]:
    """The row, or, if its cell holds several addresses, one for each of them.

    is_list: whether the table holds nothing but addresses; None: it does if it has one column
    """
    addresses = several.split(row.address, is_list=len(row.fields) == 1 if is_list is None else is_list)
    if len(addresses) == 1:
        yield row
        return
    for address in addresses:
        fields = [*row.fields]
        fields[address_index] = address
        yield row._replace(fields=fields, address=address)


class _Records:
    """Reads the records that differ from most: in width, with no address or several, malformed, or a heading."""

    def __init__(self, layout: Layout) -> None:
        self._layout, self._several = layout, layout.several
        self._width, self._index = len(layout.columns), layout.address_index
        self._names = list(map(folded, layout.columns)) if layout.heading else None
        self.is_astray = False  # below other names than those of the columns, which then say something else

    def fit(self, record: list[str]) -> list[str]:
        """The record as wide as the table. Raises LineError where it can't be."""
        if self.is_astray:
            raise LineError(_BELOW_OTHERS)
        record = self._unwrapped(record)
        if self._width == 1 and len(record) > 1 and (listed := self._listed(record)):
            return listed
        if any(map(str.strip, record[self._width :])):
            raise LineError(_TOO_MANY)
        return [*record[: self._width], *[""] * (self._width - len(record))]

    def unusual(self, row: Row) -> Iterator[Row]:
        """The rows of one that has no address, or several, or is on a channel without @; none for the heading again;
        for another heading a problem, as then for each line below it."""
        if self._is_heading(row.fields):
            return
        if self._is_another_heading(row):
            self.is_astray = True
            row = row._replace(address="", problem=_OTHER_NAMES)
        yield from each_address(row, self._index, self._several)

    def malformed(self, line: int, text: str, error: csv.Error) -> Iterator[Row]:
        """A row with the problem of this line, unless it can be read another way: with escaped quotes, or, in a list,
        with quotes around names (`"Ada, Countess" <a@x.com>; b@x.com`)."""
        if (fields := self._escaped(text)) is not None:
            yield from each_address(Row(line, fields, fields[self._index].strip()), self._index, self._several)
            return
        raw = text.strip()
        parts = self._several.split(raw) if self._width == 1 else []
        if parts and all(map(self._several.reads, parts)):
            for part in parts:
                yield Row(line, [part], part)
            return
        problem = str(error) if isinstance(error, LineError) else _why(text, self._layout.delimiter)
        yield Row(line, [text.rstrip("\r\n"), *[""] * (self._width - 1)], "", problem)

    def _escaped(self, text: str) -> list[str] | None:
        """The line as MySQL and PHP may write it, with a backslash before a quote in quotes; None if it is none."""
        if '\\"' not in text or self.is_astray:
            return None
        delimiter = self._layout.delimiter
        try:
            fields = next(csv.reader([text], delimiter=delimiter, strict=True, escapechar="\\", doublequote=False))
        except csv.Error:
            return None
        return fields if len(fields) == self._width else None

    def _unwrapped(self, record: list[str]) -> list[str]:
        """The record within the only field of this one."""
        delimiter = self._layout.delimiter
        filled = [cell for cell in record if cell.strip()]
        if self._width == 1 or len(filled) != 1 or delimiter not in filled[0]:
            return record
        return next(csv.reader(filled[0].splitlines(keepends=True), delimiter=delimiter, strict=True))

    def _listed(self, record: list[str]) -> list[str]:
        """The only field of a list, if all of these may be addresses."""
        return ["; ".join(filter(str.strip, record))] if self._several.is_list(record) else []

    def _is_heading(self, fields: list[str]) -> bool:
        if self._names is None:
            return False
        return list(map(folded, fields)) == self._names or bool(separator(self._layout.delimiter.join(fields)))

    def _is_another_heading(self, row: Row) -> bool:
        """Whether this names the address column where the heading does, and other columns beside it; or the same
        columns in another order."""
        filled = [cell for cell in row.fields if cell.strip()]
        if self._names is None or len(filled) < 2 or any("@" in cell for cell in filled):
            return False
        is_there = folded(row.address) in self._layout.names
        return is_there or sorted(map(folded, row.fields)) == sorted(self._names)


def _sound(window: list[str], heading: str) -> list[str]:
    """The lines before the first that is too long or holds a NUL byte. Raises LineError if that is the first."""
    text = "".join(window)
    if _MARK in text and heading:
        window = [_before_heading(line, heading) for line in window]
    if "\0" not in text and len(text) <= LINE_LIMIT:
        return window
    for count, line in enumerate(window):
        if problem := _flaw(line):
            if not count:
                raise LineError(problem)
            return window[:count]
    return window


def _before_heading(line: str, heading: str) -> str:
    """A file that did not end its last line was joined with the next: the heading stands behind a byte order mark."""
    before, _, after = line.partition(_MARK)
    return f"{before}\n" if after.strip() == heading else line


def _flaw(line: str) -> str | None:
    if len(line) > LINE_LIMIT:
        return f"it is longer than {LINE_LIMIT:,} characters"
    return "it contains a NUL byte" if "\0" in line else None


def _why(line: str, delimiter: str) -> str:
    """What is wrong with a line that csv refuses, for people."""
    said = ""
    try:
        next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error as error:
        said = str(error)
    return next((ours for theirs, ours in _CALMER.items() if theirs in said), _QUOTE_WITHIN)
