"""Several columns with addresses: a no holds for all addresses of its row; of a contact one is learnt. Which columns
were read is said."""

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from prefcenter.lists import imports
from prefcenter.lists.imports import ImportOptions
from prefcenter.lists.reader import others
from prefcenter.models import ImportKind, ImportRun, ImportState
from tests.factories import ADA, BOB, CLEO, DAN
from tests.prefcenter.admin.test_import_pages import checked, page, press
from tests.prefcenter.lists.imports.importing import Files, audience, blocked
from tests.staff import member, signed_in
from unsubscribe.models import Address, Category

pytestmark = pytest.mark.django_db

#: The column that is read, and those beside it that hold the same person's addresses.
HEADINGS = {
    "Email": "Email|Email 2|E-mail (2)|email_2|Work email|Private E-Mail|Secondary Email Address|emailAddress2|"
    "Old email|E-Mail-Adresse 2|E-Mail privat|Zweite E-Mail-Adresse|Adresse e-mail secondaire|Courriel professionnel|"
    "Correo alternativo|Email pessoal|サブメールアドレス|メールアドレス2|البريد الإلكتروني الثاني|2nd email|Address",
    "Primary email": "Secondary email|Alternate email|Email",
    "E-mail 1 - Value": "E-mail 2 - Value|E-mail 3 - Value",
    "E-mail Address": "E-mail 2 Address|E-mail 3 Address",
}
NOT_THEIRS = (
    "Owner email|Name|Email status|Email opt-in|Mailing address|Emails sent|Email domain|Notes|E-mail 2 - Type|Reply-to"
)


@pytest.mark.parametrize("first", HEADINGS)
def test_a_column_is_known_by_its_heading(first: str) -> None:
    beside = HEADINGS[first].split("|")
    columns = [first, *beside, *NOT_THEIRS.split("|")]
    assert [columns[place] for place in others(columns, 0, channel="email")] == beside


def test_a_phone_beside_one_of_whatsapp_is_another_channel() -> None:
    assert others(["Phone", "Mobile", "Fax", "Phone 2"], 0, channel="sms") == [1, 3]
    assert others(["WhatsApp", "Phone"], 0, channel="whatsapp") == []
    assert others(["Phone", "Mobile"], 0, channel="whatsapp") == [1]
    assert others(["Address", "Postal address"], 0, channel="post") == []


@pytest.fixture
def files(tmp_path: Path, settings: Any) -> Files:
    settings.DATA_DIR = tmp_path / "data"
    return Files(tmp_path)


#: Ada and Bob are one person who said no, Cleo and Dan another; or all said so.
TABLES = {
    "numbered": f"Name,Email,Email 2\nA,{ADA},{BOB}\nC,{CLEO},{DAN}\n",
    "primary and secondary": f"Primary email,Secondary email\n{ADA},{BOB}\n{CLEO},{DAN}\n",
    "twice the same": f"Email,Email\n{ADA},{BOB}\n{CLEO},{DAN}\n",
    "the first is empty": f"Email;Work email\n{ADA};{BOB}\n;{CLEO}\n{DAN};\n",
    "several in a cell": f'Email,Other emails\n{ADA},"{BOB}; {CLEO}"\n{DAN},n/a\n',
    "however it is written": f"Email,Private email\n{ADA},Bob <{BOB}>\n{CLEO},mailto:{DAN}\n",
    "where they live beside it": f"Email Address,Address,Email 2\n{ADA},1 Main Street,{BOB}\n{CLEO},,{DAN}\n",
    "a status, too": f"Email,Email 2,status\n{ADA},{BOB},unsubscribed\n{CLEO},{DAN},unsubscribed\n",
    "Google's": f"Name,E-mail 1 - Value,E-mail 2 - Value\nA,{ADA},{BOB}\nC,{CLEO},{DAN}\n",
    "JSON": f'[{{"email": "{ADA}", "email2": "{BOB}"}}, {{"email": "{CLEO}", "email2": "{DAN}"}}]',
    "JSON lines": f'{{"email": "{ADA}", "emails": ["{BOB}", "{CLEO}", "{DAN}"]}}\n',
}


@pytest.mark.parametrize("text", TABLES.values(), ids=TABLES)
def test_a_no_holds_for_all_addresses_of_its_row_and_the_dry_run_says_so(text: str, files: Files) -> None:
    dry = files.does("import_optouts", text)
    assert (dry["new"], dry["problems"]) == (4, [])
    assert sum(dry["addresses_taken"].values()) >= 1
    assert files.does("import_optouts", text, "--apply")["new"] == 4
    assert blocked() == {ADA, BOB, CLEO, DAN}
    assert files.does("import_optouts", text, "--apply")["already"] == 4


def test_a_yes_is_no_no_for_the_second_address_either(files: Files) -> None:
    text = f"Email,Email 2,status\n{ADA},{BOB},unsubscribed\n{CLEO},{DAN},subscribed\n"
    done = files.does("import_optouts", text, "--apply")
    assert (done["new"], done["refused"], blocked()) == (2, 2, {ADA, BOB})


def test_what_cannot_be_an_address_is_refused_with_its_line(files: Files) -> None:
    done = files.does("import_optouts", f"Email,Email 2\n{ADA},bob@@example\n")
    assert done["problems"] == [{"line": 2, "problem": "this is not a valid address"}]


def test_phone_numbers_too(files: Files) -> None:
    text = "Phone,Mobile,Fax\n+49 30 901820,+49 151 234567,+49 30 901829\n+49 30 901821,n/a,\n"
    done = files.does("import_optouts", text, "--channel", "sms", "--apply")
    assert (done["new"], blocked()) == (3, {"+4930901820", "+49151234567", "+4930901821"})


