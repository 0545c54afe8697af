"""Turns lines into rows of even width; it refuses to let an open quote swallow the rows after it."""

import csv
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from .text import LINE_LIMIT

RECORD_LINES = 50
"""So many lines may one record have: addresses and notes hold line breaks, but not more than these."""

_QUOTE_WITHIN = "a quote within a quoted field is not doubled"
_CALMER = {
    "end of data": "an opening quote is never closed",
    "field larger": "a field is too long",
}


class Row(NamedTuple):
    line: int  # the physical line on which it starts, from 1
    fields: list[str]  # as many as there are columns; of a malformed line, the raw text in the first
    address: str  # stripped, not validated; empty if there is a problem
    problem: str | None = None


class LineError(csv.Error):
    """This line cannot be read, although the csv module would."""


def read_rows(lines: Iterator[str], *, line: int, delimiter: str, width: int, address_index: int) -> Iterator[Row]:
    """Reads through a window as long as the longest record.

    What fails at the start of a full window is malformed: its first line is given up, the next gets its own
    hearing. What fails further down is tried again at the start of the next window. So csv's C code does the
    work, a bad line costs fifty, and `strict` lets the quote that opens a later field betray an open one.
    Price accepted: if what follows can pass for its end, as in `,",x"`, up to 49 lines become part of the field.
    """
    window: list[str] = []
    while window := [*window, *islice(lines, RECORD_LINES - len(window))]:
        used = 0
        try:
            reader = csv.reader(_sound(window), delimiter=delimiter, strict=True)
            for record in reader:
                fields = record if len(record) == width else _fit(record, width)
                address = fields[address_index].strip()
                if address or any(map(str.strip, fields)):  # a spreadsheet's blank line is ",,,"
                    yield Row(line + used, fields, address)
                used = reader.line_num
        except csv.Error as error:
            if not used:
                problem = str(error) if isinstance(error, LineError) else _why(window[0], delimiter)
                yield Row(line, [window[0].rstrip("\r\n"), *[""] * (width - 1)], "", problem)
                used = 1
        line += used
        del window[:used]


def _sound(window: list[str]) -> list[str]:
    """The lines before the first that csv would read and should not."""
    text = "".join(window)
    if "\0" not in text and len(text) <= LINE_LIMIT:
        return window
    for count, line in enumerate(window):
        if problem := _flaw(line):
            if not count:
                raise LineError(problem)
            return window[:count]
    return window


def _flaw(line: str) -> str | None:
    if len(line) > LINE_LIMIT:
        return f"it is longer than {LINE_LIMIT:,} characters"
    return "it holds a NUL byte" if "\0" in line else None


def _fit(record: list[str], width: int) -> list[str]:
    if any(map(str.strip, record[width:])):
        raise LineError("it has more fields than there are columns")
    return [*record[:width], *[""] * (width - len(record))]


def _why(line: str, delimiter: str) -> str:
    """What csv says of this line alone, in calmer words."""
    said = ""
    try:
        next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error as error:
        said = str(error)
    return next((ours for theirs, ours in _CALMER.items() if theirs in said), _QUOTE_WITHIN)
