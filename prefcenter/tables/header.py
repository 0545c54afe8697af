"""Reads the line with the column names and recognises the delimiter by it; it refuses what is no text."""

import csv
import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from .columns import Wanted, named_index
from .errors import EmptyTableError, NotATableError
from .rows import RECORD_LINES
from .text import LINE_LIMIT

DELIMITERS = ",;\t|"

_QUOTED = re.compile(r'(?:\A|(?<=[,;\t|]))"(?:[^"]|"")*"')
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_NOTHING = f'{DELIMITERS}" \t\r\n'


class Header(NamedTuple):
    line: int
    columns: list[str]
    delimiter: str
    own: list[str]  # its lines
    following: list[str]  # lines that had to be read to find its end

    @property
    def next_line(self) -> int:
        return self.line + len(self.own)


def read_header(lines: Iterator[str], *, wanted: Wanted) -> Header:
    line, first = next(((n, text) for n, text in enumerate(lines, 1) if text.strip(_NOTHING)), (0, ""))
    if not first:
        raise EmptyTableError
    if len(first) > LINE_LIMIT:
        raise NotATableError
    head = [first, *islice(lines, RECORD_LINES - 1)]
    delimiter = _delimiter(head, wanted)
    columns, length = _names(head, delimiter)
    return Header(line, columns, delimiter, head[:length], head[length:])


def _delimiter(head: list[str], wanted: Wanted) -> str:
    """The one that uncovers an address column, else the most frequent; names may hold the others."""
    names = re.split(r"[\r\n]", _QUOTED.sub("", "".join(head)), maxsplit=1)[0]
    return max(DELIMITERS, key=lambda each: (_uncovers(head, each, wanted), names.count(each)))


def _uncovers(head: list[str], delimiter: str, wanted: Wanted) -> bool:
    try:
        return named_index(_names(head, delimiter)[0], wanted) is not None
    except NotATableError:
        return False


def _names(head: list[str], delimiter: str) -> tuple[list[str], int]:
    reader = csv.reader(head, delimiter=delimiter, strict=True)
    try:
        names = next(reader)
    except csv.Error:
        raise NotATableError from None
    if any(map(_CONTROL.search, names)):
        raise NotATableError
    return names, reader.line_num