@pytest.mark.parametrize("heading", ["Email 2", "owner email", "login"])
def test_of_a_contact_one_address_is_learnt_and_it_is_said_which_column_is_not_read(
    heading: str, files: Files, news: Category
) -> None:
    text = f"Email,{heading}\n{ADA},{BOB}\n{CLEO},{CLEO}\n{DAN},\n"
    done = files.does("import_contacts", text, "--apply")
    assert (done["new"], done["addresses_passed_over"]) == (3, {heading: 1})
    assert not Address.objects.filter(value=BOB).exists()
    verdicts, said = audience(text)
    assert verdicts == ["send"] * 3
    assert f"Column “{heading}” is not used: it contains 1 more address." in said


class TestAColumnThatIsNotKnown:
    TEXT = f"Email,Login\n{ADA},{BOB}\n{CLEO},{CLEO}\n"

    def test_is_asked_about(self, files: Files) -> None:
        assert files.asks("import_optouts", self.TEXT, "--apply") == ["Login"]
        _, said, _ = files.fails("import_optouts", self.TEXT)
        assert "Column “Login”: does it contain more addresses of the same people?" in said
        assert "1  with another address" in said
        assert "--column Login --means address\n    or --means ignore" in said

    def test_is_read_if_that_is_said_and_the_next_night_too(self, files: Files) -> None:
        done = files.does("import_optouts", self.TEXT, "--column", "login", "--means", "address", "--apply")
        assert (done["new"], blocked()) == (3, {ADA, BOB, CLEO})
        assert done["columns"] == {"Login": "contains another address of the same person"}
        assert files.does("import_optouts", self.TEXT, "--apply")["already"] == 3

    def test_is_not_read_if_that_is_said(self, files: Files) -> None:
        assert files.does("import_optouts", self.TEXT, "--column", "Login", "--means", "ignore", "--apply")["new"] == 2
        assert files.does("import_optouts", self.TEXT, "--apply")["already"] == 2

    def test_is_not_asked_about_if_it_holds_the_same_address_or_few_of_them(self, files: Files) -> None:
        rows = "".join(f"p{n}@x.example,called,P{n}@x.example\n" for n in range(9))
        text = f"Email,Said,Login\n{ADA},{BOB},{ADA}\n{rows}"
        assert files.does("import_optouts", text)["new"] == 10

    def test_is_somebody_elses_by_its_heading(self, files: Files) -> None:
        text = f"Email,Account owner email\n{ADA},boss@corp.example\n"
        done = files.does("import_optouts", text, "--apply")
        assert (done["addresses_passed_over"], blocked()) == ({"Account owner email": 1}, {ADA})

    def test_is_read_all_the_same_if_that_is_said(self, files: Files) -> None:
        text = f"Email,Spouse email\n{ADA},{BOB}\n"
        files.does("import_optouts", text, "--column", "Spouse email", "--means", "address", "--apply")
        assert blocked() == {ADA, BOB}


def test_a_known_one_is_not_read_if_that_is_said(files: Files) -> None:
    text = f"Email,Email 2\n{ADA},{BOB}\n"
    done = files.does("import_optouts", text, "--column", "Email 2", "--means", "ignore", "--apply")
    assert (done["addresses_passed_over"], blocked()) == ({"Email 2": 1}, {ADA})


class TestThePages:
    @pytest.fixture(autouse=True)
    def _folder(self, settings: Any, tmp_path: Path) -> None:
        settings.DATA_DIR = tmp_path

    def test_say_which_columns_were_read(self) -> None:
        staff_client = signed_in(member("import_opt_outs"))
        run = checked(staff_client, f"Email,Email 2\n{ADA},{BOB}\n", name="left.csv")
        said = "Column “Email 2” is used, too: it contains 1 more address"
        assert said in page(staff_client, run)
        press(staff_client, run, "confirm")
        imports.work(now=timezone.now())
        assert said in page(staff_client, run)
        assert blocked() == {ADA, BOB}

    @pytest.mark.parametrize(("answer", "names"), [("address", {ADA, BOB}), ("ignore", {ADA})])
    def test_ask_about_one_that_is_not_known(self, answer: str, names: set[str]) -> None:
        staff_client = signed_in(member("import_opt_outs"))
        run = checked(staff_client, f"Email,Login\n{ADA},{BOB}\n", name="left.csv")
        assert "The addresses in this column (1 row)" in page(staff_client, run)
        run.refresh_from_db()
        press(
            staff_client,
            run,
            "answer",
            **{"0-choice": answer, "checked": run.checked_at.isoformat() if run.checked_at else ""},
        )
        imports.work(now=timezone.now())
        press(staff_client, run, "confirm")
        imports.work(now=timezone.now())
        assert blocked() == names

    def test_go_on_with_the_next_batch_after_a_worker_died(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("prefcenter.lists.imports.reading.ROWS", 2)
        rows = "".join(f"a{n}@x.example,b{n}@x.example\n" for n in range(5))
        run = imports.hand_in(
            [f"email,email 2\n{rows}".encode()],
            ImportOptions(ImportKind.OPT_OUTS),
            file_name="x.csv",
            user_id=None,
            now=timezone.now(),
        )
        imports.work(now=timezone.now())
        run.refresh_from_db()
        imports.confirm(run, user_id=member().pk, now=timezone.now())
        stops = iter([False, True, True, False, False, False, False, False, False])
        imports.work(now=timezone.now(), must_stop=lambda: next(stops))
        imports.work(now=timezone.now())
        run = ImportRun.objects.get()
        assert (run.state, run.counts["new"], run.counts["addresses_taken"]) == (ImportState.DONE, 10, {"email 2": 5})
