"""What the name of a file says, and what its columns do: where both cannot be so, neither is guessed (law 13)."""

import io
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from tests.factories import ADA, BOB, CLEO
from tests.prefcenter.lists.imports.importing import Files, audience, blocked
from unsubscribe.models import Address, Category

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]
MANY = ["import_optouts", "import_contacts"]
_CREATED = "2024-01-01"


@pytest.fixture
def files(tmp_path: Path, settings: Any) -> Files:
    settings.DATA_DIR = tmp_path / "data"
    return Files(tmp_path)


#: Files whose names say no, and whose columns say nothing of somebody, or yes of everybody; and what is asked about.
CONTRADICTIONS = {
    "a status": ("Sperrliste.csv", f"email;status\n{ADA};aktiv\n{BOB};aktiv\n", "status"),
    "when": ("unsubscribes.csv", f"email,unsubscribed_at\n{ADA},{_CREATED}\n{BOB},\n", "unsubscribed_at"),
    "whether": ("optouts.csv", f"email,unsubscribed\n{ADA},no\n{BOB},no\n", "unsubscribed"),
    "Mailchimp": (
        "unsubscribed_members_export.csv",
        f"Email Address,UNSUB_TIME,LEID,EUID\n{ADA},{_CREATED},1,e\n{BOB},,2,e\n",
        "UNSUB_TIME",
    ),
}


