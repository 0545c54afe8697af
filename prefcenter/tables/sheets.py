"""Reads a table of people from a spreadsheet (.xlsx), row by row, each cell as text; it refuses what is too large."""

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, BinaryIO, NamedTuple
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from .errors import EmptyTableError, NotATableError, SheetTooLargeError
from .rows import Row, each_address
from .several import Several

ENCODING = "xlsx"
_BEGINS = b"PK\x03\x04"
#: Bytes when unpacked. The texts of all cells are read at once; the sheets are read row by row.
MOST_TEXTS, MOST = 256 * 2**20, 4 * 2**30
#: A sheet has 16,384 columns at most; no table of people has so many.
MOST_COLUMNS = 1000
_TEXTS = "xl/sharedStrings.xml"
_TOO_MANY = "it has more fields than there are columns"
_ANOTHER_TABLE = "another sheet begins here, with other columns: save it as a file of its own"
_CANNOT_BE_READ = (zipfile.BadZipFile, InvalidFileException, ParseError, KeyError, ValueError, TypeError, OSError)


class Sheet(NamedTuple):
    """The first row that is not blank, and the rows below it, each with the number of its line."""

    columns: list[str]
    lines: Iterator[tuple[int, list[str]]]


def is_sheet(stream: BinaryIO) -> bool:
    """A stream that cannot go back, such as a pipe, holds none: a spreadsheet is read from its end."""
    if not stream.seekable():
        return False
    start = stream.tell()
    begins = stream.read(len(_BEGINS))
    stream.seek(start)
    return begins == _BEGINS


def read_sheet(stream: BinaryIO) -> Sheet:
    """Raises a TableError for what is no workbook, is empty or too large."""
    try:
        _weigh(stream)
        book = load_workbook(stream, read_only=True, data_only=True)
    except SheetTooLargeError:
        raise
    except _CANNOT_BE_READ as error:
        raise NotATableError from error
    lines = _lines(book.worksheets)
    columns = next((cells for _, cells in lines if any(cells)), None)
    if columns is None:
        raise EmptyTableError
    return Sheet(columns, lines)


def rows(sheet: Sheet, address_index: int, several: Several) -> Iterator[Row]:
    """Every sheet that begins with the names of the first one goes on with its table, as our exports do after a million
    rows. Of another one the first line says so, and nothing of it is read."""
    width = len(sheet.columns)
    for line, cells in sheet.lines:
        fields = [*cells[:width], *[""] * (width - len(cells))]
        if cells[:1] == [_ANOTHER_TABLE]:
            yield Row(line, [""] * width, "", _ANOTHER_TABLE)
        elif any(cells[width:]):
            yield Row(line, fields, "", _TOO_MANY)
        elif any(cells):
            yield from each_address(Row(line, fields, fields[address_index].strip()), address_index, several)


def _weigh(stream: BinaryIO) -> None:
    with zipfile.ZipFile(stream) as packed:
        sizes = {one.filename: one.file_size for one in packed.infolist()}
    if sizes.get(_TEXTS, 0) > MOST_TEXTS or sum(sizes.values()) > MOST:
        raise SheetTooLargeError


def _lines(sheets: Sequence[Any]) -> Iterator[tuple[int, list[str]]]:
    """The names of the columns once; of a sheet with others, one line in place of all of them."""
    line, columns = 0, None
    for sheet in sheets:
        is_first_row = True
        for cells in _cells(sheet):
            line += 1
            if not any(cells):
                continue
            if is_first_row and columns is not None and cells != columns:
                yield line, [_ANOTHER_TABLE]
                break
            if not is_first_row or columns is None:
                yield line, cells
            columns, is_first_row = columns or cells, False


def _cells(sheet: Any) -> Iterator[list[str]]:
    sheet.reset_dimensions()  # what the file says of its size may be wrong
    try:
        for cells in sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS):
            yield _texts(cells)
    except _CANNOT_BE_READ as error:
        raise NotATableError from error


def _texts(cells: Iterable[Any]) -> list[str]:
    """Without the blank cells at the end of the row."""
    texts = [_text(cell) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return texts


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date):
        return cell.isoformat(" ") if isinstance(cell, datetime) else cell.isoformat()
    return str(cell)
