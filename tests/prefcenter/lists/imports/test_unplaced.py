"""A no that cannot be placed, and a file of which nothing can be read: a job in the night ends with status 1, and the
page of the import says so. What could be read was imported."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from openpyxl import Workbook

from prefcenter.models import ImportRun, ImportState
from prefcenter.tasks import work_on_imports
from tests.factories import ADA, BOB, CLEO, CategoryFactory
from tests.prefcenter.lists.imports.importing import Files, blocked
from tests.staff import member, signed_in
from unsubscribe.models import Category, Preference

pytestmark = pytest.mark.django_db
HEAD = "address,channel,reason,category,source,campaign,date,contact\n"
UNKNOWN = f"{HEAD}{ADA},email,Left the category,Club,One-click,,,1\n{BOB},email,Complained,,Complaint,,,2\n"
UNREAD = {
    "a list": "nobody\nanybody\n",
    "a table": "email,city\nnobody,Rome\nanybody,Paris\n",
    "lines that are none": 'email,status\n"ada@example.com,unsubscribed\n',
    "other hashes": "5d41402abc4b2a76b9719d911017c592\n",
    "JSON": '[{"email": "nobody"}, {"email": "anybody"}]',
}
BOTH = pytest.mark.parametrize("arguments", [(), ("--apply",)], ids=["dry run", "applied"])


@pytest.fixture
def files(tmp_path: Path, settings: Any) -> Files:
    settings.DATA_DIR = tmp_path / "data"
    return Files(tmp_path)


@pytest.fixture
def staff_client(files: Files) -> Client:
    return signed_in(member("import_opt_outs"))


def upload(client: Client, text: str) -> str:
    """The page of the import, after it was checked."""
    file = SimpleUploadedFile("export.csv", text.encode(), "text/csv")
    form = {"kind": "opt_outs", "channel": "email", "reason": "", "category": "", "file": file}
    client.post("/admin/imports/new/", form, secure=True)
    work_on_imports()
    return page(client)


def page(client: Client) -> str:
    answer = client.get(f"/admin/imports/{ImportRun.objects.latest('id').pk}/", secure=True)
    return " ".join(answer.content.decode().split())


class TestACategoryThatIsNotHere:
    @BOTH
    def test_it_is_named_and_the_status_is_1(self, arguments: tuple[str, ...], files: Files, news: Category) -> None:
        status, said, out = files.fails("import_optouts", UNKNOWN, *arguments)
        assert status == 1
        assert "1 row with an opt-out could not be imported: there is no category “Club” here" in said
        found = json.loads(out)
        assert (found["new"], found["invalid"], found["applied"]) == (1, 1, bool(arguments))
        assert found["problems"][0]["line"] == 2
        assert "“Club”" in found["problems"][0]["problem"]

    def test_what_can_be_taken_is_taken_and_the_rest_once_the_category_is_there(
        self, files: Files, news: Category
    ) -> None:
        files.fails("import_optouts", UNKNOWN, "--apply")
        assert (blocked(), ImportRun.objects.get().state) == ({BOB}, ImportState.DONE)
        club = CategoryFactory.create(slug="club", name="Club")
        done = files.does("import_optouts", UNKNOWN, "--apply")
        assert (done["new"], done["already"]) == (1, 1)
        assert Preference.objects.get(category=club).state == "unsubscribed"

    @pytest.mark.parametrize(
        ("line", "why"),
        [
            (f"{ADA},email,Left the category,,One-click,,,1", "the category that they left is missing"),
            (f"{ADA},email,Left the category,Twice,One-click,,,1", "several categories are named “Twice” here"),
            (f"{ADA},fax,Complained,,Complaint,,,1", "unknown channel “fax”"),
        ],
    )
    def test_also_what_else_cannot_be_placed(self, line: str, why: str, files: Files) -> None:
        for slug in ("one", "two"):
            CategoryFactory.create(slug=slug, name="Twice")
        status, said, _ = files.fails("import_optouts", f"{HEAD}{line}\n{BOB},email,Complained,,,,,2\n", "--apply")
        assert (status, why in said, blocked()) == (1, True, {BOB})

    def test_each_of_several_is_named_with_its_rows(self, files: Files) -> None:
        names = [*["Club"] * 3, "Shop", *(f"No {number}" for number in range(100))]
        rows = "".join(f"p{n}@x.example,email,Left the category,{name},,,,1\n" for n, name in enumerate(names))
        _, said, out = files.fails("import_optouts", HEAD + rows)
        assert "3 rows with an opt-out could not be imported: there is no category “Club” here" in said
        assert "1 row with an opt-out could not be imported: there is no category “Shop” here" in said
        assert sum(json.loads(out)["unplaced"].values()) == 104
        assert len(said.splitlines()) < 30

    def test_an_address_in_its_place_is_not_shown(self, files: Files) -> None:
        _, said, out = files.fails("import_optouts", f"{HEAD}{ADA},email,Left the category,{CLEO},,,,1\n")
        assert CLEO not in said + out

    def test_the_page_says_so_before_and_after(self, staff_client: Client, news: Category) -> None:
        shown = upload(staff_client, UNKNOWN)
        assert "1 row with an opt-out could not be imported: there is no category “Club” here" in shown
        run = ImportRun.objects.get()
        assert run.checked_at
        staff_client.post(f"/admin/imports/{run.pk}/confirm/", {"checked": run.checked_at.isoformat()}, secure=True)
        work_on_imports()
        assert "1 row with an opt-out could not be imported: there is no category “Club” here" in page(staff_client)
        assert blocked() == {BOB}


class TestNothingThatCanBeRead:
    @BOTH
    @pytest.mark.parametrize("text", UNREAD.values(), ids=UNREAD)
    @pytest.mark.parametrize("command", ["import_optouts", "import_contacts"])
    def test_the_status_is_1(self, text: str, command: str, arguments: tuple[str, ...], files: Files) -> None:
        status, said, out = files.fails(command, text, *arguments)
        assert status == 1
        assert "None of the lines in this file is valid, so nothing was imported." in said
        assert json.loads(out)["problems"]

    @BOTH
    @pytest.mark.parametrize(
        "text",
        [f"email\n{ADA}\nnobody\n", "email,status\n", f"email,status\n{ADA},subscribed\n"],
        ids=["one line can", "an export of nobody", "all of them say yes"],
    )
    def test_what_is_read_is_no_failure(self, text: str, arguments: tuple[str, ...], files: Files) -> None:
        assert files.does("import_optouts", text, *arguments)["rows"] < 3

    def test_the_page_says_so(self, staff_client: Client) -> None:
        assert "None of the lines in this file is valid" in upload(staff_client, UNREAD["a table"])
        assert "There’s nothing new in this file." in upload(staff_client, f"email,status\n{ADA},subscribed\n")


class TestRowsBelowAWord:
    """A word on a line alone ("Abgemeldet") is about those below it, who are not read."""

    @BOTH
    @pytest.mark.parametrize("word", ["Abgemeldet", "--- unsubscribed ---", "Blockiert"])
    @pytest.mark.parametrize("command", ["import_optouts", "import_contacts"])
    def test_the_status_is_1_if_it_may_be_a_no(
        self, word: str, command: str, arguments: tuple[str, ...], files: Files
    ) -> None:
        status, said, out = files.fails(command, f"email\n{ADA}\n{word}\n{BOB}\n{CLEO}\n", *arguments)
        assert (status, json.loads(out)["new"]) == (1, 1)
        assert "2 rows with an opt-out could not be imported: line 3 is a heading for the lines below it" in said

    def test_the_last_word_counts(self, files: Files) -> None:
        text = f"email,name\n{ADA},A\nAktiv,\n{BOB},B\nAbgemeldet,\n{CLEO},C\n"
        assert files.fails("import_optouts", text)[0] == 1
        assert "1 row with an opt-out could not be imported: line 5" in files.fails("import_optouts", text)[1]
        assert files.does("import_optouts", text[: text.index("Abgemeldet")])["invalid"] == 2


@BOTH
@pytest.mark.parametrize("command", ["import_optouts", "import_contacts"])
@pytest.mark.parametrize(
    ("sheet", "is_lost"), [("Abmeldungen", True), ("Blocked", True), ("Kundenliste", False), ("Sheet2", False)]
)
def test_a_sheet_that_is_not_read_and_may_say_no_by_its_name(
    sheet: str, is_lost: bool, command: str, arguments: tuple[str, ...], files: Files
) -> None:
    book, file = Workbook(), io.BytesIO()
    first = book.active
    assert first
    for row in (["E-Mail", "Ort"], [ADA, "Rom"]):
        first.append(row)
    second = book.create_sheet(sheet)
    for row in (["Wer", "E-Mail"], ["Bob", BOB]):
        second.append(row)
    book.save(file)
    if is_lost:
        status, said, _ = files.fails(command, file.getvalue(), *arguments, name="people.xlsx")
        assert status == 1
        assert "1 row with an opt-out could not be imported: another sheet with other columns starts here" in said
    else:
        assert files.does(command, file.getvalue(), *arguments, name="people.xlsx")["invalid"] == 1


@pytest.mark.parametrize("channel", ["Email", " EMAIL ", "email\u200b", "ｅｍａｉｌ"])
def test_the_channel_of_our_own_export_is_read_however_it_is_written(channel: str, files: Files) -> None:
    text = f"{HEAD}{ADA},{channel},Complained,,Complaint,,,1\n'+49 30 901820,SMS,Complained,,Complaint,,,2\n"
    assert files.does("import_optouts", text, "--apply")["new"] == 2
    assert blocked() == {ADA, "+4930901820"}


def test_on_a_terminal_the_figures_come_first(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    with pytest.raises(CommandError, match="could not be imported"):
        call_command("import_optouts", str(files.write(UNKNOWN)), stdout=out, stderr=io.StringIO())
    assert "1  New opt-outs" in out.getvalue()
