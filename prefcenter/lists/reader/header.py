"""Finds the line with the column names, also below titles, and by it the delimiter."""

import csv
import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from .columns import WantedColumn, named_index
from .errors import EmptyTableError, NotATableError
from .rows import RECORD_LINES, separator
from .several import Several
from .text import LINE_LIMIT

#: Those that are tried, beside one that a line such as `sep=^` declares.
DELIMITERS = ",;\t|"

_QUOTED = re.compile(r'(?:\A|(?<=[,;\t|]))"(?:[^"]|"")*"')
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_NOTHING = f'{DELIMITERS}" \t\r\n'


class HeaderRow(NamedTuple):
    """The line with the column names, or the first line of a table without names."""

    #: The number of its first line, from 1.
    line: int
    columns: list[str]
    delimiter: str
    #: Its lines, as they stand.
    own: list[str]
    #: Lines below it that had to be read to find its end.
    following: list[str]
    #: Whether it was put into quotes as a whole.
    is_wrapped: bool = False
    #: The lines above it, but for blank ones.
    titles: tuple[str, ...] = ()

    @property
    def next_line(self) -> int:
        """The number of the line below it."""
        return self.line + len(self.own)


class _Names(NamedTuple):
    columns: list[str]
    length: int  # in lines
    is_wrapped: bool = False


def read_header(lines: Iterator[str], *, wanted: WantedColumn, several: Several) -> HeaderRow:
    """Takes as many of `lines` as it needs. Raises EmptyTableError if they are blank, and NotATableError."""
    line, first = _first(lines)
    declared = separator(first)
    if declared:
        above, first = _first(lines)
        line += above
    if not first:
        raise EmptyTableError
    if len(first) > LINE_LIMIT:
        raise NotATableError
    head = [first, *islice(lines, RECORD_LINES - 1)]
    above = _above(head, wanted, several)
    titles = tuple(text.strip(_NOTHING) for text in head[:above] if text.strip(_NOTHING))
    line, head = line + above, head[above:]
    delimiter = _delimiter(head, wanted, declared)
    try:
        names = _names(head, delimiter, wanted)
    except NotATableError:
        if not all(map(several.reads, several.split(head[0].strip()))):
            raise
        names = _Names([head[0].strip()], 1)  # a list, in which quotes stand around names
    return HeaderRow(
        line, names.columns, delimiter, head[: names.length], head[names.length :], names.is_wrapped, titles
    )


def _first(lines: Iterator[str]) -> tuple[int, str]:
    """The number of the first line with something on it, and the line; zero and "" if there is none."""
    return next(((n, text) for n, text in enumerate(lines, 1) if text.strip(_NOTHING)), (0, ""))


def _above(head: list[str], wanted: WantedColumn, several: Several) -> int:
    """How many lines stand above the names: a title, the day of the export.

    A line with an address ends the search, so that none is taken for a title. Below names that are found further down
    there must be an address, or nothing at all. Of several lines with a known name, it is the one with most names: a
    title may be called "Email" too.
    """
    found, most = 0, 0
    for above, text in enumerate(head):
        if not text.strip(_NOTHING):
            continue
        if several.has_address(text):
            break
        count = max(_count(head[above:], each, wanted) for each in DELIMITERS)
        if count > most and (not above or _is_above_addresses(head, above, several)):
            found, most = above, count
    return found


def _count(head: list[str], delimiter: str, wanted: WantedColumn) -> int:
    """How many columns have names, if one of them is the address's; else none."""
    try:
        columns = _names(head, delimiter, wanted).columns
    except NotATableError:
        return 0
    return sum(map(bool, map(str.strip, columns))) if named_index(columns, wanted) is not None else 0


def _is_above_addresses(head: list[str], above: int, several: Several) -> bool:
    """Whether an address stands below this line; or nothing does, and the titles above it have fewer cells."""
    below = head[above + 1 :]
    if any(text.strip(_NOTHING) for text in below):
        return any(map(several.has_address, below))
    return max(map(_cells, head[:above])) < _cells(head[above])


def _cells(line: str) -> int:
    return sum(map(bool, map(str.strip, re.split(r"[,;\t|]", line))))


def _delimiter(head: list[str], wanted: WantedColumn, declared: str) -> str:
    """The one that uncovers an address column, else the one declared, else the most frequent.

    Names may hold the others, and a file that was converted may still declare its old one.
    """
    names = re.split(r"[\r\n]", _QUOTED.sub("", "".join(head)), maxsplit=1)[0]
    candidates = DELIMITERS + declared
    return max(candidates, key=lambda each: (_count(head, each, wanted) > 0, each == declared, names.count(each)))


def _names(head: list[str], delimiter: str, wanted: WantedColumn) -> _Names:
    names, length = _parsed(head, delimiter)
    filled = [name for name in names if name.strip()]
    if len(filled) == 1 and delimiter in filled[0] and named_index(names, wanted) is None:
        inner, _ = _parsed(filled[0].splitlines(keepends=True), delimiter)
        if named_index(inner, wanted) is not None:
            return _Names(inner, length, is_wrapped=True)
    return _Names(names, length)


def _parsed(head: list[str], delimiter: str) -> tuple[list[str], int]:
    reader = csv.reader(head, delimiter=delimiter, strict=True)
    try:
        names = next(reader)
    except csv.Error:
        raise NotATableError from None
    if any(map(_CONTROL.search, names)):
        raise NotATableError
    return names, reader.line_num
