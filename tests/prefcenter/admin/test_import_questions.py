"""The form on the page of an import: what it asks about a column, how it is answered, what is kept or left out."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from prefcenter.models import ImportAnswer, ImportRun, ImportState
from prefcenter.tasks import work_on_imports
from tests.factories import ADA, BOB, CLEO
from tests.prefcenter.lists.imports.importing import blocked
from tests.prefcenter.lists.imports.test_bare_noes import book
from tests.staff import member, signed_in
from unsubscribe.models import Address

pytestmark = pytest.mark.django_db
LIST = "/admin/imports/"


class ImportPage:
    """Somebody who may import, and the page of the newest import."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def hands_in(self, content: str | bytes, *, kind: str = "opt_outs", **options: str) -> None:
        """And waits for the check."""
        content = content.encode() if isinstance(content, str) else content
        file = SimpleUploadedFile("people.xlsx" if content[:2] == b"PK" else "people.csv", content)
        form = {"kind": kind, "channel": "email", "reason": "", "category": "", "file": file, **options}
        answer = self._client.post(f"{LIST}new/", form, secure=True)
        assert answer.status_code == 302, answer.content.decode()
        work_on_imports()

    @property
    def text(self) -> str:
        return self._read(self._client.get(self._url, secure=True))

    @property
    def asks(self) -> list[str]:
        """The columns, if there is an open question."""
        page = self.text
        return re.findall(r"<h3>Column “(.*?)”</h3>", page) if "Waiting for answers" in page else []

    @property
    def choices(self) -> dict[str, str]:
        """What can be chosen, by the label of the field: its name in the form."""
        found = re.findall(r'<label for="id_([\d\w-]+)"[^>]*>\s*(.*?)\s*</label>', self.text)
        return {re.sub(r":\s*$", "", label): name for name, label in found if name[0].isdigit()}

    def answers(self, **said: str) -> str:
        """By the names of the fields, with an underscore for the hyphen. What the page then shows, after the check."""
        fields = {name.removeprefix("f").replace("_", "-"): value for name, value in said.items()}
        answer = self._client.post(f"{self._url}answer/", {"checked": self._checked, **fields}, secure=True)
        work_on_imports()
        return self._read(answer) if answer.status_code == 200 else self.text

    def confirms(self) -> dict[str, Any]:
        self._client.post(f"{self._url}confirm/", {"checked": self._checked}, secure=True)
        work_on_imports()
        run = ImportRun.objects.latest("id")
        assert run.state == ImportState.DONE
        counts: dict[str, Any] = run.counts
        return counts

    @property
    def _url(self) -> str:
        return f"{LIST}{ImportRun.objects.latest('id').pk}/"

    @property
    def _checked(self) -> str:
        checked = ImportRun.objects.latest("id").checked_at
        return checked.isoformat() if checked else ""

    @staticmethod
    def _read(answer: Any) -> str:
        assert answer.status_code == 200
        return " ".join(answer.content.decode().split())


@pytest.fixture
def import_page(settings: Any, tmp_path: Path) -> ImportPage:
    settings.DATA_DIR = tmp_path
    return ImportPage(signed_in(member("import_opt_outs")))


#: A file with a word that nobody knows, and the column that has it.
FILES: Mapping[str, tuple[str | bytes, str]] = {
    "a reason": (f"email,reason\n{ADA},blocked\n{BOB},too many mails\n", "reason"),
    "a reason in German": (f"email;Grund\n{ADA};Gesperrt\n{BOB};zu viel\n", "Grund"),
    "a status": (f"email,status\n{ADA},gone\n{BOB},unsubscribed\n", "status"),
    "a sheet": (book({"Blocked": [["email"], [ADA]], "Unsubscribed": [["email"], [BOB]]}), "Sheet"),
    "a list on a sheet": (book({"Blocked": [[ADA]], "Unsubscribed": [[BOB]]}), "Sheet"),
    "a date": (f"email,gelöscht am\n{ADA},2024-01-01\n{BOB},\n", "gelöscht am"),
}
ANY = pytest.mark.parametrize(("content", "column"), FILES.values(), ids=FILES)


