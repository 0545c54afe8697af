"""What people hand in that is no list of people, or a strange one: it is named, and nothing is half done."""

import codecs
import gc
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from prefcenter.lists import imports
from prefcenter.lists.imports import ImportOptions, report
from prefcenter.lists.imports.progress import PROBLEMS_KEPT
from prefcenter.lists.reader import (
    EmptyTableError,
    NoAddressColumnError,
    NoColumnNamesError,
    NotATableError,
    TableError,
)
from prefcenter.models import ImportKind, ImportRun, ImportState
from tests.staff import member
from unsubscribe.choices import SuppressionReason
from unsubscribe.models import Address

pytestmark = pytest.mark.django_db
TERMS = ImportOptions(ImportKind.OPT_OUTS)
ZOE = "Zoë"


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path / "imports"


def hand_in(*chunks: bytes) -> ImportRun:
    return imports.hand_in(chunks, TERMS, file_name="a.csv", user_id=None, now=timezone.now())


def checked(*chunks: bytes) -> ImportRun:
    run = hand_in(*chunks)
    imports.work(now=timezone.now())
    run.refresh_from_db()
    assert run.state == ImportState.READY
    return run


def imported(*chunks: bytes) -> ImportRun:
    run = checked(*chunks)
    imports.confirm(run, user_id=member().pk, now=timezone.now())
    imports.work(now=timezone.now())
    run.refresh_from_db()
    assert run.state == ImportState.DONE
    return run


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", EmptyTableError),
        (b"\n\n,,\n", EmptyTableError),
        (b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00[Content_Types].xml", NotATableError),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x01\x00", NotATableError),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", NotATableError),
        (b"<!DOCTYPE html>\n<title>Sign in</title>\n", NotATableError),
        (b"name\n" + bytes(range(256)) * 100, NotATableError),
        (b"first name,last name\nAnn,Other\n", NoAddressColumnError),
        (b"Ann,a@x.example\n", NoColumnNamesError),
        (b"d2f5c8ff1f0a7a4f8ee1e7c3b2a190817263544536271809a0b1c2d3e4f50617,DE\n", NoColumnNamesError),
    ],
    ids=[
        "empty",
        "blank",
        "xlsx",
        "png",
        "pdf",
        "html",
        "binary",
        "no address",
        "no header",
        "hash, no header",
    ],
)
def test_what_is_no_list_of_people_is_refused_at_once_and_not_kept(
    data: bytes, error: type[TableError], folder: Path
) -> None:
    with pytest.raises(error):
        hand_in(data)
    assert list(folder.iterdir()) == []
    assert not ImportRun.objects.exists()


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (f"email,name\nzoe@x.example,{ZOE}\n".encode(), "utf-8"),
        (codecs.BOM_UTF8 + f"email,name\nzoe@x.example,{ZOE}\n".encode(), "utf-8-sig"),
        (codecs.BOM_UTF16_LE + f"email\tname\nzoe@x.example\t{ZOE}\n".encode("utf-16-le"), "utf-16-le"),
        (codecs.BOM_UTF16_BE + f"email,name\nzoe@x.example,{ZOE}\n".encode("utf-16-be"), "utf-16-be"),
        (f"email;name\nzoe@x.example;{ZOE}\n".encode("latin-1"), "cp1252"),
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_every_usual_encoding_is_recognised_and_named(data: bytes, encoding: str, size: int) -> None:
    run = imported(*(data[at : at + size] for at in range(0, len(data), size)))
    assert (run.encoding, run.counts["new"]) == (encoding, 1)
    assert Address.objects.get().value == "zoe@x.example"


def test_a_line_that_cannot_be_read_costs_nobody_else_theirs() -> None:
    run = imported(
        b'email,name\na@x.example,A\nb@x.example,"never closed\nc@x.example,C\0\nd@x.example,D,E\ne@x.example,E\n'
    )
    assert set(Address.objects.values_list("value", flat=True)) == {"a@x.example", "e@x.example"}
    assert run.problems == [
        [3, "a quoted field is never closed"],
        [4, "it contains a NUL byte"],
        [5, "it has more fields than there are columns"],
    ]


def bad_lines(count: int) -> Iterator[bytes]:
    yield b"email\n"
    for start in range(0, count, 1000):
        yield b"nobody, and too long to be true\n" * min(1000, count - start)


