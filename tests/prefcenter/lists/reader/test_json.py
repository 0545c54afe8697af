"""JSON as a table whose columns are the keys: lines, arrays, the answers of APIs, broken ones, and long ones."""

import io
import json
import tracemalloc
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain, repeat
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefcenter.lists.reader import (
    EmptyTableError,
    NoAddressColumnError,
    NotATableError,
    Row,
    Table,
    TableError,
    open_table,
)
from prefcenter.lists.reader.json_records import AHEAD
from prefcenter.lists.reader.text import BLOCK, LINE_LIMIT

pytestmark = pytest.mark.sqlite_only

A, B = "a@x.example", "b@x.example"
CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
SES = [
    {"EmailAddress": A, "Reason": "BOUNCE", "LastUpdateTime": "2020-04-10T21:03:05.878000+00:00"},
    {"EmailAddress": B, "Reason": "COMPLAINT", "LastUpdateTime": 1586552585.077},
]


class Pieces(io.BytesIO):
    """A stream that comes into being as it is read."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        super().__init__()
        self.parts = iter(parts)

    def seekable(self) -> bool:
        return False

    def read(self, size: int | None = -1) -> bytes:
        return next(self.parts, b"")


def opened(text: str | bytes) -> Table:
    return open_table(io.BytesIO(text.encode() if isinstance(text, str) else text))


def found(text: str | bytes) -> list[tuple[int, str, str | None]]:
    return [(row.line, row.address, row.problem) for row in opened(text)]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])  # PowerShell's ">" writes the last
@pytest.mark.parametrize(
    "shape",
    [
        SES,
        {"SuppressedDestinationSummaries": SES, "NextToken": None},
        {"paging": {"next": "https://api.example/?x", "more": []}, "items": SES},
        [{"SuppressedDestinationSummaries": SES[:1]}, {"SuppressedDestinationSummaries": SES[1:]}],
        [SES[:1], SES[1:], []],
    ],
    ids=["array", "ses", "mailgun", "pages", "nested arrays"],
)
def test_an_array_or_an_object_that_holds_one_is_a_table(shape: Any, encoding: str, indent: int | None) -> None:
    table = opened(json.dumps(shape, indent=indent).encode(encoding))
    assert (table.columns, table.delimiter) == (["EmailAddress", "Reason", "LastUpdateTime"], "")
    assert [row.fields for row in table] == [
        [A, "BOUNCE", "2020-04-10T21:03:05.878000+00:00"],
        [B, "COMPLAINT", "1586552585.077"],
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n", ",\n", "\n\ufeff", "\n\x1e"])
def test_an_object_a_line_is_a_row_and_keeps_the_number_of_its_line(end: str) -> None:
    text = end.join(json.dumps(one) for one in SES) + end
    assert found(text) == [(1, A, None), (1 + end.count("\n"), B, None)]


def test_the_lines_of_an_indented_array_are_those_of_the_file() -> None:
    text = json.dumps({"items": SES, "paging": {"next": "x"}}, indent=1)
    assert [text.split("\n")[line - 1].strip() for line, _, _ in found(text)] == ["{", "{"]
    assert found(text) == [(3, A, None), (8, B, None)]


def test_pages_after_each_other_are_one_table_and_an_empty_one_is_no_row() -> None:
    page = '{"items": [{"address": "%s"}], "paging": {"next": "x"}}\n'
    assert found(page % A + page % B + '{"items": [], "paging": {}}\n') == [(1, A, None), (2, B, None)]


def test_what_the_objects_of_a_list_say_stands_in_columns_of_its_own() -> None:
    wishes = [{"channel": "email", "optIn": False}, {"channel": "sms", "optIn": True, "id": 1}]
    table = opened(json.dumps([{"email": A, "wishes": wishes, "ids": [{"id": 1}, {"id": 2}], "none": []}]))
    [row] = table
    assert dict(zip(table.columns, row.fields, strict=True)) == {
        "email": A,
        "wishes.channel": "email; sms",
        "wishes.optIn": "false; true",
        "wishes.id": "1",
        "ids": '[{"id": "1"}, {"id": "2"}]',
        "none": "",
    }


def test_the_addresses_of_a_list_of_objects_are_its_persons() -> None:
    text = json.dumps([{"emails": [{"value": A, "type": "home"}, {"value": B}]}])
    assert found(text) == [(1, A, None), (1, B, None)]
    assert found(json.dumps({"contacts": [{"email_address": {"address": A}}]})) == [(1, A, None)]


def test_texts_alone_are_addresses() -> None:
    assert found(json.dumps([A, B])) == [(1, A, None), (1, B, None)]
    assert opened(json.dumps([A, B])).columns == ["email"]
    assert found(json.dumps({"suppressions": [A, B], "next": None})) == [(1, A, None), (1, B, None)]
    assert found(json.dumps([f"{A}; {B}", ""])) == [(1, A, None), (1, B, None), (1, "", None)]


def test_values_become_the_text_that_a_table_would_have() -> None:
    record = {
        "email": A,
        "yes": True,
        "no": False,
        "none": None,
        "whole": 1443651141,
        "broken": 1.50,
        "tags": ["*", "news"],
        "consent": {"email": {"state": "UNSUBSCRIBED"}},
        "lists": [{"id": 1}],
        "half": "\ud83d",
    }
    table = opened(json.dumps(record))
    [row] = table
    assert dict(zip(table.columns, row.fields, strict=True)) == {
        "email": A,
        "yes": "true",
        "no": "false",
        "none": "",
        "whole": "1443651141",
        "broken": "1.5",
        "tags": "*; news",
        "consent.email.state": "UNSUBSCRIBED",
        "lists": '[{"id": "1"}]',
        "half": "�",
    }


def test_several_addresses_of_a_record_are_a_row_each() -> None:
    assert found(json.dumps({"id": 1, "email": [A, B]})) == [(1, A, None), (1, B, None)]


def test_records_may_leave_keys_out_and_have_them_in_any_order() -> None:
    table = opened(f'{{"name": "Ada", "email": "{A}"}}\n{{"email": "{B}", "status": "unsubscribed"}}\n')
    assert table.columns == ["name", "email", "status"]
    assert [row.fields for row in table] == [["Ada", A, ""], ["", B, "unsubscribed"]]


def test_a_key_that_comes_too_late_is_told_and_not_overlooked() -> None:
    lines = [json.dumps({"email": f"p{n}@x.example"}) for n in range(AHEAD)]
    lines += [json.dumps({"email": A, "status": "subscribed"}), json.dumps({"email": B, "status": None})]
    rows = found("\n".join(lines))
    assert [problem is None for _, _, problem in rows[-2:]] == [False, True]
    assert rows[-2][0] == AHEAD + 1


# --- broken ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad",
    [
        '{"email": "x@x.example"',
        '{"email": "x@x.example", }',
        '{"email": x@x.example}',
        '{"email": "x@x.example',
        "nobody",
        '{"email"}',
        "{",
    ],
)
@pytest.mark.parametrize("after", [0, 1, 5000])
def test_a_broken_line_costs_itself(bad: str, after: int) -> None:
    good = [json.dumps({"email": f"p{n}@x.example"}) for n in range(after)]
    rows = found("\n".join([json.dumps({"email": A}), bad, *good]))
    assert rows[0] == (1, A, None)
    assert [line for line, _, problem in rows if problem] == [2]
    assert [(line, address) for line, address, problem in rows[1:] if not problem] == [
        (3 + n, f"p{n}@x.example") for n in range(after)
    ]


def test_a_file_that_was_cut_off_says_so() -> None:
    text = json.dumps([{"email": A}, {"email": B}], indent=1)
    rows = found(text[: text.index(B)])
    assert [(address, bool(problem)) for _, address, problem in rows] == [(A, False), ("", True)]


def test_nul_in_a_record_is_a_problem() -> None:
    assert [bool(problem) for *_, problem in found('{"email": "a@x.example\\u0000"}\n{"email": "b@x.example"}')] == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{", NotATableError),
        ("[]", EmptyTableError),
        ('{"items": []}', EmptyTableError),
        ("{nothing}", NotATableError),
        ('{"name": "Ada"}', NoAddressColumnError),
        ('{"data": [{"attributes": {"email": "a@x.example"}}]}', NoAddressColumnError),
        ("[" * 100_000, TableError),
        ('{"a":' * 100_000, TableError),
    ],
)
def test_what_is_no_list_of_people_is_refused(text: str, error: type[TableError]) -> None:
    with pytest.raises(error):
        opened(text)


@settings(deadline=None)
@given(st.text(alphabet='{}[]",:\n a1@\\\ufeff', max_size=60))
def test_whatever_the_text_nothing_but_a_table_error_is_raised(junk: str) -> None:
    with suppress(TableError):
        rows: list[Row] = list(opened('{"email": "a@x.example"}\n' + junk))
        assert rows[0].address == A
    with suppress(TableError):
        list(opened("{" + junk))


@settings(deadline=None)
@given(
    st.lists(st.dictionaries(st.sampled_from(["name", "note", "status"]), CELLS), max_size=8),
    st.sampled_from([1, 7, 1000]),
)
def test_what_json_wrote_is_read_back_however_it_is_cut(records: list[dict[str, str]], size: int) -> None:
    people = [{"email": f"p{n}@x.example"} | record for n, record in enumerate(records)]
    data = json.dumps({"items": people, "paging": {"a": [1, 2]}}).encode()
    if not people:
        return
    table = open_table(Pieces(data[at : at + size] for at in range(0, len(data), size)))
    rows = list(table)
    assert [row.address for row in rows] == [one["email"] for one in people]
    for row, record in zip(rows, people, strict=True):
        cells = dict(zip(table.columns, row.fields, strict=True))
        if row.problem is None:
            assert {name: text for name, text in cells.items() if text} == {k: v for k, v in record.items() if v}


# --- long --------------------------------------------------------------------------------------------------


def people(count: int, *, before: bytes, between: bytes, after: bytes) -> Iterator[bytes]:
    if before:
        yield before
    for start in range(0, count, 100):
        numbers = range(start, start + 100)
        rows = between.join(b'{"email": "p%d@x.example", "note": "%s"}' % (n, b"a, b " * 100) for n in numbers)
        yield (between if start else b"") + rows
    yield after


@pytest.mark.parametrize(
    ("before", "between", "after"),
    [
        (b"", b"\n", b"\n"),
        (b"[", b",", b"]"),
        (b'{"next": "x", "items": [', b", ", b'], "paging": {"more": [1]}}'),
    ],
    ids=["lines", "one array on one line", "one object on one line"],
)
def test_memory_stays_flat_whatever_the_size(before: bytes, between: bytes, after: bytes) -> None:
    table = open_table(Pieces(people(20_000, before=before, between=between, after=after)))
    tracemalloc.start()
    try:
        count = sum(row.problem is None and row.address == f"p{n}@x.example" for n, row in enumerate(table))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 20_000
    assert peak < 16 * LINE_LIMIT < 20_000 * 500 / 2


@pytest.mark.parametrize(
    "parts",
    [
        chain([b'{"email": "a@x.example", "note": "'], repeat(b"x" * BLOCK, 300), [b'"}\n{"email": "b@x.example"}']),
        chain([b'{"email": "a@x.example"}\n{"email": '], repeat(b" " * BLOCK, 300), [b"nobody}\n"]),
        chain([b'{"email": "a@x.example"}\n'], repeat(b"\n" * BLOCK, 50), [b'{"email": "b@x.example"}']),
    ],
    ids=["a text without end", "blanks without end", "blank lines"],
)
def test_a_record_without_end_fills_no_memory(parts: Iterable[bytes]) -> None:
    tracemalloc.start()
    try:
        with suppress(TableError):
            assert len(list(open_table(Pieces(parts)))) <= 3
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20 * LINE_LIMIT
