"""Files that are odd, and read well: no "no" is lost in them, and no yes is taken for one."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from prefcenter.lists.imports import ImportOptions
from prefcenter.lists.imports.reading import open_source
from prefcenter.models import ImportKind
from tests.factories import ADA, BOB, CLEO, DAN
from tests.prefcenter.lists.imports.importing import Files, audience, blocked
from tests.prefcenter.lists.imports.test_questions import NOW, OPT_OUTS, asked, table
from unsubscribe.models import Address, Category

EVE = "eve@x.example"


@pytest.fixture
def files(tmp_path: Path, settings: Any) -> Files:
    settings.DATA_DIR = tmp_path / "data"
    return Files(tmp_path)


def proposed(text: str | bytes) -> dict[str, str]:
    content = text.encode() if isinstance(text, str) else text
    source = open_source(io.BytesIO(content), ImportOptions(ImportKind.OPT_OUTS), file_name="x.csv", now=NOW)
    asking = source.asking()
    for _ in source.shown_to(asking):
        pass
    return {one.heading: one.proposal for one in asking.questions if one.is_open}


@pytest.mark.parametrize(
    "heading",
    [
        *("Uncontactable", "Not contactable", "No consent", "noconsent", "Not subscribed", "Subscription cancelled"),
        *("Newsletter off", "Disallow email", "No opt in", "Marketing declined", "Consent expired", "Unreachable"),
        *("Nicht abonniert", "Einwilligung beendet", "sans consentement", "sin permiso", "sem consentimento"),
    ],
)
def test_where_a_heading_turns_the_yes_around_nothing_is_proposed(heading: str) -> None:
    assert proposed(table(heading, "yes", "no")) == {heading: "yes=?,no=?"}


@pytest.mark.parametrize(
    "heading",
    [
        *("Newsletter stop", "Stop email", "Never contact", "Robinsonliste", "Sperrvermerk", "Kein Newsletter"),
        *("Ausgetragen", "Keine Mails", "Bloqueado", "Lista negra", "Ne pas contacter", "Excluído", "DŽsinscrit"),
        *("配信不可", "退会", "メール禁止", "حظر"),
    ],
)
def test_a_no_in_its_heading_is_seen_in_every_language(heading: str) -> None:
    assert proposed(table(heading, "yes", "no")) == {heading: "yes=unsubscribed,no=subscribed"}


@pytest.mark.parametrize(
    "pair",
    [
        *(("accepted", "rejected"), ("agreed", "declined"), ("zugestimmt", "abgelehnt"), ("accepté", "refusé")),
        *(("aktiv", "gekündigt"), ("ativo", "cancelado"), ("active", "cancelled"), ("希望する", "希望しない")),
        *(("可", "不可"), ("同意", "拒否"), ("موافق", "مرفوض"), ("true; false", "true")),
    ],
)
def test_a_yes_and_a_no_are_seen_in_every_language(pair: tuple[str, str]) -> None:
    assert [one.heading for one in asked(table("col7", *pair))] == ["col7"]


@pytest.mark.parametrize("heading", ["tags", "Category", "Groups", "notes"])
def test_a_no_in_so_many_words_is_seen_among_others(heading: str) -> None:
    assert len(asked(table(heading, "vip; Unsubscribed", "vip"))) == 1
    assert asked(table(heading, "yes", "vip")) == []


def test_one_far_down_among_many_texts_is_seen() -> None:
    cells = [f"text {number}" for number in range(3000)]
    assert len(asked(table("tags", *cells, "vip, unsubscribed"))) == 1


@pytest.mark.django_db
class TestHubSpotsUnsubscribesAndBounces:
    HEAD = "Email,Portal Bounce,Portal Unsubscribe,Portal Spam Report,Global Bounce,Marketing Information,My blog\n"

    def test_are_read_type_by_type(self, files: Files) -> None:
        rows = f"{ADA},,,,,TRUE,\n{BOB},User unknown,,,,,\n{CLEO},,,,FALSE,FALSE,true\n"
        rows += f"{DAN},FALSE,,,,,FALSE\n{EVE},,,TRUE,,,\n"
        done = files.does("import_optouts", self.HEAD + rows, "--apply")
        assert done["reasons"] == {"unsubscribed_all": 2, "hard_bounce": 1, "complaint": 1}
        assert blocked() == {ADA, BOB, CLEO, EVE}

    def test_what_is_neither_true_nor_false_is_asked_about(self, files: Files) -> None:
        assert files.asks("import_optouts", f"{self.HEAD}{ADA},,,,,2024-01-01,\n") == ["Marketing Information"]


@pytest.mark.django_db
class TestOurOwnExport:
    HEAD = "address,channel,reason,category,source,campaign,date,contact\n"
    TEXT = (
        f"{HEAD}{ADA},email,Left the category,News,One-click,,,1\n{BOB},email,Did not choose the category,Club,,,,2\n"
    )

    def test_is_heard_by_audience(self, news: Category) -> None:
        assert audience(self.TEXT)[0] == ["unsubscribed", "send"]

    @pytest.mark.parametrize(
        ("columns", "left"),
        [
            (["address", "channel", "reason", "category"], True),
            (["category", "date", "reason", "channel", "address"], True),
            (["address", "channel", "reason"], False),
            (["address", "reason"], False),
        ],
    )
    def test_without_some_of_its_columns_takes_nobody_for_an_opt_out_who_is_none(
        self, columns: list[str], left: bool, files: Files, news: Category
    ) -> None:
        rows = list(csv.DictReader(io.StringIO(self.TEXT)))
        text = "\n".join([",".join(columns), *(",".join(row[name] for name in columns) for row in rows)])
        done = files.does("import_optouts", f"{text}\n", "--apply")
        assert (done["new"], done["refused"], blocked()) == (1, 1, set() if left else {ADA})

    def test_is_no_list_of_contacts(self, files: Files, news: Category) -> None:
        assert files.does("import_contacts", self.TEXT, "--apply")["refused"] == 2
        assert not Address.objects.exists()


@pytest.mark.django_db
def test_a_row_about_another_channel_is_left_out_however_it_is_spelt(files: Files) -> None:
    text = f"email,channel\n{ADA},SMS\n{BOB}, Email \n{CLEO},WhatsApp\n"
    done = files.does("import_optouts", text, "--apply")
    assert (done["refused"], blocked()) == (2, {BOB})


@pytest.mark.django_db
@pytest.mark.parametrize("encoding", ["cp932", "shift_jis", "utf-8", "utf-16", "utf-8-sig"])
def test_a_japanese_file_is_read_as_excel_writes_it(encoding: str, files: Files) -> None:
    text = f"メールアドレス,配信停止\n{ADA},はい\n{BOB},いいえ\n"
    assert files.asks("import_optouts", text.encode(encoding)) == ["配信停止"]
    answer = ["--column", "配信停止", "--means", "はい=unsubscribed,いいえ=subscribed"]
    assert files.does("import_optouts", text.encode(encoding), *answer, "--apply")["new"] == 1
    assert blocked() == {ADA}


@pytest.mark.parametrize(
    "text",
    [
        *("E-Mail;Désabonné\na@x.example;oui\n", "email,name\na@x.example,O’Brien\nb@x.example,D’Arcy\n"),
        *(
            "email,nom\na@x.example,préférée créée\n",
            "email;Größe\na@x.example;ÄÖÜ\n",
            "email,x\na@x.example,“Ada” – €\n",
        ),
    ],
)
def test_a_european_file_is_not_taken_for_a_japanese_one(text: str) -> None:
    source = open_source(io.BytesIO(text.encode("cp1252")), OPT_OUTS, file_name="x.csv", now=NOW)
    assert source.table.encoding == "cp1252"
    assert [source.table.columns, *(row.fields for row in source.table)] == [
        line.replace(";", ",").split(",") for line in text.splitlines()
    ]


@pytest.mark.django_db
def test_the_wishes_in_a_list_of_json_are_asked_about(files: Files) -> None:
    wish = {"channel": "email", "optIn": False}
    text = "\n".join(json.dumps({"email": one, "wishes": [wish]}) for one in (ADA, BOB))
    assert files.asks("import_contacts", text, "--apply") == ["wishes.optIn"]


@pytest.mark.django_db
@pytest.mark.parametrize("heading", ["Unsubscribed", "Opt-outs", "Do not contact", "Bounced", "Abgemeldet", "配信停止"])
def test_the_only_heading_of_a_list_is_heard(heading: str, files: Files, news: Category) -> None:
    text = f"{heading}\n{ADA}\n{BOB}\n"
    assert files.does("import_contacts", text)["refused"] == 2
    assert audience(text)[0] == ["unsubscribed"] * 2
    assert files.does("import_optouts", text)["new"] == 2


@pytest.mark.django_db
def test_who_is_in_a_list_of_the_subscribed_is_no_opt_out(files: Files) -> None:
    assert files.does("import_optouts", f"Subscribed\n{ADA}\n")["said_yes"] == 1


@pytest.mark.django_db
@pytest.mark.parametrize("command", ["import_optouts", "import_contacts"])
@pytest.mark.parametrize("more", ["", ",x"])
def test_below_a_line_that_says_something_of_those_below_it_nobody_is_read(
    command: str, more: str, files: Files
) -> None:
    text = f"email{',name' if more else ''}\n{ADA}{more}\nUnsubscribed{',' if more else ''}\n{BOB}{more}\n"
    status, _, out = files.fails(command, text, "--apply")
    done = json.loads(out)
    assert (status, done["new"]) == (1, 1)
    assert [one["line"] for one in done["problems"]] == [3, 4]
    assert "line 3 is a heading for the lines below it" in done["problems"][1]["problem"]


@pytest.mark.django_db
def test_a_line_with_backslashes_before_its_quotes_is_read(files: Files) -> None:
    text = f'email,name,status\n{ADA},"Ada \\"The\\" L",unsubscribed\n{BOB},"B \\" C",subscribed\n'
    done = files.does("import_optouts", text, "--apply")
    assert (done["new"], done["said_yes"], blocked()) == (1, 1, {ADA})
