"""Spreadsheets as people keep them: titles, merged cells, formulas, blank headings, several and hidden sheets."""

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pytest
from openpyxl import Workbook

from prefcenter.lists.reader import Table, TableError, open_table

pytestmark = pytest.mark.sqlite_only

Rows = Sequence[Sequence[Any]]
PEOPLE: Rows = [["email", "status"], ["a@x.example", "unsubscribed"], ["b@x.example", "subscribed"]]


def book(*sheets: Rows, names: Sequence[str] = (), then: Callable[[Workbook], None] = lambda made: None) -> bytes:
    made, file = Workbook(), io.BytesIO()
    made.remove(made.worksheets[0])
    for number, rows in enumerate(sheets):
        sheet = made.create_sheet(names[number] if names else None)
        for row in rows:
            sheet.append(list(row))
    then(made)
    made.save(file)
    return file.getvalue()


def opened(file: bytes) -> Table:
    return open_table(io.BytesIO(file), or_hash=True)


def fields(file: bytes) -> list[list[str]]:
    return [row.fields if row.problem is None else [row.problem] for row in opened(file)]


@pytest.mark.parametrize(
    "above",
    [
        [["Opt-outs of 2026"]],
        [["Opt-outs of 2026"], []],
        [["Export", "2026-01-01"], [], ["made by", "Ada"], []],
        [["Email"], []],
        [["Person", "Consent"]],
        [[None, "Consent"]],
    ],
)
def test_titles_and_groups_of_columns_above_the_names_are_passed_over(above: Rows) -> None:
    table = opened(book([*above, *PEOPLE]))
    assert table.columns == ["email", "status"]
    rows = list(table)
    assert [(row.line, *row.fields) for row in rows] == [
        (len(above) + 2, "a@x.example", "unsubscribed"),
        (len(above) + 3, "b@x.example", "subscribed"),
    ]


def test_whoever_is_named_first_is_no_title() -> None:
    assert fields(book([["a@x.example"], ["email"], ["b@x.example"]])) == [["a@x.example"], ["email"], ["b@x.example"]]


def test_what_stands_below_no_name_means_nothing() -> None:
    rows: Rows = [
        ["email", "status", None],
        ["a@x.example", "unsubscribed", "no"],
        ["b@x.example", "subscribed"],
    ]
    assert fields(book(rows)) == [["a@x.example", "unsubscribed"], ["b@x.example", "subscribed"]]
    middle: Rows = [["email", None, "status"], ["a@x.example", "no", "unsubscribed"]]
    assert fields(book(middle)) == [["a@x.example", "no", "unsubscribed"]]


class TestFormulas:
    def test_without_their_results_are_refused(self) -> None:
        with pytest.raises(TableError, match="formulas without saved results"):
            opened(book([["email", "unsubscribed"], ["a@x.example", "=1=1"]]))

    def test_count_as_their_results(self) -> None:
        file = book([["email", "unsubscribed"], ["a@x.example", "=1=1"], ["b@x.example", '=""']])
        xml = ('<c r="B2" t="b"><f>1=1</f><v>1</v></c>', '<c r="B3" t="str"><f>""</f><v></v></c>')
        assert fields(_with(file, *xml)) == [["a@x.example", "true"], ["b@x.example", ""]]

    def test_on_a_sheet_that_is_not_read_are_of_no_importance(self) -> None:
        assert len(fields(book(PEOPLE, [["Sum"], ["=1+1"]]))) == 3


def _with(file: bytes, *cells: str) -> bytes:
    """The file, with these cells in place of the ones with the same coordinates."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(file)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            for cell in cells if name == "xl/worksheets/sheet1.xml" else ():
                begin = text.index(cell[: cell.index('"', 6) + 1].encode())
                text = text[:begin] + cell.encode() + text[text.index(b"</c>", begin) + 4 :]
            new.writestr(name, text)
    return out.getvalue()


def test_merged_cells_say_the_same_in_every_row() -> None:
    def merge(made: Workbook) -> None:
        made.worksheets[0].merge_cells("B2:C3")
        made.worksheets[0].merge_cells("B5:B6")

    rows: Rows = [
        ["email", "unsubscribed", "why"],
        *([f"{name}@x.example", "yes", "yes"] for name in "abcde"),
    ]
    assert fields(book(rows, then=merge)) == [
        ["a@x.example", "yes", "yes"],
        ["b@x.example", "yes", "yes"],
        ["c@x.example", "yes", "yes"],
        ["d@x.example", "yes", "yes"],
        ["e@x.example", "yes", "yes"],
    ]


class TestSeveralSheets:
    def test_with_the_same_names_go_on_with_each_other(self) -> None:
        assert len(fields(book(PEOPLE, PEOPLE))) == 4
        assert len(fields(book([["Title"], *PEOPLE], PEOPLE))) == 4

    def test_that_have_names_of_their_own_say_so_in_a_column(self) -> None:
        table = opened(book(PEOPLE, PEOPLE[:2], names=["Customers", "Unsubscribed"]))
        assert table.columns == ["email", "status", "Sheet"]
        assert [row.fields[2] for row in table] == ["Customers", "Customers", "Unsubscribed"]

    @pytest.mark.parametrize("names", [["Sheet1", "Sheet2"], ["Tabelle1", "Tabelle2 (2)"], ["2024", "2025"]])
    def test_that_are_numbered_say_nothing(self, names: list[str]) -> None:
        assert opened(book(PEOPLE, PEOPLE, names=names)).columns == ["email", "status"]

    @pytest.mark.parametrize("first", [[["Read me"], ["This file has all"]], [["id", "x"], [1, 2]], []])
    @pytest.mark.parametrize("is_hidden", [False, True])
    def test_the_first_need_not_be_the_one_with_the_people(self, first: Rows, is_hidden: bool) -> None:
        def hide(made: Workbook) -> None:
            made.worksheets[0].sheet_state = "hidden" if is_hidden else "visible"

        found = fields(book(first, PEOPLE, then=hide))
        assert found[-2:] == [["a@x.example", "unsubscribed"], ["b@x.example", "subscribed"]]
        said = [["this sheet has no column with addresses, so it is not read"]]
        assert found[:-2] == (said if first else [])

    def test_that_are_plain_lists_go_on_with_each_other(self) -> None:
        assert fields(book([["a@x.example"]], [["b@x.example"]])) == [["a@x.example"], ["b@x.example"]]


def test_dates_and_numbers_are_texts() -> None:
    rows: Rows = [["email", "when", "count"], ["a@x.example", datetime(2021, 12, 31, 10), 44561.5]]  # noqa: DTZ001 - cells have no zone
    assert fields(book(rows)) == [["a@x.example", "2021-12-31 10:00:00", "44561.5"]]


def test_an_archive_of_files_is_to_be_unpacked() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("subscribed_members_1.csv", "Email Address,LEID,EUID\n")
        packed.writestr("unsubscribed_members_1.csv", "Email Address,UNSUB_TIME\n")
    with pytest.raises(TableError, match="archive with several files"):
        opened(file.getvalue())


def test_the_name_of_the_only_sheet_is_kept_if_it_is_no_usual_one() -> None:
    assert opened(book(PEOPLE, names=["Unsubscribed"])).columns == ["email", "status", "Sheet"]
    for name in ("Sheet", "Sheet1", "Tabelle1", "Feuil1", "シート1", "2024"):
        assert opened(book(PEOPLE, names=[name])).columns == ["email", "status"]
