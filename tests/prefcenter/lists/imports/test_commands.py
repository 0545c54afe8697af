"""manage.py import_optouts and import_contacts: a dry run first, a bar on a terminal, JSON for programs."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection

from prefcenter.lists import imports
from prefcenter.models import ImportRun, ImportState
from tests.factories import ADA, BOB, CategoryFactory
from unsubscribe.choices import PreferenceState, Source
from unsubscribe.models import Address, Category, ConsentEvent, Contact, Preference, Suppression

pytestmark = pytest.mark.django_db
MAILGUN = (
    "address,tags,created_at\n"
    f'{ADA},"[""*""]","Mon, 05 Jan 2026 10:00:00 UTC"\n'
    f'{BOB},"[""*""]","Mon, 05 Jan 2026 10:00:00 UTC"\n'
    "nobody,,\n"
)


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "data"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "unsubscribes.csv"
    path.write_text(MAILGUN)
    return path


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(command: str, path: Path, *arguments: str) -> dict[str, Any]:
    out, err = io.StringIO(), io.StringIO()
    call_command(command, str(path), *arguments, stdout=out, stderr=err)
    assert err.getvalue() == ""
    printed: dict[str, Any] = json.loads(out.getvalue())
    return printed


def test_without_apply_nothing_is_written_at_all(file: Path, ada: Address) -> None:
    said = run("import_optouts", file)
    assert said == {
        "file": "unsubscribes.csv",
        "recognised": "Mailgun: unsubscribes",
        "encoding": "utf-8",
        "applied": False,
        "import": None,
        "imported_before": None,
        "rows": 3,
        "new": 2,
        "already": 0,
        "overtaken": 0,
        "refused": 0,
        "invalid": 1,
        "hashed": 0,
        "reasons": {"unsubscribed_all": 2},
        "problems": [{"line": 4, "problem": "this is not a valid address"}],
        "problems_not_listed": 0,
    }
    assert (Suppression.objects.count(), ImportRun.objects.count(), Contact.objects.count()) == (0, 0, 1)


def test_with_apply_it_is_imported_and_stands_in_the_list_of_imports(file: Path) -> None:
    said = run("import_optouts", file, "--apply")
    [row] = ImportRun.objects.all()
    assert (said["applied"], said["import"], said["new"], said["invalid"]) == (True, row.pk, 2, 1)
    assert (row.state, row.created_by, row.stored_as, row.counts["new"]) == (ImportState.DONE, None, "", 2)
    assert Suppression.objects.count() == 2
    assert set(ConsentEvent.objects.values_list("source", "actor", "note")) == {
        (Source.IMPORT, "import_optouts", f"Import {row.pk}, Mailgun: unsubscribes.")
    }
    assert file.read_text() == MAILGUN, "what is not ours is not deleted"


def test_running_a_file_twice_changes_nothing(file: Path) -> None:
    run("import_optouts", file, "--apply")
    again = run("import_optouts", file, "--apply")
    assert (again["new"], again["already"], again["invalid"]) == (0, 2, 1)
    assert again["imported_before"]
    assert (Suppression.objects.count(), ConsentEvent.objects.count()) == (2, 2)


def test_reason_category_and_channel_can_be_chosen(file: Path, news: Category, tmp_path: Path) -> None:
    run("import_optouts", file, "--apply", "--reason", "complaint")
    assert set(Suppression.objects.values_list("reason", flat=True)) == {"complaint"}
    run("import_optouts", file, "--apply", "--category", "news")
    assert set(Preference.objects.values_list("category", "state")) == {(news.pk, PreferenceState.UNSUBSCRIBED)}
    numbers = tmp_path / "numbers.txt"
    numbers.write_text("+49 30 901820\n")
    assert run("import_contacts", numbers, "--channel", "sms", "--apply")["new"] == 1
    assert Address.objects.get(channel="sms").value == "+4930901820"


def test_contacts_are_learnt_and_whoever_opted_out_is_refused(tmp_path: Path, ada: Address) -> None:
    path = tmp_path / "members.csv"
    path.write_text(f"address,name,vars,subscribed\n{ADA},A,{{}},yes\n{BOB},B,{{}},yes\nc@x.example,C,{{}},no\n")
    for arguments, before in (((), 1), (("--apply",), 2)):
        said = run("import_contacts", path, *arguments)
        assert (said["new"], said["already"], said["blocked"], said["refused"]) == (1, 1, 0, 1)
        assert "reasons" not in said
        assert Contact.objects.count() == before
    assert not ConsentEvent.objects.exists()
    assert "import it as opt-outs" in said["problems"][0]["problem"]


def test_on_a_terminal_it_speaks_in_sentences_and_shows_a_bar(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text(f"{ADA}\n" + "nobody\n" * 30)
    out, err = Terminal(), Terminal()
    call_command("import_optouts", str(path), stdout=out, stderr=err, no_color=True)
    assert out.getvalue().splitlines()[:6] == [
        "A plain list, UTF-8.",
        "           1  New opt-outs",
        "           0  Already recorded",
        "           0  Resubscribed since: kept",
        "           0  Refused",
        "          30  Invalid",
    ]
    assert out.getvalue().splitlines()[-3:] == [
        "line 21: this is not a valid address",
        "… and 10 more lines with problems.",
        "Dry run: nothing was imported. Add --apply to import the file.",
    ]
    assert f"[{'#' * 30}] 31 rows" in err.getvalue()
    call_command("import_optouts", str(path), apply=True, stdout=out, stderr=err, no_color=True)
    call_command("import_optouts", str(path), stdout=out, stderr=err, no_color=True)
    assert f"Done: import {ImportRun.objects.get().pk}." in out.getvalue()
    assert "This exact file was already imported on " in out.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "This file is empty"),
        (b"PK\x03\x04rest", "save it as CSV"),
        (b"first,last\nAnn,Other\n", "This file has no column"),
    ],
)
@pytest.mark.parametrize("command", ["import_optouts", "import_contacts"])
def test_a_bad_file_is_named_in_one_sentence(command: str, content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    for arguments in ([], ["--apply"]):
        with pytest.raises(CommandError, match=said):
            call_command(command, str(path), *arguments)
    assert not ImportRun.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.csv"], "'nowhere.csv' can’t be read: No such file or directory."),
        ([f"{ADA}.csv"], "'•••' can’t be read: No such file or directory."),
        (["."], "'.' can’t be read: Is a directory."),
    ],
)
def test_a_file_that_is_not_there_is_named_without_an_address(arguments: list[str], said: str) -> None:
    with pytest.raises(CommandError) as caught:
        call_command("import_optouts", *arguments)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--category", "gone"], "There is no category 'gone' that people can opt out of. Categories: news."),
        (["--category", "receipts"], "There is no category 'receipts' that people can opt out of. Categories: news."),
        (["--category", "news", "--reason", "hard_bounce"], "Opt-outs with this reason apply to everything"),
        (["--reason", "erased"], "invalid choice: 'erased'"),
    ],
)
def test_terms_that_make_no_sense_are_refused(arguments: list[str], said: str, file: Path, news: Category) -> None:
    CategoryFactory.create(transactional=True)
    with pytest.raises(CommandError, match=said):
        call_command("import_optouts", str(file), *arguments)


def test_interrupted_it_says_where_and_can_be_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ada: Address
) -> None:
    monkeypatch.setattr("prefcenter.lists.imports.reading.ROWS", 2)
    path = tmp_path / "list.csv"
    path.write_text("email\n" + "".join(f"p{n}@x.example\n" for n in range(5)))

    def interrupt(*told: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("prefcenter.management.import_command.ImportCommand._say_progress", interrupt)
    with pytest.raises(CommandError, match=r"^Interrupted\. What was imported up to then stays") as caught:
        call_command("import_optouts", str(path), "--apply")
    assert caught.value.returncode == 130
    [row] = ImportRun.objects.all()
    assert (row.state, row.last_line, Suppression.objects.count()) == (ImportState.STOPPED, 3, 2)
    assert row.error == "Interrupted after line 3. What was imported up to then stays. You can run it again."
    monkeypatch.undo()
    again = run("import_optouts", path, "--apply")
    assert (again["new"], again["already"]) == (3, 2)


def test_it_can_be_stopped_from_the_admin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prefcenter.lists.imports.reading.ROWS", 2)
    path = tmp_path / "list.csv"
    path.write_text("email\n" + "".join(f"p{n}@x.example\n" for n in range(5)))

    def stop(*told: Any) -> None:
        row = ImportRun.objects.get()
        imports.stop(row, now=row.created_at)

    monkeypatch.setattr("prefcenter.management.import_command.ImportCommand._say_progress", stop)
    with pytest.raises(CommandError, match=r"^The import was stopped in the admin"):
        call_command("import_optouts", str(path), "--apply")
    assert Suppression.objects.count() == 2


def test_a_database_that_is_away_is_said_calmly(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("connection refused\nIs the server running?")

    monkeypatch.setattr(connection, "cursor", away)
    with pytest.raises(
        CommandError, match=r"^The database doesn’t respond: connection refused\. Check that it is running"
    ):
        call_command("import_optouts", str(file))


def test_the_summary_names_no_address(tmp_path: Path, ada: Address) -> None:
    path = tmp_path / f"{BOB}.csv"
    path.write_text(MAILGUN)
    said = json.dumps(run("import_optouts", path, "--apply"))
    assert not {ADA, BOB, "nobody"} & set(said.replace('"', " ").split())


@pytest.mark.parametrize(
    ("text", "new", "invalid"),
    [
        (f"sep=;\nEmail;Name\n{ADA};Ada\n", 1, 0),
        (f"Customers of Acme\nExported on 2026-11-30\n\nE-Mail-Adresse;Name\n{ADA};Ada\n", 1, 0),
        (f"{ADA};{BOB};\n", 2, 0),
        (f'"email,name"\n"{ADA},Ada"\n"{BOB},""Bob, Jr."""\n', 2, 0),
        (f"email,name\n{ADA},Ada\n\ufeffemail,name\n{BOB},Bob\n", 2, 0),
        (f'email,name\n"{ADA}; {BOB}",Both\n"{ADA}; nobody",One\n', 2, 1),
        (f'{{"email": "{ADA}"}}\n{{"email": "{BOB}"}}\n{{"email": "nobody"}}\n', 2, 1),
    ],
    ids=["sep", "title", "one line", "quoted lines", "joined", "two in a cell", "json"],
)
def test_files_are_read_as_they_are_found(text: str, new: int, invalid: int, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(text)
    said = run("import_optouts", path)
    assert (said["new"], said["invalid"], said["rows"]) == (new, invalid, new + invalid)
    assert run("import_contacts", path)["new"] == new
    run("import_optouts", path, "--apply")
    assert set(Address.objects.values_list("value", flat=True)) == {ADA, BOB}.intersection([ADA, BOB][:new])
    assert run("import_optouts", path)["already"] == new


def test_a_no_for_a_cell_with_two_addresses_counts_for_both(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f'email,unsubscribed\n"{ADA}, {BOB}",yes\n"c@x.example d@x.example",no\n')
    said = run("import_optouts", path, "--apply")
    assert (said["new"], said["refused"]) == (2, 2)
    assert [problem["line"] for problem in said["problems"]] == [3, 3]
    assert set(Suppression.objects.values_list("address__value", flat=True)) == {ADA, BOB}
