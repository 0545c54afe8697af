"""Reads a table of people from a spreadsheet (.xlsx), row by row, each cell as text; it refuses what is too large."""

import re
import zipfile
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import BinaryIO, NamedTuple

from openpyxl import load_workbook
from openpyxl.utils.datetime import CALENDAR_WINDOWS_1900

from . import sheet_cells
from .columns import WantedColumn, named_index
from .errors import ArchiveError, EmptyTableError, FormulaError, NotATableError, SheetTooLargeError, TableError
from .rows import Row, each_address
from .several import Several
from .sheet_cells import CANNOT_BE_READ

ENCODING = "xlsx"
_BEGINS = b"PK\x03\x04"
#: Bytes when unpacked. The texts of all cells are read at once; the sheets are read row by row.
MOST_TEXTS, MOST = 256 * 2**20, 4 * 2**30
#: So many rows are looked at to find the one with the names.
AHEAD = 50
_TEXTS, _BOOK = "xl/sharedStrings.xml", "xl/workbook.xml"
_OF_TABLES = (".csv", ".txt", ".tsv", ".json", ".xlsx")
_ANOTHER_TABLE = "another sheet with other columns starts here: save it as a separate file"
_NOT_OF_PEOPLE = "this sheet has no column with addresses, so it is not read"
#: How spreadsheets number their sheets, which then says nothing about what they hold.
_NUMBERED = re.compile(r"[\d\s()_.-]+")
_USUAL = frozenset(["", "sheet", "worksheet", "tabelle", "feuil", "feuille", "hoja", "planilha", "シート", "ورقة"])
SHEET = "Sheet"


class SheetTable(NamedTuple):
    """The names of the columns, or the first row, and the rows below it, each with the number of its line.

    `title`: of the sheet on which the columns are, if the names of the sheets say something; then each of the lines
    ends with the name of its sheet. `days_later`: the number of a day is so many too low (1904 date system).
    `titles`: what stands above the names of the columns, row by row.
    """

    columns: list[str]
    lines: Iterator[tuple[int, list[str]]]
    title: str = ""
    days_later: int = 0
    titles: tuple[str, ...] = ()

    def named(self, columns: Sequence[str]) -> "SheetTable":
        """With names for its columns, where the first row had none."""
        own = [*self.columns, self.title] if self.title else self.columns
        return self._replace(columns=[*columns], lines=chain([(1, own)], self.lines))

    @property
    def all_columns(self) -> list[str]:
        return [*self.columns, SHEET] if self.title else self.columns


class _Head(NamedTuple):
    """How a sheet begins: the row with the names, or else the first that is not blank, and its place from 0."""

    sheet: sheet_cells.SheetCells
    place: int
    columns: list[str]
    is_named: bool
    is_list: bool
    titles: tuple[str, ...] = ()


def is_sheet(stream: BinaryIO) -> bool:
    """A stream that cannot go back, such as a pipe, holds none: a spreadsheet is read from its end."""
    if not stream.seekable():
        return False
    start = stream.tell()
    begins = stream.read(len(_BEGINS))
    stream.seek(start)
    return begins == _BEGINS


def read_sheet(stream: BinaryIO, *, wanted: WantedColumn, several: Several) -> SheetTable:
    """Raises a TableError for what is no workbook, is empty or too large, or has formulas without results.

    The table is on the first sheet that has a column of addresses; every sheet with the same names goes on with it, as
    our exports do after a million rows. Names of their own ("Subscribed", "Unsubscribed") stand in a last column.
    """
    try:
        _weigh(stream)
        book = load_workbook(stream, read_only=True, data_only=True)
    except TableError:
        raise
    except CANNOT_BE_READ as error:
        raise NotATableError from error
    sheets = map(sheet_cells.looked_at, book.worksheets)
    heads = [head for one in sheets if (head := _head(one, wanted, several))]
    main = next((one for one in heads if one.is_named), next((one for one in heads if one.is_list), None))
    main = main or next(iter(heads), None)
    if main is None:
        raise EmptyTableError
    parts = [one for one in heads if one.columns == main.columns or (main.is_list and one.is_list)]
    if any(one.sheet.has_open_formulas for one in parts):
        raise FormulaError
    names = {_NUMBERED.sub("", one.sheet.cells.title).casefold() for one in parts}
    says_more = len(names) > 1 or names.isdisjoint(_USUAL)
    lines = _lines(heads, parts, len(main.columns), has_names=says_more)
    days_later = (book.epoch - CALENDAR_WINDOWS_1900).days
    return SheetTable(main.columns, lines, main.sheet.cells.title if says_more else "", days_later, main.titles)


