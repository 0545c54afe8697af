"""Reads a table of people from a binary stream, row by row; it refuses to hold the file in memory.

    table = open_table(sys.stdin.buffer)
    for row in table:
        row.problem or row.address

Encoding, delimiter and address column are recognised. A malformed line is yielded with its problem instead of
an address, and the lines after it are read as if it were not there: an open quote swallows nobody else's wish.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import BinaryIO

from .columns import find_address, folded, plain_list_heading, wanted
from .errors import EmptyTableError, NoAddressColumnError, NoColumnNamesError, NotATableError, TableError
from .header import read_header
from .rows import Row, read_rows
from .text import read_text

__all__ = [
    "EmptyTableError",
    "NoAddressColumnError",
    "NoColumnNamesError",
    "NotATableError",
    "Row",
    "Table",
    "TableError",
    "folded",
    "open_table",
]


@dataclass(frozen=True)
class Table:
    """What was recognised, and the rows. Like the stream beneath it, it can be read once."""

    columns: list[str]
    address_index: int
    encoding: str
    delimiter: str
    rows: Iterator[Row] = field(repr=False, compare=False)

    def __iter__(self) -> Iterator[Row]:
        return self.rows


def open_table(stream: BinaryIO, *, channel: str = "email", or_hash: bool = False) -> Table:
    """Raises a TableError if this is no table or nobody in it can be reached on this channel.

    `or_hash`: a table that has hashes in place of addresses is one too.
    """
    text = read_text(stream)
    sought = wanted(channel, or_hash=or_hash)
    header = read_header(text.lines, wanted=sought)
    columns, rest, line = header.columns, chain(header.following, text.lines), header.next_line
    if heading := plain_list_heading(columns, sought):
        columns, rest, line = [heading], chain(header.own, rest), header.line
    index = find_address(columns, sought)
    rows = read_rows(rest, line=line, delimiter=header.delimiter, width=len(columns), address_index=index)
    return Table(columns, index, text.encoding, header.delimiter, rows)
