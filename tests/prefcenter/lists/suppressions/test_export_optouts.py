"""manage.py export_optouts: to a file or standard output, with progress for people and a summary for programs."""

import csv
import io
import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connection
from openpyxl import load_workbook

from prefcenter.lists.suppressions import EXPORT_FORMATS, listing
from prefcenter.management.commands import export_optouts
from tests.factories import address
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.choices import Channel, Source, SuppressionReason
from unsubscribe.links import Target
from unsubscribe.models import Address, Category

pytestmark = pytest.mark.django_db

DAY = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Ran:
    """What a run wrote: the file on standard output, and what it said on either stream."""

    def __init__(self, *arguments: str, err: io.StringIO | None = None) -> None:
        target, out, self._err = io.BytesIO(), io.StringIO(), err or io.StringIO()
        command = export_optouts.Command()
        command.target = target
        call_command(command, *arguments, stdout=out, stderr=self._err)
        self.written, self.out = target.getvalue(), out.getvalue()

    @property
    def err(self) -> str:
        return self._err.getvalue()

    @property
    def rows(self) -> list[list[str]]:
        return list(csv.reader(io.StringIO(self.written.decode("utf-8-sig"))))


@pytest.fixture
def blocked(news: Category) -> list[Address]:
    made = [address(f"{name}@example.com") for name in ("ada", "bob", "=cmd", "gone")]
    actions.suppress([one.pk for one in made], Origin(Source.COMPLAINT, DAY), reason=SuppressionReason.COMPLAINT)
    actions.erase([made[-1].contact_id], Origin(Source.PAGE, DAY))
    leaver = address("cleo@example.com")
    actions.opt_out([Target(leaver.pk, news.pk)], Origin(Source.PAGE, DAY))
    return made


@pytest.mark.usefixtures("blocked")
def test_the_file_goes_to_standard_output_and_the_summary_beside_it() -> None:
    ran = Ran("--format", "sendgrid")
    assert ran.rows == [["email"], ["ada@example.com"], ["bob@example.com"]]
    assert ran.out == ""
    assert json.loads(ran.err) == {
        "format": "sendgrid",
        "category": None,
        "file": "-",
        "lines": 2,
        "left_out": {"without_address": 1, "like_a_formula": 1, "on_other_channels": 0},
    }


@pytest.mark.usefixtures("blocked")
def test_a_file_of_its_own_leaves_standard_output_to_the_summary(tmp_path: Path) -> None:
    path = tmp_path / "opt-outs.csv"
    ran = Ran("--category", "news", "--output", str(path))
    with path.open(encoding="utf-8-sig") as file:
        assert [row["reason"] for row in csv.DictReader(file)].count("Left the category") == 1
    assert (ran.written, ran.err) == (b"", "")
    summary = json.loads(ran.out)
    assert (summary["file"], summary["category"], summary["lines"]) == (str(path), "news", 6)
    # It is full of addresses: nobody else on the machine reads it.
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.usefixtures("blocked")
def test_a_person_at_a_terminal_sees_it_grow_and_no_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "WINDOW", 1)
    ran = Ran("--format", "sendgrid", err=Terminal())
    shown = ran.err.split("\r")
    assert shown[1] == f"[{'#' * 15:<30}] 50%, 1 rows"
    assert shown[2] == f"[{'#' * 30}] 100%, 2 rows"
    assert shown[3].splitlines() == [
        "\x1b[K2 rows.",
        "Not exported: 1 without a stored address (erased, or only a hash was ever known).",
        "Not exported: 1 that start like a formula (export the file “by-hand” for these).",
    ]


@pytest.mark.parametrize("kind", EXPORT_FORMATS)
@pytest.mark.usefixtures("blocked")
def test_every_format_can_be_written(kind: str) -> None:
    ran = Ran("--format", kind)
    if kind == "xlsx":
        [sheet] = load_workbook(io.BytesIO(ran.written)).worksheets
        assert sheet.max_row == 1 + json.loads(ran.err)["lines"]
    else:
        assert ran.rows[0] == list(EXPORT_FORMATS[kind].header)
        assert len(ran.rows) == 1 + json.loads(ran.err)["lines"]


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        ([], 5),
        (["--reason", "erased"], 1),
        (["--channel", "sms"], 0),
        (["--source", "page"], 1),
        (["--since", "2026-03-11"], 0),
        (["--until", "2026-03-10"], 5),
        (["--category", "news", "--reason", "left"], 1),
        (["--category", "news"], 6),
    ],
)
@pytest.mark.usefixtures("blocked")
def test_it_takes_the_filters_of_the_list(arguments: list[str], lines: int) -> None:
    ran = Ran(*arguments)
    assert json.loads(ran.err)["lines"] == len(ran.rows) - 1 == lines


@pytest.mark.parametrize("source", Source)
def test_every_source_that_an_opt_out_can_have_can_be_asked_for(source: Source) -> None:
    actions.suppress([address("ada@example.com").pk], Origin(source, DAY), reason=SuppressionReason.MANUAL)
    assert [row[0] for row in Ran("--source", source.value).rows[1:]] == ["ada@example.com"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--category", "nothing"], "There is no category 'nothing'. Categories: news."),
        (["--reason", "left"], "applies only to categories: add --category"),
        (["--format", "sha256", "--channel", Channel.SMS.value], "contains only email addresses"),
        (["--since", "2026-03-11", "--until", "2026-03-10"], "The end date is before the start date."),
        (["--since", "yesterday"], "a date like 2026-03-10"),
        (["--format", "word"], "invalid choice"),
        (["--output", "/nowhere/at/all"], "The file can’t be written: No such file or directory."),
    ],
)
@pytest.mark.usefixtures("blocked")
def test_what_cannot_be_is_said_and_nothing_is_written(arguments: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        Ran(*arguments)


@pytest.mark.usefixtures("blocked")
def test_half_a_list_never_stands_under_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "opt-outs.csv"
    path.write_text("yesterday's")

    def fail(*args: Any) -> Any:
        raise OperationalError("the server closed the connection")

    file = EXPORT_FORMATS["csv"]
    monkeypatch.setitem(EXPORT_FORMATS, "csv", file._replace(rows=fail))
    with pytest.raises(CommandError, match="The database doesn’t respond: the server closed the connection"):
        Ran("--output", str(path))
    assert path.read_text() == "yesterday's"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.usefixtures("blocked")
def test_it_is_logged_that_and_how_many_and_nobody_is_named(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    Ran("--format", "sendgrid")
    [said] = [record.getMessage() for record in caplog.records if record.name == export_optouts.__name__]
    assert said.startswith(
        "Exported 2 opt-outs as sendgrid, without 2 addresses that can’t be exported in this format. By the system's"
    )


@pytest.mark.usefixtures("blocked")
def test_it_writes_nothing_to_the_database() -> None:
    with connection.execute_wrapper(_only_reads):
        Ran("--category", "news")


def _only_reads(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    assert sql.startswith("SELECT"), sql
    return execute(sql, params, many, context)
