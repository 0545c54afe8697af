"""A word that is not known, in a column that says yes or no, is asked about: nothing of the file is done before, and a
job in the night ends with status 2 (law 13)."""

from pathlib import Path
from typing import Any

import pytest

from prefcenter.models import ImportAnswer, ImportRun
from tests.factories import ADA, BOB, CLEO
from tests.prefcenter.lists.imports.importing import Files, audience, blocked
from unsubscribe.models import Address, Category

pytestmark = pytest.mark.django_db
MANY = ["import_optouts", "import_contacts"]


@pytest.fixture
def files(tmp_path: Path, settings: Any) -> Files:
    settings.DATA_DIR = tmp_path / "data"
    return Files(tmp_path)


#: Tables of two rows whose words nobody knows, and the column that says them.
UNKNOWN = {
    "a status": (f"email,Status\n{ADA},Gone\n{BOB},Here\n", "Status"),
    "a status that is empty": (f"email;status\n{ADA};\n{BOB};\n", "status"),
    "a subscription status": (f"email,Subscription status\n{ADA},A1\n{BOB},B2\n", "Subscription status"),
    "Postmark": (
        f"EmailAddress,SuppressionReason,Origin\n{ADA},Sleeping,Recipient\n{BOB},Away,Customer\n",
        "SuppressionReason",
    ),
    "Klaviyo": (f"Email,Email Marketing Consent\n{ADA},MAYBE\n{BOB},PERHAPS\n", "Email Marketing Consent"),
    "Mailgun": (f"address,name,vars,subscribed\n{ADA},A,{{}},perhaps\n{BOB},B,{{}},maybe\n", "subscribed"),
    "JSON": (f'[{{"email": "{ADA}", "status": "x1"}}, {{"email": "{BOB}", "status": "x2"}}]', "status"),
    "whether or when": (f"email,unsubscribed\n{ADA},gone\n{BOB},here\n", "unsubscribed"),
    "one of them known": (f"email,status\n{ADA},gone\n{BOB},unsubscribed\n", "status"),
    "one of Postmark's known": (
        f"EmailAddress,SuppressionReason,Origin\n{ADA},Sleeping,Recipient\n{BOB},HardBounce,Recipient\n",
        "SuppressionReason",
    ),
}


@pytest.mark.parametrize(("text", "column"), UNKNOWN.values(), ids=UNKNOWN)
@pytest.mark.parametrize("command", MANY)
@pytest.mark.parametrize("arguments", [(), ("--apply",)], ids=str)
def test_it_asks_and_has_done_nothing(
    text: str, column: str, command: str, arguments: tuple[str, ...], files: Files
) -> None:
    assert files.asks(command, text, *arguments) == [column]
    assert not any(model.objects.exists() for model in (Address, ImportRun, ImportAnswer))


@pytest.mark.parametrize(("text", "column"), UNKNOWN.values(), ids=UNKNOWN)
def test_audience_names_the_column(text: str, column: str, news: Category) -> None:
    _, said = audience(text)
    assert f"Column “{column}” may say who opted out" in said


def test_the_question_has_the_values_and_how_often_they_are_there(files: Files) -> None:
    _, said, _ = files.fails("import_optouts", f"email,status\n{ADA},Gone\n{BOB},Gone\n{CLEO},Here\n")
    assert "2  Gone: ?" in said
    assert "1  Here: ?" in said
    assert "--column status --means 'gone=?,here=?'" in said


@pytest.mark.parametrize("name", ["a status", "Postmark", "Klaviyo", "Mailgun", "one of Postmark's known"])
def test_what_was_answered_holds_for_the_next_night_too(name: str, files: Files) -> None:
    text, column = UNKNOWN[name]
    first, second = (line.split(",") for line in text.splitlines()[1:3])
    index = text.splitlines()[0].split(",").index(column)
    known = name == "one of Postmark's known"
    means = f"{first[index]}=unsubscribed" + ("" if known else f",{second[index]}=subscribed")
    done = files.does("import_optouts", text, "--column", column, "--means", means, "--apply")
    assert (done["new"], blocked()) == ((2, {ADA, BOB}) if known else (1, {ADA}))
    assert files.does("import_optouts", text, "--apply")["already"] == done["new"]


def test_an_answer_fills_in_what_a_system_says_and_does_not_replace_it(files: Files) -> None:
    text = f"EmailAddress,SuppressionReason,Origin\n{ADA},Sleeping,Recipient\n"
    files.does("import_optouts", text, "--column", "SuppressionReason", "--means", "Sleeping=subscribed", "--apply")
    ImportAnswer.objects.update(means={"values": {"sleeping": "subscribed", "hardbounce": "subscribed"}})
    done = files.does("import_optouts", f"{text}{BOB},HardBounce,Recipient\n", "--apply")
    assert (done["reasons"], blocked()) == ({"hard_bounce": 1}, {BOB})


class TestAReasonChosenByHand:
    def test_speaks_for_words_that_are_not_known(self, files: Files) -> None:
        text = f"email,status\n{ADA},gone\n{BOB},away\n{CLEO},unsubscribed\n"
        assert files.does("import_optouts", text, "--reason", "complaint", "--apply")["new"] == 3

    def test_does_not_where_others_of_the_column_say_yes(self, files: Files) -> None:
        text = f"email,status\n{ADA},gone\n{BOB},subscribed\n"
        assert files.asks("import_optouts", text, "--reason", "complaint", "--apply") == ["status"]
        answer = ["--column", "status", "--means", "gone=unsubscribed"]
        done = files.does("import_optouts", text, "--reason", "complaint", *answer, "--apply")
        assert (done["reasons"], blocked()) == ({"complaint": 1}, {ADA})


def test_a_word_of_our_own_export_that_is_not_ours_is_asked_about(files: Files, news: Category) -> None:
    text = (
        "address,channel,reason,category,source,campaign,date,contact\n"
        f"{ADA},email,Hat sich abgemeldet,,One-click,,,1\n"
        f"{BOB},email,Hat sich abgemeldet,{news.name},One-click,,,2\n"
        f"{CLEO},email,Complained,,Complaint,,,3\n"
    )
    assert files.asks("import_optouts", text, "--apply") == ["reason"]
    answer = ["--column", "reason", "--means", "hat sich abgemeldet=unsubscribed"]
    done = files.does("import_optouts", text, *answer, "--apply")
    assert (done["new"], blocked()) == (3, {ADA, CLEO}), "of Bob it is known that he left the category alone"


def test_what_amazon_calls_otherwise_is_a_no_all_the_same(files: Files, news: Category) -> None:
    text = f"EmailAddress,Reason,LastUpdateTime\n{ADA},BOUNCE,2024-01-01\n{BOB},UNDETERMINED,2024-01-01\n"
    assert files.does("import_contacts", text)["refused"] == 2
    assert audience(text)[0] == ["unsubscribed"] * 2
    assert files.does("import_optouts", text, "--apply")["reasons"] == {"hard_bounce": 1, "unsubscribed_all": 1}