def rows(sheet: SheetTable, address_index: int, several: Several) -> Iterator[Row]:
    """What stands below no name means nothing. Of a sheet with another table the first line says so."""
    width, is_list = len(sheet.all_columns), len(sheet.columns) == 1
    for line, cells in sheet.lines:
        fields = [*cells[:width], *[""] * (width - len(cells))]
        if cells[:1] in ([_ANOTHER_TABLE], [_NOT_OF_PEOPLE]):
            yield Row(line, [""] * width, "", *cells)
        elif any(fields):
            row = Row(line, fields, fields[address_index].strip())
            yield from each_address(row, address_index, several, is_list=is_list)


def _weigh(stream: BinaryIO) -> None:
    with zipfile.ZipFile(stream) as packed:
        sizes = {one.filename: one.file_size for one in packed.infolist()}
    if _BOOK not in sizes and any(name.lower().endswith(_OF_TABLES) for name in sizes):
        raise ArchiveError
    if sizes.get(_TEXTS, 0) > MOST_TEXTS or sum(sizes.values()) > MOST:
        raise SheetTooLargeError


def _head(sheet: sheet_cells.SheetCells, wanted: WantedColumn, several: Several) -> _Head | None:
    """None of a blank sheet."""
    ahead = list(islice(sheet_cells.rows(sheet), AHEAD))
    place = _named(ahead, wanted, several)
    if place is not None:
        titles = tuple(" ".join(filter(None, cells)) for cells in ahead[:place] if any(cells))
        return _Head(sheet, place, ahead[place], is_named=True, is_list=False, titles=titles)
    place = next((number for number, cells in enumerate(ahead) if any(cells)), None)
    if place is None:
        return None
    return _Head(sheet, place, ahead[place], is_named=False, is_list=_names_a_person(ahead[place], several))


def _named(ahead: Sequence[list[str]], wanted: WantedColumn, several: Several) -> int | None:
    """The row with the most names, one of which is the address's: above it may be titles, and groups of columns. Nobody
    is named above it."""
    found, most = None, 0
    for place, cells in enumerate(ahead):
        if _names_a_person(cells, several):
            break
        count = sum(map(bool, cells)) if named_index(cells, wanted) is not None else 0
        is_above = found is None or any(_names_a_person(one, several) for one in ahead[place + 1 :])
        if count > most and is_above:
            found, most = place, count
    return found


def _names_a_person(cells: Sequence[str], several: Several) -> bool:
    return any(several.reads(cell) for cell in cells if several.may_be(cell))


def _lines(
    heads: Sequence[_Head], parts: Sequence[_Head], width: int, *, has_names: bool
) -> Iterator[tuple[int, list[str]]]:
    """The rows of all `parts`; of another sheet, one line in place of all of them."""
    line, has_begun = 0, False
    for head in heads:
        is_part = head in parts
        name = [head.sheet.cells.title] if has_names else []
        for place, cells in enumerate(sheet_cells.rows(head.sheet)):
            line += 1
            if not is_part and any(cells):
                yield line, [_ANOTHER_TABLE if has_begun else _NOT_OF_PEOPLE, head.sheet.cells.title]
                break
            is_below = place > head.place or (place == head.place and head.is_list and has_begun)
            if is_below and any(cells):
                yield line, [*cells[:width], *[""] * (width - len(cells)), *name]
        has_begun = has_begun or is_part