FIELDS = "it has more fields than there are columns"


def test_of_very_many_bad_lines_all_are_in_the_report_and_the_first_thousand_in_the_row(folder: Path) -> None:
    run = imported(*bad_lines(20_000))
    assert (run.counts["invalid"], run.counts["rows"], run.last_line) == (20_000, 20_000, 20_001)
    assert list(report.lines(run)) == [[str(line), FIELDS] for line in range(2, 20_002)]
    assert len(run.problems) == PROBLEMS_KEPT
    [kept] = folder.iterdir()
    assert kept.stat().st_size < 100_000


def test_a_report_ends_where_the_import_was_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prefcenter.lists.imports.reading.ROWS", 1500)
    run = checked(*bad_lines(4000))
    imports.confirm(run, user_id=member().pk, now=timezone.now())
    answers = iter([False, True, True])
    imports.work(now=timezone.now(), must_stop=lambda: next(answers))
    imports.stop(run, now=timezone.now())
    run.refresh_from_db()
    assert [line for line, _ in report.lines(run)] == [str(line) for line in range(2, 1502)]


def test_a_report_is_of_the_last_check(folder: Path) -> None:
    run = checked(b"email,status\n", b"a@x.example,soft bounce\n" * 1500)
    assert len(list(report.lines(run))) == 1500
    imports.check_again(run, TERMS._replace(reason=SuppressionReason.COMPLAINT))
    imports.work(now=timezone.now())
    run.refresh_from_db()
    assert (list(report.lines(run)), [path.name for path in folder.iterdir()]) == ([], [run.stored_as])


def test_where_the_file_of_lines_is_gone_the_report_says_how_many_it_leaves_out(folder: Path) -> None:
    run = imported(*bad_lines(20_000))
    [kept] = folder.iterdir()
    kept.unlink()
    lines = list(report.lines(run))
    assert lines[PROBLEMS_KEPT - 1] == [str(PROBLEMS_KEPT + 1), FIELDS]
    assert lines[PROBLEMS_KEPT:] == [["", "19,000 more lines were skipped; this report lists the first 1,000."]]


def test_the_file_of_lines_is_kept_as_long_as_those_in_the_row(folder: Path, settings: Any) -> None:
    settings.IMPORT_REPORT_DAYS = 30
    imported(*bad_lines(2000))
    for days, left in ((29, 1), (31, 0)):
        imports.tidy(now=timezone.now() + timedelta(days=days))
        assert len(list(folder.iterdir())) == left, days


def test_a_command_keeps_all_lines_for_the_report_too(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"".join(bad_lines(2000)))
    done = imports.import_file(path, TERMS, actor="test", now=timezone.now(), on_progress=lambda *_: None)
    assert done.run
    run = ImportRun.objects.get(pk=done.run.pk)
    assert len(list(report.lines(run))) == 2000


def test_a_long_report_is_read_line_by_line() -> None:
    run = checked(*bad_lines(20_000))
    tracemalloc.start()
    assert sum(1 for _ in report.lines(run)) == 20_000
    assert tracemalloc.get_traced_memory()[1] < 500_000
    tracemalloc.stop()


def test_a_report_that_is_whole_says_nothing_of_others() -> None:
    assert list(report.lines(imported(*bad_lines(2)))) == [
        ["2", "it has more fields than there are columns"],
        ["3", "it has more fields than there are columns"],
    ]


@pytest.mark.sqlite_only("It is about what Python holds")
@pytest.mark.parametrize("kind", ["good", "bad"])
def test_memory_does_not_grow_with_the_file(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prefcenter.lists.imports.reading.ROWS", 500)

    def peak(count: int) -> int:
        good = b"".join(b"p%d@x.example\n" % n for n in range(count))
        run = hand_in(b"email\n", good) if kind == "good" else hand_in(*bad_lines(count))
        del good
        gc.collect()  # what others left is none of ours
        tracemalloc.start()
        imports.work(now=timezone.now())
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        run.refresh_from_db()
        assert run.counts["rows"] == count
        return found

    peak(2000)
    assert peak(12_000) < peak(5000) + 230_000


def test_a_report_names_no_address() -> None:
    run = imported(b'email,status\nada@x.example,subscribed\n"bob@x.example,x\ncleo@@x.example,unsubscribed\n')
    assert len(run.problems) == 3
    assert "@" not in str(run.problems)