@pytest.mark.parametrize(("name", "text", "column"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
@pytest.mark.parametrize("command", MANY)
def test_a_yes_in_a_file_named_after_a_no_is_asked_about(
    name: str, text: str, column: str, command: str, files: Files
) -> None:
    assert files.asks(command, text, "--apply", name=name) == [column]
    assert files.asks(command, text, name=name) == [column]
    assert not Address.objects.exists()


@pytest.mark.parametrize(("name", "text", "column"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
@pytest.mark.parametrize(("meaning", "people"), [("unsubscribed", {ADA, BOB}), ("subscribed", set())])
def test_what_was_answered_holds_for_the_next_night(
    name: str, text: str, column: str, meaning: str, people: set[str], files: Files
) -> None:
    value = {"status": "aktiv", "unsubscribed": "no"}.get(column, "empty")
    files.does("import_optouts", text, "--column", column, "--means", f"{value}={meaning}", "--apply", name=name)
    files.does("import_optouts", text, "--apply", name=name)
    assert blocked() - {ADA} == people - {ADA}


@pytest.mark.parametrize(
    ("name", "text", "people"),
    [
        ("Sperrliste.csv", f"email,status\n{ADA},abgemeldet\n{BOB},subscribed\n", {ADA}),
        ("Sperrliste.csv", f"email,abgemeldet am,désinscrit le\n{ADA},{_CREATED},\n{BOB},,{_CREATED}\n", {ADA, BOB}),
        ("export.csv", f"email,unsubscribed_at\n{ADA},{_CREATED}\n{BOB},\n", {ADA}),
        ("export.csv", f"email,status\n{ADA},aktiv\n", set()),
    ],
    ids=["both words", "a no in another column", "another name", "another name, and all say yes"],
)
def test_what_does_not_contradict_is_not_asked_about(name: str, text: str, people: set[str], files: Files) -> None:
    files.does("import_optouts", text, "--apply", name=name)
    assert blocked() == people


@pytest.mark.parametrize("command", MANY)
def test_columns_of_mailchimps_subscribed_do_not_speak_against_the_name_of_the_file(command: str, files: Files) -> None:
    text = f"Email Address,LEID,EUID\n{ADA},1,e\n"
    done = files.does(command, text, "--apply", name="unsubscribed_segment_export.csv")
    assert (done["new"], blocked()) == ((1, {ADA}) if command == "import_optouts" else (0, set()))


class TestATableOfSomebodysOwnWithTheHeadingsOfSendGrid:
    """“email, status, reason, created” is what a table of anybody's may have as well."""

    @pytest.mark.parametrize("name", ["export.csv", "blocklist.csv", "blocked contacts.csv", "suppression_blocks.csv"])
    def test_a_state_is_read_as_one(self, name: str, files: Files) -> None:
        text = f"email,status,reason,created\n{ADA},unsubscribed,wants out,{_CREATED}\n{BOB},active,,{_CREATED}\n"
        done = files.does("import_optouts", text, "--apply", name=name)
        assert (done["reasons"], blocked()) == ({"unsubscribed_all": 1}, {ADA})
        assert files.does("import_contacts", text, name=name)["refused"] == 1

    @pytest.mark.parametrize("command", MANY)
    def test_a_word_that_may_be_a_no_is_asked_about(self, command: str, files: Files) -> None:
        text = f"email,status,reason,created\n{ADA},blocked,asked for it,{_CREATED}\n"
        assert files.asks(command, text, "--apply", name="blocklist.csv") == ["status"]
        text = f"email,reason,created\n{ADA},blocked,{_CREATED}\n{BOB},signed up,{_CREATED}\n"
        assert files.asks(command, text, "--apply") == ["reason"]

    def test_what_a_reason_says_counts(self, files: Files) -> None:
        text = f"email,reason,created\n{ADA},unsubscribed,{_CREATED}\n{BOB},Known bad domain,{_CREATED}\n"
        assert files.does("import_optouts", text, "--apply")["reasons"] == {"unsubscribed_all": 1, "hard_bounce": 1}

    def test_with_other_columns_it_is_not_sendgrids(self, files: Files) -> None:
        text = f"email,name,status,reason,created\n{ADA},A,,,{_CREATED}\n{BOB},B,,wants out,{_CREATED}\n"
        assert files.asks("import_optouts", text, "--apply") == ["status"]

    @pytest.mark.parametrize("name", ["blocklist.csv", "Blocked.csv", "Blockliste Mai.csv"])
    def test_a_list_of_the_blocked_is_none_of_failures_for_a_while(self, name: str, files: Files) -> None:
        text = f"email,status,reason,created\n{ADA},,wants out,{_CREATED}\n{BOB},,,{_CREATED}\n"
        assert files.does("import_optouts", text, "--apply", name=name)["new"] == 2

    def test_a_status_in_words_is_spoken_for_by_a_reason_chosen_by_hand(self, files: Files) -> None:
        text = f"email,status,reason,created\n{ADA},gone,,{_CREATED}\n{CLEO},away,,{_CREATED}\n"
        done = files.does("import_optouts", text, "--reason", "complaint", "--apply")
        assert done["reasons"] == {"complaint": 2}


def sheet(*rows: list[str]) -> bytes:
    made, file = Workbook(), io.BytesIO()
    for row in rows:
        made.active.append(row)
    made.save(file)
    return file.getvalue()


TITLES = ["Abmeldungen 2024", "Report: unsubscribes", "Désabonnés au 31.12.2024", "Blocked", "Do not contact"]


class TestATitleAboveTheColumns:
    """It speaks of everybody below it, as the name of the file does."""

    @pytest.mark.parametrize("title", TITLES)
    @pytest.mark.parametrize("command", MANY)
    def test_that_says_no_makes_them_noes_and_no_contacts(self, title: str, command: str, files: Files) -> None:
        for content in (f"{title}\n\nE-Mail;Name\n{ADA};Ada\n", sheet([title], [], ["E-Mail", "Name"], [ADA, "Ada"])):
            done = files.does(command, content, "--apply", name="export.csv")
            assert done["refused"] == (0 if command == "import_optouts" else 1)
            assert blocked() == ({ADA} if command == "import_optouts" else set())

    def test_a_yes_below_it_is_asked_about(self, files: Files) -> None:
        assert files.asks("import_contacts", f"Abmeldungen\nemail;status\n{ADA};aktiv\n", "--apply") == ["status"]

    def test_audience_writes_to_nobody_of_it(self, news: Category) -> None:
        verdicts, _said = audience(f"Abmeldungen 2024\nemail;name\n{ADA};Ada\n")
        assert verdicts == ["unsubscribed"]

    @pytest.mark.parametrize("title", ["Kunden 2024", "Active contacts", "Export of 31.12.2024", "Subscribers"])
    def test_that_says_anything_else_says_nothing(self, title: str, files: Files) -> None:
        for content in (f"{title}\nE-Mail;Name\n{ADA};Ada\n", sheet([title], ["E-Mail", "Name"], [BOB, "Bob"])):
            assert files.does("import_contacts", content, "--apply")["new"] == 1
