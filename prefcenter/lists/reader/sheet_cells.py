"""The cells of one sheet of a workbook as texts, row by row. Merged cells all have the text of the first."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import IO, Any, NamedTuple
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.exceptions import InvalidFileException

from .errors import NotATableError

#: How many columns are read; a sheet may have 16,384.
MOST_COLUMNS = 1000
#: What openpyxl raises on what is no workbook, or an odd one.
CANNOT_BE_READ = (
    BadZipFile,
    InvalidFileException,
    ParseError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    OSError,
)
_PIECE, _OVERLAP = 2**20, 2**16
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*?\bref="([A-Z]+\d+:[A-Z]+\d+)"')
# A cell with a formula and no value. A result that is an empty text has the type "str".
_OPEN = re.compile(
    rb"<(?:\w+:)?c\b([^>]*)>\s*<(?:\w+:)?f\b[^>]*?(?:/>|>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)


class MergedCells(NamedTuple):
    """Merged cells that go over several rows, counted from 1."""

    first_column: int
    first_row: int
    last_column: int
    last_row: int


class SheetCells(NamedTuple):
    """A sheet, and what openpyxl's read-only mode doesn't tell of it."""

    #: openpyxl's read-only sheet.
    cells: Any
    #: In the order of their first rows.
    blocks: Sequence[MergedCells]
    #: Whether there is a formula whose result is not in the file.
    has_open_formulas: bool


def looked_at(cells: Any) -> SheetCells:
    """Reads through an openpyxl read-only sheet once. Raises NotATableError."""
    try:
        with cells._get_source() as xml:  # what openpyxl itself reads
            return SheetCells(cells, *_found(xml))
    except CANNOT_BE_READ as error:
        raise NotATableError from error


def rows(sheet: SheetCells) -> Iterator[list[str]]:
    """Each row, blank ones too, without the blank cells at its end; it can be read again. Raises NotATableError."""
    blocks, filled = list(sheet.blocks), dict[MergedCells, str]()
    sheet.cells.reset_dimensions()  # what the file says of its size may be wrong
    try:
        for number, cells in enumerate(sheet.cells.iter_rows(values_only=True, max_col=MOST_COLUMNS), 1):
            texts = [_text(cell) for cell in cells]
            yield _without_blanks(_filled(texts, number, blocks, filled) if sheet.blocks else texts)
    except CANNOT_BE_READ as error:
        raise NotATableError from error


def _found(xml: IO[bytes]) -> tuple[list[MergedCells], bool]:
    found, is_open, before = set[MergedCells](), False, b""
    while piece := xml.read(_PIECE):
        text = before + piece
        is_open = is_open or any(b't="str"' not in one[1] for one in _OPEN.finditer(text))
        found |= {_block(one[1].decode()) for one in _MERGED.finditer(text)}
        before = text[-_OVERLAP:]
    return sorted((one for one in found if one.last_row > one.first_row), key=lambda one: one.first_row), is_open


def _block(text: str) -> MergedCells:
    first_column, first_row, last_column, last_row = range_boundaries(text)
    return MergedCells(first_column, first_row, min(last_column, MOST_COLUMNS), last_row)


def _filled(cells: list[str], number: int, blocks: list[MergedCells], values: dict[MergedCells, str]) -> list[str]:
    """The cells of row `number` with what is merged in each place that it covers.

    blocks: those that begin further down; values: the texts of those that reach into this row. Both are moved on
    """
    while blocks and blocks[0].first_row <= number:
        block = blocks.pop(0)
        values[block] = cells[block.first_column - 1] if block.first_column <= len(cells) else ""
    for block in [one for one in values if one.last_row < number]:
        del values[block]
    for block, value in values.items():
        cells += [""] * (block.last_column - len(cells))
        cells[block.first_column - 1 : block.last_column] = [value] * (block.last_column - block.first_column + 1)
    return cells


def _without_blanks(texts: list[str]) -> list[str]:
    """Without the blank cells at the end of the row."""
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
