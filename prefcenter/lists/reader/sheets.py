"""Reads a table of addresses from a spreadsheet (.xlsx), row by row, each cell as text."""

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
#: Bytes when unpacked: of the texts of all cells, which are read at once, and of the whole workbook.
MOST_TEXTS, MOST = 256 * 2**20, 4 * 2**30
#: How many rows of a sheet are looked at to find the one with the names.
AHEAD = 50
_TEXTS, _BOOK = "xl/sharedStrings.xml", "xl/workbook.xml"
_OF_TABLES = (".csv", ".txt", ".tsv", ".json", ".xlsx")
_ANOTHER_TABLE = "another sheet with other columns starts here: save it as a separate file"
_WITHOUT_ADDRESSES = "this sheet has no column with addresses, so it is not read"
#: How spreadsheets number their sheets.
_NUMBERED = re.compile(r"[\d\s()_.-]+")
#: What they call them, which says nothing about what is on them.
_USUAL = frozenset(["", "sheet", "worksheet", "tabelle", "feuil", "feuille", "hoja", "planilha", "シート", "ورقة"])
#: The name of the column that is added for the names of sheets.
SHEET = "Sheet"


class SheetTable(NamedTuple):
    """The table in a workbook; to be read once."""

    #: The names of the columns, or the first row.
    columns: list[str]
    #: The rows below, each with its number, counted through all sheets.
    lines: Iterator[tuple[int, list[str]]]
    #: Where the names of the sheets say something, that of the sheet with the columns; each row then ends with the name
    #: of its sheet. Else "".
    title: str = ""
    #: How many days the numbers of days are too low (1904 date system).
    days_later: int = 0
    #: What stands above the names of the columns, row by row.
    titles: tuple[str, ...] = ()

    def named(self, columns: Sequence[str]) -> "SheetTable":
        """The same with these names, for a table whose first row had none."""
        own = [*self.columns, self.title] if self.title else self.columns
        return self._replace(columns=[*columns], lines=chain([(1, own)], self.lines))

    @property
    def all_columns(self) -> list[str]:
        """The columns, with the one for the names of sheets, if there is one."""
        return [*self.columns, SHEET] if self.title else self.columns


class _Head(NamedTuple):
    """How a sheet begins: the row with the names (`is_named`), or else the first that is not blank; `place`: its index;
    `is_list`: it has an address itself."""

    sheet: sheet_cells.SheetCells
    place: int
    columns: list[str]
    is_named: bool
    is_list: bool
    titles: tuple[str, ...] = ()


def is_sheet(stream: BinaryIO) -> bool:
    """Whether a workbook, or another ZIP file, begins here. False for a stream that is not seekable, such as a pipe: a
    workbook is read from its end. The position stays."""
    if not stream.seekable():
        return False
    start = stream.tell()
    begins = stream.read(len(_BEGINS))
    stream.seek(start)
    return begins == _BEGINS


def read_sheet(stream: BinaryIO, *, wanted: WantedColumn, several: Several) -> SheetTable:
    """The table in a workbook: on the first sheet that has a column of addresses, and on every sheet with the same
    columns, as our exports have after a million rows. Names of sheets that say something ("Subscribed", "Unsubscribed")
    stand in a last column.

    Raises a TableError for what is no workbook, is empty or too large, or has formulas without results.
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
    """The rows of the table, without blank ones and without cells below no name. A sheet that is not read is one row
    with that as its problem."""
    width, is_list = len(sheet.all_columns), len(sheet.columns) == 1
    for line, cells in sheet.lines:
        fields = [*cells[:width], *[""] * (width - len(cells))]
        if cells[:1] in ([_ANOTHER_TABLE], [_WITHOUT_ADDRESSES]):
            yield Row(line, [""] * width, "", *cells)
        elif any(fields):
            row = Row(line, fields, fields[address_index].strip())
            yield from each_address(row, address_index, several, is_list=is_list)


def _weigh(stream: BinaryIO) -> None:
    """Raises ArchiveError for a ZIP of other files, SheetTooLargeError, and what zipfile raises."""
    with zipfile.ZipFile(stream) as packed:
        sizes = {one.filename: one.file_size for one in packed.infolist()}
    if _BOOK not in sizes and any(name.lower().endswith(_OF_TABLES) for name in sizes):
        raise ArchiveError
    if sizes.get(_TEXTS, 0) > MOST_TEXTS or sum(sizes.values()) > MOST:
        raise SheetTooLargeError


def _head(sheet: sheet_cells.SheetCells, wanted: WantedColumn, several: Several) -> _Head | None:
    """How this sheet begins; None if it is blank."""
    ahead = list(islice(sheet_cells.rows(sheet), AHEAD))
    place = _named(ahead, wanted, several)
    if place is not None:
        titles = tuple(" ".join(filter(None, cells)) for cells in ahead[:place] if any(cells))
        return _Head(sheet, place, ahead[place], is_named=True, is_list=False, titles=titles)
    place = next((number for number, cells in enumerate(ahead) if any(cells)), None)
    if place is None:
        return None
    return _Head(sheet, place, ahead[place], is_named=False, is_list=_has_address(ahead[place], several))


def _named(ahead: Sequence[list[str]], wanted: WantedColumn, several: Several) -> int | None:
    """The index of the row with the most names, one of which is the address column's; no address stands above it, but
    titles and groups of columns may. None if there is none."""
    found, most = None, 0
    for place, cells in enumerate(ahead):
        if _has_address(cells, several):
            break
        count = sum(map(bool, cells)) if named_index(cells, wanted) is not None else 0
        is_above = found is None or any(_has_address(one, several) for one in ahead[place + 1 :])
        if count > most and is_above:
            found, most = place, count
    return found


def _has_address(cells: Sequence[str], several: Several) -> bool:
    return any(several.reads(cell) for cell in cells if several.may_be(cell))


def _lines(
    heads: Sequence[_Head], parts: Sequence[_Head], width: int, *, has_names: bool
) -> Iterator[tuple[int, list[str]]]:
    """The rows of the `parts` with their numbers; of each other sheet one, that says so and names it."""
    line, has_begun = 0, False
    for head in heads:
        is_part = head in parts
        name = [head.sheet.cells.title] if has_names else []
        for place, cells in enumerate(sheet_cells.rows(head.sheet)):
            line += 1
            if not is_part and any(cells):
                yield line, [_ANOTHER_TABLE if has_begun else _WITHOUT_ADDRESSES, head.sheet.cells.title]
                break
            is_below = place > head.place or (place == head.place and head.is_list and has_begun)
            if is_below and any(cells):
                yield line, [*cells[:width], *[""] * (width - len(cells)), *name]
        has_begun = has_begun or is_part
