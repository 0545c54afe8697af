"""Reads a table of addresses from a binary stream, row by row, in bounded memory.

    table = open_table(sys.stdin.buffer)
    for row in table:
        row.problem or row.address

CSV in any dialect, plain lists, JSON and XLSX; encoding, delimiter and address column are recognised. A malformed line
is yielded with its problem instead of an address, and the lines after it are read as if it were not there: an open
quote swallows nobody else's wish. A cell with several addresses is a row for each of them, under the same number.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import BinaryIO

from unsubscribe.choices import Channel

from . import sheets
from .columns import WantedColumn, find_address, named_index, others, unnamed, wanted
from .errors import EmptyTableError, NoAddressColumnError, NoColumnNamesError, NotATableError, TableError
from .header import read_header
from .json_records import read_records
from .names import folded, words
from .rows import NOT_AN_ADDRESS, Layout, Row, read_rows
from .several import Several
from .text import Text, read_text

__all__ = [
    "NOT_AN_ADDRESS",
    "EmptyTableError",
    "NoAddressColumnError",
    "NoColumnNamesError",
    "NotATableError",
    "Row",
    "Several",
    "Table",
    "TableError",
    "folded",
    "open_table",
    "others",
    "places_of",
    "words",
]


@dataclass(frozen=True)
class Table:
    """What was recognised, and the rows. Like the stream beneath it, it can be read once."""

    #: The names of the columns as they stand in the file; of JSON, the keys.
    columns: list[str]
    #: Which of them has the addresses, from 0.
    address_index: int
    #: As Python names it; "xlsx" of a spreadsheet.
    encoding: str
    #: "" of JSON and of a spreadsheet.
    delimiter: str
    rows: Iterator[Row] = field(repr=False, compare=False)
    #: How many days the numbers of days in a spreadsheet are too low: some count from 1904 on.
    days_later: int = 0
    #: What stands above the names of the columns, a text for each line or row.
    titles: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Row]:
        return self.rows


def open_table(stream: BinaryIO, *, channel: str = "email", or_hash: bool = False) -> Table:
    """The table in a stream. Of CSV and JSON a pipe will do; a spreadsheet has to be seekable.

    channel: the Channel whose addresses are looked for
    or_hash: a column with hashes of addresses will do where no address is named

    Raises a TableError, whose text is for people, if this is no table or has no column of such addresses. Reading the
    rows raises NotATableError where a workbook turns out to be broken.
    """
    sought, several = wanted(channel, or_hash=or_hash), Several(Channel(channel), or_hash=or_hash)
    if sheets.is_sheet(stream):
        return _open_sheet(sheets.read_sheet(stream, wanted=sought, several=several), sought, several)
    text = read_text(stream)
    if text.is_json:
        return _open_json(text, sought, several)
    header = read_header(text.lines, wanted=sought, several=several)
    given = unnamed(header.columns, sought, several)
    columns = given or header.columns
    own, line = (header.own, header.line) if given else ([], header.next_line)
    layout = Layout(
        columns=columns,
        address_index=find_address(columns, sought),
        delimiter=header.delimiter,
        several=several,
        names=sought.names,
        heading="" if given else header.own[0].strip(),
        is_wrapped=header.is_wrapped,
    )
    rows = read_rows(chain(own, header.following, text.lines), layout, line=line)
    return Table(columns, layout.address_index, text.encoding, header.delimiter, rows, titles=header.titles)


def places_of(columns: Sequence[str], address_index: int, *, channel: Channel) -> dict[Channel, int]:
    """The indexes of the columns that by their names hold addresses of each channel.

    address_index, channel: the column that is read, and for what; it counts for the channels whose addresses look the
    same too (a phone number for texts is one for calls)
    """
    sought = {one: wanted(one, or_hash=False) for one in Channel}
    found = {one: named_index(columns, each) for one, each in sought.items()}
    alike = {one for one in Channel if sought[one].address is sought[channel].address}
    return {
        one: place for one, place in found.items() if place is not None and (place != address_index or one in alike)
    }


def _open_json(text: Text, sought: WantedColumn, several: Several) -> Table:
    def has_address(columns: Sequence[str]) -> bool:
        return named_index(columns, sought) is not None

    records = read_records(text.pieces, has_address=has_address, is_address=several.reads, heading=sought.heading)
    index = find_address(records.columns, sought, is_named=True)
    return Table(records.columns, index, text.encoding, "", records.rows(index, several))


def _open_sheet(sheet: sheets.SheetTable, sought: WantedColumn, several: Several) -> Table:
    if given := unnamed(sheet.columns, sought, several):
        sheet = sheet.named(given)
    index = find_address(sheet.columns, sought)
    rows = sheets.rows(sheet, index, several)
    return Table(sheet.all_columns, index, sheets.ENCODING, "", rows, sheet.days_later, sheet.titles)