@ANY
class TestAWordThatIsNotKnown:
    @pytest.mark.parametrize("kind", ["opt_outs", "contacts"])
    def test_is_asked_about_and_nothing_can_be_confirmed(
        self, content: str | bytes, column: str, kind: str, import_page: ImportPage
    ) -> None:
        import_page.hands_in(content, kind=kind)
        assert import_page.asks == [column]
        assert "/confirm/" not in import_page.text
        assert not Address.objects.exists()

    def test_is_read_as_it_is_answered(self, content: str | bytes, column: str, import_page: ImportPage) -> None:
        import_page.hands_in(content)
        fields = sorted(set(import_page.choices.values()) - {"0"})
        shown = import_page.answers(**{f"f{name.replace('-', '_')}": "unsubscribed" for name in fields})
        assert "Nothing has been imported yet." in shown
        assert import_page.confirms()["new"] == 2
        assert blocked() == {ADA, BOB}

    def test_the_answer_holds_for_the_next_file(
        self, content: str | bytes, column: str, import_page: ImportPage
    ) -> None:
        for number in range(2):
            import_page.hands_in(content)
            assert import_page.asks == ([] if number else [column])
            if not number:
                fields = sorted(set(import_page.choices.values()) - {"0"})
                import_page.answers(**{f"f{name.replace('-', '_')}": "complaint" for name in fields})
        assert ImportAnswer.objects.get().shown == column

    def test_has_to_be_answered(self, content: str | bytes, column: str, import_page: ImportPage) -> None:
        import_page.hands_in(content)
        assert "Choose what this means, or confirm that the column doesn’t say who opted out." in import_page.answers()
        assert (import_page.asks, ImportAnswer.objects.exists()) == ([column], False)

    def test_a_column_that_does_not_say_it_is_left_out(
        self, content: str | bytes, column: str, import_page: ImportPage
    ) -> None:
        import_page.hands_in(content)
        import_page.answers(f0="on")
        assert import_page.asks == []
        assert "”: doesn’t say who opted out</li>" in import_page.text
        assert import_page.confirms()["new"] == 2, "the rest of the file says nothing, so all of them opted out"


def test_a_value_that_is_left_out_costs_its_lines_alone(import_page: ImportPage) -> None:
    import_page.hands_in(f"email,reason\n{ADA},blocked\n{BOB},too many mails\n{CLEO},blocked\n")
    assert "blocked (2 rows)" in import_page.text
    assert "too many mails" not in import_page.text
    import_page.answers(f0_0="ignore")
    done = import_page.confirms()
    assert (done["new"], done["refused"], blocked()) == (1, 2, {BOB})
    assert ImportAnswer.objects.get().means == {"values": {"blocked": "ignore"}}


def test_a_word_that_the_answer_does_not_cover_is_asked_about_again_beside_it(import_page: ImportPage) -> None:
    import_page.hands_in(f"email,reason\n{ADA},blocked\n")
    import_page.answers(f0_0="unsubscribed")
    import_page.hands_in(f"email,reason\n{ADA},blocked\n{BOB},inactive\n")
    assert import_page.asks == ["reason"]
    assert {"blocked (1 row)", "inactive (1 row)"} <= import_page.choices.keys()
    names = [import_page.choices["blocked (1 row)"], import_page.choices["inactive (1 row)"]]
    import_page.answers(**{f"f{name.replace('-', '_')}": "manual" for name in names})
    assert import_page.confirms()["reasons"] == {"manual": 2}
    assert ImportAnswer.objects.get().means == {"values": {"blocked": "manual", "inactive": "manual"}}


class TestWhatOneOfAFewWordsAnswers:
    def test_the_order_of_a_date(self, import_page: ImportPage) -> None:
        import_page.hands_in(f"email,abgemeldet am\n{ADA},03/04/2021\n{BOB},\n")
        assert import_page.asks == ["abgemeldet am"]
        assert "What comes first in dates like 03/04/2021?" in import_page.text
        import_page.answers(f0_choice="day-first")
        assert (import_page.confirms()["new"], ImportAnswer.objects.get().means["order"]) == (1, "day-first")

    def test_what_is_no_date(self, import_page: ImportPage) -> None:
        import_page.hands_in(f"email,abgemeldet am\n{ADA},2021-02-30\n{BOB},\n")
        assert "Values that aren’t dates, like 2021-02-30 (1 row)" in import_page.text
        import_page.answers(f0_choice="undated")
        assert (import_page.confirms()["new"], blocked()) == (1, {ADA})

    @pytest.mark.parametrize(("choice", "names"), [("address", {ADA, BOB}), ("ignore", {ADA})])
    def test_further_addresses(self, choice: str, names: set[str], import_page: ImportPage) -> None:
        import_page.hands_in(f"email,seconds\n{ADA},{BOB}\n")
        assert import_page.asks == ["seconds"]
        assert BOB not in import_page.text
        import_page.answers(f0_choice=choice)
        import_page.confirms()
        assert blocked() == names
        import_page.hands_in(f"email,seconds\n{CLEO},dan@x.example\n")
        assert import_page.asks == []


def test_a_reason_chosen_by_hand_speaks_for_the_word(import_page: ImportPage) -> None:
    import_page.hands_in(f"email,reason\n{ADA},blocked\n", reason="complaint")
    assert import_page.asks == []
    assert import_page.confirms()["reasons"] == {"complaint": 1}


def test_no_address_or_number_is_kept_or_shown_as_a_value(import_page: ImportPage) -> None:
    import_page.hands_in(f"email,unsubscribe by\n{ADA},+49 30 901820\n{BOB},{CLEO}\n")
    assert import_page.asks[0] == "unsubscribe by"
    assert not any(one in import_page.text for one in ("901820", CLEO))
    assert "901820" not in str(ImportRun.objects.get().columns)
