"""That no line of a table can hide another, and that its size does not matter."""

import csv
import io
import tracemalloc
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain, islice, repeat
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefcenter.lists.reader import Row, TableError, open_table
from prefcenter.lists.reader.rows import RECORD_LINES
from prefcenter.lists.reader.text import BLOCK, LINE_LIMIT

pytestmark = pytest.mark.sqlite_only


def rows(data: str | bytes) -> list[Row]:
    return list(open_table(io.BytesIO(data.encode() if isinstance(data, str) else data)))


class Generated(io.BytesIO):
    """A stream that comes into being as it is read, and counts what it gave."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        super().__init__()
        self.parts = iter(parts)
        self.given = 0

    def seekable(self) -> bool:
        return False

    def read(self, size: int | None = -1) -> bytes:
        part = next(self.parts, b"")
        self.given += len(part)
        return part


# --- malformed lines ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        ('bad@x.example,"never closed', "a quoted field is never closed"),
        ('"bad@x.example,B', "a quoted field is never closed"),
        ('bad@x.example,"Bob "Bobby" B"', "a quotation mark inside a quoted field is not doubled"),
        ("bad@x.example,B,more", "it has more fields than there are columns"),
        ("bad@x.example,B\0", "it contains a NUL byte"),
        ("bad@x.example," + "x" * (csv.field_size_limit() + 1), "a field is too long"),
        ("bad@x.example," + "x," * LINE_LIMIT, f"it is longer than {LINE_LIMIT:,} characters"),
    ],
    ids=["open quote", "open at once", "quotation mark inside", "too many", "nul", "long field", "long line"],
)
@pytest.mark.parametrize("after", [0, 1, RECORD_LINES - 1, 200])
@pytest.mark.parametrize("quote", ["", '"'], ids=["plain", "all quoted"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
def test_a_malformed_line_is_reported_and_hides_no_other(
    bad: str, problem: str, after: int, quote: str, end: str
) -> None:
    good = [f"{quote}p{n}@x.example{quote},{quote}P{quote}" for n in range(after)]
    found = rows(end.join(["email,name", "b@x.example,B", bad, *good]) + end)
    assert found[1] == Row(3, [bad, ""], "", problem)
    assert [(row.line, row.address) for row in found if not row.problem] == [
        (2, "b@x.example"),
        *((4 + n, f"p{n}@x.example") for n in range(after)),
    ]


@pytest.mark.parametrize(("breaks", "whole"), [(RECORD_LINES - 1, True), (RECORD_LINES, False)])
@pytest.mark.parametrize("before", [0, 1, RECORD_LINES - 2, RECORD_LINES])
def test_a_quoted_field_may_have_line_breaks_but_not_without_end(breaks: int, whole: bool, before: int) -> None:
    note = "line" + "\nline" * breaks
    found = rows("email,note\n" + "b@x.example,\n" * before + f'a@x.example,"{note}"\nz@x.example,\n')
    long, last = found[before], found[-1]
    assert (long.line, last.line, last.address) == (before + 2, before + breaks + 3, "z@x.example")
    assert (long.fields == ["a@x.example", note], long.problem is None) == (whole, whole)


def test_when_a_record_of_several_lines_has_too_many_fields_its_lines_are_read_by_themselves() -> None:
    found = rows('email,name\na@x.example,"open\nb@x.example,B",C\nz@x.example,Z\n')
    assert [row.line for row in found if row.problem] == [2, 3]
    assert [(row.line, row.address) for row in found if not row.problem] == [(4, "z@x.example")]


def test_the_line_after_one_that_was_cut_is_read() -> None:
    found = rows("email\n" + "x" * 9 * LINE_LIMIT + "\r\nz@x.example\n")
    assert [(row.line, row.address, bool(row.problem)) for row in found] == [(2, "", True), (3, "z@x.example", False)]


def test_many_long_lines_are_no_line_that_is_too_long() -> None:
    found = rows("email,note\n" + f"a@x.example,{'x' * 100_000}\n" * RECORD_LINES)
    assert [row.problem for row in found] == [None] * RECORD_LINES


def test_a_file_in_which_every_line_is_malformed_is_read_in_reasonable_time() -> None:
    found = rows("email,name\n" + 'x",",\n' * 20_000)
    assert len(found) == 20_000


def test_short_rows_are_filled_and_empty_fields_beyond_the_last_column_fall_away() -> None:
    found = rows("name,email,city\nAnn\nBob,b@x.example\nCy, c@x.example ,Rome,, \n")
    assert [(row.fields, row.address, row.problem) for row in found] == [
        (["Ann", "", ""], "", None),
        (["Bob", "b@x.example", ""], "b@x.example", None),
        (["Cy", " c@x.example ", "Rome"], "c@x.example", None),
    ]


def test_blank_lines_are_skipped_and_counted() -> None:
    found = rows("\n \nemail,name\n\n,\na@x.example,A\n  \n\r\nb@x.example,B")
    assert [(row.line, row.address) for row in found] == [(6, "a@x.example"), (9, "b@x.example")]


# --- any table, any size -----------------------------------------------------------------------------------

# Many control characters make a file something else than a table, which is another test.
CONTROLS = {chr(code) for code in [*range(32), 127]} - set("\t\n\v\f\r")
CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=sorted(CONTROLS)), max_size=12)


@settings(deadline=None)
@given(
    table=st.lists(st.tuples(st.integers().map("{}@x.example".format), CELLS, CELLS), max_size=20),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_csv_wrote_is_read_back(table: list[tuple[str, ...]], delimiter: str, quoting: Any, encoding: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, quoting=quoting).writerows([("email", "a", "b"), *table])
    found = rows(out.getvalue().encode(encoding))
    assert [(tuple(row.fields), row.address, row.problem) for row in found] == [
        (fields, fields[0], None) for fields in table
    ]


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_whatever_the_bytes_nothing_but_a_table_error_is_raised(junk: bytes) -> None:
    found = rows(b"email,name\n" + b"a@x.example,A\n" * 40 + junk)
    assert {len(row.fields) for row in found} == {2}
    with suppress(TableError):
        rows(junk)


@pytest.mark.parametrize("size", [1, 7, BLOCK - 1])
def test_a_crlf_split_between_two_reads_is_one_line_end(size: int) -> None:
    data = b"email,name\r\n" + b"".join(b"p%d@x.example,P\r\n" % n for n in range(9000))
    stream = Generated(data[at : at + size] for at in range(0, len(data), size))
    last = list(open_table(stream))[-1]
    assert (last.line, last.address) == (9001, "p8999@x.example")


def people(count: int) -> Iterator[bytes]:
    yield b"email,name,note\n"
    for n in range(count):
        yield b'p%d@x.example,Ann,"a, b"\n' % n


def test_no_more_is_read_than_a_block_ahead() -> None:
    stream = Generated(people(200_000))
    table = open_table(stream)
    assert stream.given < 2 * BLOCK
    taken = sum(len(b'p%d@x.example,Ann,"a, b"\n' % n) for n, _ in enumerate(islice(table, 10_000)))
    assert taken < stream.given < taken + 2 * BLOCK


@pytest.mark.parametrize(
    "parts",
    [
        people(200_000),
        chain([b"email\n"], repeat(b"x" * BLOCK, 500)),
        chain([b'email,x\n,"'], repeat(b"\n" * BLOCK, 2)),
    ],
    ids=["many rows", "a line without end", "an open quote before many lines"],
)
def test_memory_stays_flat_whatever_the_size(parts: Iterable[bytes]) -> None:
    table = open_table(Generated(parts))
    tracemalloc.start()
    try:
        for _row in table:
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 * LINE_LIMIT
