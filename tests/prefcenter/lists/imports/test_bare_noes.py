"""A word that may be a no and does not say whose ("blocked"): as a reason, as the name of a sheet, as a heading."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from prefcenter.models import ImportAnswer, ImportRun
from tests.factories import ADA, BOB, CLEO
from tests.prefcenter.lists.imports.importing import Files, audience, blocked
from unsubscribe.models import Address, Category

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]
MANY = ["import_optouts", "import_contacts"]
#: In the languages of the site, and how spreadsheets spell them.
BARE = [
    *("blocked", "Block", " BLOCKED ", "inactive", "disabled", "removed", "Deleted", "cancelled", "stopped", "left"),
    *("rejected", "withdrawn", "excluded", "deactivated", "suspended", "former", "expired", "unwanted", "quarantined"),
    *("Gesperrt", "blockiert", "inaktiv", "gekündigt", "gelöscht", "deaktiviert", "ausgeschlossen", "widerrufen"),
    *("bloqué", "Bloquée", "résilié", "supprimé", "exclu", "bloqueado", "Bloqueada", "cancelado", "eliminado"),
    *("inativo", "excluído", "ブロック", "退会", "停止", "محظور", "blocked by user", "Blocked (by user)"),
]


@pytest.fixture
def files(tmp_path: Path, settings: Any) -> Files:
    settings.DATA_DIR = tmp_path / "data"
    return Files(tmp_path)


def book(sheets: Mapping[str, Sequence[Sequence[str]]]) -> bytes:
    made, file = Workbook(write_only=True), io.BytesIO()
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    made.save(file)
    return file.getvalue()


class TestInAColumnOfReasons:
    @pytest.mark.parametrize("word", BARE)
    @pytest.mark.parametrize("command", MANY)
    def test_it_is_asked_about_and_nothing_is_done(self, word: str, command: str, files: Files) -> None:
        for text in (f"email,reason\n{ADA},{word}\n", f"email,Reason\n{ADA},{word}\n{BOB},subscribed\n"):
            assert [one.casefold() for one in files.asks(command, text, "--apply")] == ["reason"]
        assert not any(model.objects.exists() for model in (Address, ImportRun, ImportAnswer))

    @pytest.mark.parametrize("heading", ["Grund", "Motif", "raison", "Motivo", "理由", "السبب"])
    def test_also_under_its_name_in_another_language(self, heading: str, files: Files) -> None:
        assert files.asks("import_contacts", f"email,{heading}\n{ADA},blocked\n") == [heading]

    def test_answered_it_holds_for_the_next_night(self, files: Files) -> None:
        text, answer = f"email,reason\n{ADA},Blocked\n", ["--column", "reason", "--means", "blocked=manual"]
        assert files.does("import_optouts", text, *answer, "--apply")["reasons"] == {"manual": 1}
        assert files.does("import_optouts", f"{text}{BOB},blocked\n", "--apply")["new"] == 1
        assert files.asks("import_optouts", f"{text}{BOB},inactive\n", "--apply") == ["reason"]

    def test_or_left_out(self, files: Files) -> None:
        text = f"email,reason\n{ADA},blocked\n{BOB},too many mails\n"
        done = files.does("import_optouts", text, "--column", "reason", "--means", "blocked=ignore", "--apply")
        assert (done["new"], done["refused"], blocked()) == (1, 1, {BOB})

    def test_what_people_wrote_is_neither_asked_about_nor_shown(self, files: Files) -> None:
        text = f"email,reason\n{ADA},I moved to Paris\n{BOB},Block me no more\n{CLEO},\n"
        assert files.does("import_optouts", text)["new"] == 3
        _, said, out = files.fails("import_optouts", f"{text}dan@x.example,blocked\n")
        assert "1  blocked: ?" in said
        assert "--means 'blocked=?'" in said
        assert "Paris" not in said + out

    def test_a_reason_chosen_by_hand_speaks_for_it(self, files: Files) -> None:
        done = files.does("import_optouts", f"email,reason\n{ADA},blocked\n", "--reason", "complaint", "--apply")
        assert done["reasons"] == {"complaint": 1}

    def test_audience_names_the_column(self, news: Category) -> None:
        _, said = audience(f"email,reason\n{ADA},blocked\n")
        assert "Column “reason” may say who opted out" in said

    def test_beside_a_yes_in_the_same_cell_it_is_no_yes(self, files: Files) -> None:
        for column in ("status", "reason"):
            assert files.asks("import_optouts", f'email,{column}\n{ADA},"blocked, active"\n') == [column]


class TestAsTheNameOfASheet:
    @pytest.mark.parametrize("name", [*BARE[:-1], "Inactive contacts", "Contacts removed", "Active, inactive"])
    @pytest.mark.parametrize("command", MANY)
    def test_it_is_asked_about_and_nothing_is_done(self, name: str, command: str, files: Files) -> None:
        for sheets in ({name: [["email"], [ADA]]}, {"Contacts": [["email"], [BOB]], name: [["email"], [ADA]]}):
            assert files.asks(command, book(sheets), "--apply", name="people.xlsx") == ["Sheet"]
        assert not Address.objects.exists()

    def test_answered_it_is_read_so(self, files: Files) -> None:
        sheets = book({"Active": [["email"], [BOB]], "Blocked": [["email"], [ADA]]})
        answer = ["--column", "Sheet", "--means", "blocked=unsubscribed"]
        done = files.does("import_optouts", sheets, *answer, "--apply", name="people.xlsx")
        assert (done["new"], done["said_yes"], blocked()) == (1, 1, {ADA})

    @pytest.mark.parametrize("rows", [[["email"], [ADA]], [[ADA]]], ids=["with names", "a list"])
    @pytest.mark.parametrize(
        "name",
        [
            *("Unsubscribed", "Opt-outs", "Do not contact", "Suppression list", "Unsubscribes 2026", "Abmeldungen"),
            *("Sperrliste", "Désabonnés", "Liste noire", "Dados de baja", "Descadastrados", "配信停止"),
        ],
    )
    def test_that_says_more_it_is_a_no(self, name: str, rows: list[list[str]], files: Files) -> None:
        done = files.does("import_contacts", book({name: rows}), "--apply", name="people.xlsx")
        assert (done["new"], done["refused"]) == (0, 1)

    def test_it_counts_for_a_list_under_a_heading_that_nobody_knows(self, files: Files) -> None:
        assert files.asks("import_contacts", book({"Blocked": [["Who"], [ADA]]}), name="people.xlsx") == ["Sheet"]

    def test_of_a_list_one_mistyped_address_costs_itself(self, files: Files) -> None:
        sheets = book({"Unsubscribed": [[f"{ADA}; {BOB}; bob@"], [CLEO]]})
        done = files.does("import_optouts", sheets, "--apply", name="people.xlsx")
        assert (done["new"], done["invalid"], blocked()) == (3, 1, {ADA, BOB, CLEO})

    @pytest.mark.parametrize("rows", [[["email"], [ADA]], [[ADA]]], ids=["with names", "a list"])
    @pytest.mark.parametrize("name", ["Sheet1", "Contacts", "Leads 2026", "Tabelle1", "Berlin"])
    def test_that_says_nothing_it_is_left_alone(self, name: str, rows: list[list[str]], files: Files) -> None:
        assert files.does("import_contacts", book({name: rows}), name="people.xlsx")["new"] == 1


class TestAsTheOnlyHeadingOfAList:
    @pytest.mark.parametrize(
        "heading",
        [
            "Unsubscribed",
            *BARE,
            "Blocked contacts",
            "Inactive users",
            "Sperrliste",
            "Liste noire",
            "Bajas",
            "Abmeldungen",
        ],
    )
    def test_it_is_a_list_of_noes(self, heading: str, files: Files) -> None:
        text = f"{heading}\n{ADA}\n{BOB}\n"
        assert files.does("import_contacts", text)["refused"] == 2
        assert files.does("import_optouts", text, "--apply")["new"] == 2
        assert blocked() == {ADA, BOB}

    def test_audience_writes_to_nobody_of_it(self, news: Category) -> None:
        assert audience(f"Blocked\n{ADA}\n{BOB}\n")[0] == ["unsubscribed"] * 2

    @pytest.mark.parametrize("heading", ["email", "Contacts", "Newsletter"])
    def test_that_says_nothing_it_is_a_list_of_contacts(self, heading: str, files: Files) -> None:
        assert files.does("import_contacts", f"{heading}\n{ADA}\n")["new"] == 1
