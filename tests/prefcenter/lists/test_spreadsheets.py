"""What leaves the house as a table opens in a spreadsheet, and starts nothing there."""

import csv
from io import StringIO
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from openpyxl import load_workbook

from prefcenter.lists import spreadsheets
from prefcenter.models import FeedbackTag, User

HEADER = ["name", "words"]


def from_csv(rows: list[list[str]]) -> list[list[str]]:
    return list(csv.reader(StringIO(b"".join(spreadsheets.csv_lines(HEADER, rows)).decode("utf-8-sig"))))


def sheets(rows: list[list[str]]) -> list[list[tuple[Any, ...]]]:
    with spreadsheets.xlsx_file(HEADER, rows) as file:
        return [list(sheet.iter_rows(values_only=True)) for sheet in load_workbook(file).worksheets]


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("=1+1", "'=1+1"),
        ('=HYPERLINK("https://evil.example")', '\'=HYPERLINK("https://evil.example")'),
        ("+49", "'+49"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        ("＝1+1", "'＝1+1"),
        ("1+1=2", "1+1=2"),
        ("'quoted'", "'quoted'"),
        ("", ""),
        ("Zu viele, „täglich“; 日本語 🙂", "Zu viele, „täglich“; 日本語 🙂"),
    ],
)
def test_no_cell_begins_a_formula_and_every_other_stays_as_it_is(said: str, written: str) -> None:
    assert spreadsheets.safe(said) == written
    # An empty cell of a sheet holds nothing.
    [[_, (_, cell)]] = sheets([["Ada", said]])
    assert (cell or "") == written
    [_, (_, cell)] = from_csv([["Ada", said]])
    assert cell == written if written == said else cell.startswith("'")


#: What splits a line of a CSV, wherever the computer is set to that: the quotes around a cell do not hold it together.
SEPARATORS = ";\t|,"


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("bye;=cmd|'/C calc'!A0", "bye;'=cmd|'/C calc'!A0"),
        ("bye\n=cmd|'/C calc'!A0", "bye =cmd|'/C calc'!A0"),
        ("bye\r\n=1\u2028=2\x0b=3", "bye =1 =2 =3"),
        ("a;+1;-1;@SUM(A1);＝1", "a;'+1;'-1;'@SUM(A1);'＝1"),
        ("a; =1", "a; '=1"),
        ("a,\u00a0=1", "a,\u00a0'=1"),
        ("a|=1|=2", "a|'=1|'=2"),
        ("a\t=1", "a\t'=1"),
        ("a;\n=1", "a; '=1"),
        ('a;"=1"', 'a;"\'=1"'),
        ('a;""=1', 'a;""\'=1'),
        ("a;;=1", "a;;'=1"),
        (" =1", " '=1"),
        ("=1;=2", "'=1;'=2"),
        ("one\ntwo", "one two"),
        ("Too many - really; daily, or so = spam", "Too many - really; daily, or so = spam"),
    ],
)
def test_however_a_csv_is_split_no_piece_of_a_text_begins_a_formula(said: str, written: str) -> None:
    assert from_csv([["Ada", said]])[1] == ["Ada", written]
    [_, line, *more] = b"".join(spreadsheets.csv_lines(HEADER, [["Ada", said]])).decode().splitlines()
    assert more == []
    for separator in SEPARATORS:
        [pieces] = csv.reader([line], delimiter=separator)
        assert not [piece for piece in pieces if piece.lstrip(' "').startswith(spreadsheets.BEGINS_A_FORMULA)]


def test_what_programs_read_holds_what_it_says() -> None:
    lines = b"".join(spreadsheets.csv_lines(HEADER, [["a|=b@x.example", "a;=1"]], is_for_people=False))
    assert lines == b"name,words\r\na|=b@x.example,a;=1\r\n"


@pytest.mark.parametrize("said", ["=a@x.example", "a|=b@x.example", "|-a|+b@x.example", "rue x, +4; =5", "a@x.example"])
def test_what_was_escaped_can_be_read_again(said: str) -> None:
    [_, [written]] = from_csv([[said]])
    assert spreadsheets.unescaped(written) == said


def test_a_cell_of_a_sheet_keeps_its_lines_and_what_follows_a_separator() -> None:
    [[_, (_, cell)]] = sheets([["Ada", "bye;=1\n=2"]])
    assert cell == "bye;=1\n=2"


def test_a_csv_says_by_its_first_bytes_that_it_is_utf_8() -> None:
    lines = list(spreadsheets.csv_lines(HEADER, [["Ada", "Daily!"]]))
    assert lines == [b"\xef\xbb\xbfname,words\r\n", b"Ada,Daily!\r\n"]


def test_a_csv_is_written_while_its_rows_are_read() -> None:
    def rows() -> Any:
        yield ["Ada", "Daily!"]
        raise AssertionError("asked for the second row before the first was taken")

    lines = spreadsheets.csv_lines(HEADER, rows())
    assert b"Daily!" in [next(lines), next(lines)][1]


def test_control_characters_do_not_break_a_sheet() -> None:
    assert sheets([["Ada", "a\x00b\x0bc"]]) == [[("name", "words"), ("Ada", "abc")]]
    assert sheets([["Ada", "\x00=1"]])[0][1] == ("Ada", "'=1")


@pytest.mark.parametrize(("number", "filled"), [(0, [1]), (2, [3]), (3, [3, 2]), (4, [3, 3])])
def test_what_does_not_fit_a_sheet_goes_on_the_next(
    number: int, filled: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheets, "ROWS_PER_SHEET", 2)
    found = sheets([["Ada", str(row)] for row in range(number)])
    assert [len(sheet) for sheet in found] == filled
    assert all(sheet[0] == ("name", "words") for sheet in found)


@pytest.mark.django_db
@pytest.mark.parametrize("number", [0, 1, 2, 3, 4, 5])
def test_rows_are_read_some_at_a_time_and_none_is_lost(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheets, "BATCH", 2)
    made = [FeedbackTag.objects.create(name=str(one)) for one in range(number)]
    read = [row for batch in spreadsheets.batches(FeedbackTag.objects.all(), "name") for row in batch]
    assert read == [(one.pk, one.name) for one in made[::-1]]


@pytest.mark.django_db
def test_the_log_says_who_took_how_many() -> None:
    user = User.objects.create_user("boss@example.com")
    spreadsheets.log(user.pk, FeedbackTag, count=12, kind="csv")
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_repr, entry.change_message) == (user, "12 feedback tags", "Exported 12 as CSV.")
