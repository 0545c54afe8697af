"""What is said of a column and cannot be meant for the file is an error in calm words, and nothing is done."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from prefcenter.lists.imports import ColumnAnswer, Meaning
from prefcenter.lists.imports.columns.answers import keep, parse
from prefcenter.models import ImportAnswer, ImportRun
from tests.factories import ADA, BOB, CLEO
from tests.prefcenter.lists.imports.importing import Files, audience
from unsubscribe.models import Address, Category

pytestmark = pytest.mark.django_db

TEXT = f"email,mail ok,Name,unsubscribed_at,vip\n{ADA},true,A,03/04/2021,x\n{BOB},false,B,,\n"
OWN = f"address,channel,reason,category,source,campaign,date,contact\n{ADA},email,Complained,,Complaint,,,1\n"
KNOWN = ["--column", "mail ok", "--means", "true=subscribed,false=unsubscribed"]

#: What is said, what the answer begins with, and in which file.
MISFITS: dict[str, tuple[str, list[str], str]] = {
    "the column of the addresses": (TEXT, ["email", "ignore"], "Column “email” contains the addresses"),
    "the same, with values": (TEXT, ["Email", "true=subscribed"], "Column “email” contains the addresses"),
    "a list": (f"{ADA}\n{BOB}\n", ["email", "ignore"], "Column “email” contains the addresses"),
    "no column": (TEXT, ["mail okay", "ignore"], "This file has no column “mailokay”."),
    "no value": (TEXT, ["mail ok", "ture=subscribed,false=unsubscribed"], "No row has “ture” in column “mail ok”."),
    "none of two values": (
        TEXT,
        ["mail ok", "yes=subscribed,no=unsubscribed"],
        "No row has “yes” in column “mail ok”.",
    ),
    "a value of another column": (TEXT, ["vip", "true=subscribed"], "No row has “true” in column “vip”."),
    "two orders": (
        TEXT,
        ["unsubscribed_at", "day-first,month-first"],
        "--means .* These answers contradict each other",
    ),
    "nothing and an order": (
        TEXT,
        ["unsubscribed_at", "ignore,day-first"],
        "--means .* These answers contradict each other",
    ),
    "nothing and a value": (
        TEXT,
        ["mail ok", "ignore,true=subscribed"],
        "--means .* These answers contradict each other",
    ),
    "an address and a value": (
        TEXT,
        ["mail ok", "address,true=subscribed"],
        "--means .* These answers contradict each other",
    ),
    "one value twice": (
        TEXT,
        ["mail ok", "true=subscribed,TRUE=unsubscribed"],
        "--means .* was given two meanings",
    ),
    "an order of no dates": (TEXT, ["mail ok", "day-first"], "Column “mail ok” doesn’t say when"),
    "no dates of a name": (TEXT, ["Name", "undated"], "Column “Name” doesn’t say when"),
    "addresses where there are none": (TEXT, ["mail ok", "address"], "No row has an address in column “mail ok”."),
    "an address as a value": (TEXT, ["mail ok", f"{ADA}=subscribed"], "--means .* An address can’t be a value"),
    "a column of our own export": (OWN, ["source", "ignore"], "This file is an export of this site"),
    "nothing": (TEXT, ["mail ok", ""], "--means '': Say what the values mean"),
    "no meaning": (TEXT, ["mail ok", "true=maybe"], "--means .* “maybe” is not a meaning"),
    "no word": (TEXT, ["mail ok", "ingore"], "--means ingore: “ingore” is not valid"),
    "no name": (TEXT, [" ", "ignore"], "A column without a name can’t be given a meaning"),
}


@pytest.fixture
def files(tmp_path: Path, settings: Any) -> Files:
    settings.DATA_DIR = tmp_path / "data"
    return Files(tmp_path)


@pytest.mark.parametrize(("text", "answer", "why"), MISFITS.values(), ids=MISFITS)
@pytest.mark.parametrize(
    "arguments", [("import_optouts",), ("import_optouts", "--apply"), ("import_contacts",)], ids=str
)
def test_it_is_said_why_and_nothing_is_done(
    text: str, answer: list[str], why: str, arguments: tuple[str, ...], files: Files
) -> None:
    command, *rest = arguments
    with pytest.raises(CommandError, match=why) as caught:
        files.does(command, text, "--column", answer[0], "--means", answer[1], *rest)
    assert caught.value.returncode == 1
    assert "@" not in str(caught.value)
    assert not any(model.objects.exists() for model in (Address, ImportRun, ImportAnswer))


class TestAnAddressIsNoValue:
    @pytest.mark.parametrize(
        "value",
        [
            *(ADA, "Ada <ada@example.com>", "ada＠example.com", "ada\u200b@example.com", "ada @ example.com"),
            *("mailto:ada@example.com", "+49 30 901820", "+4930901820", "0049 30 901820", "tel:+4930901820"),
            *("a" * 64, "5d41402abc4b2a76b9719d911017c592", "\uff0b4930901820"),
        ],
    )
    def test_typed_by_hand_it_is_refused_and_not_kept(self, value: str, files: Files, news: Category) -> None:
        text = f"email,mail ok\n{ADA},{value}\n{BOB},no\n"
        status, said, _ = files.fails("import_optouts", text, "--column", "mail ok", "--means", f"{value}=unsubscribed")
        assert (status, "An address can’t be a value" in said) == (1, True)
        assert "@" not in said
        with pytest.raises(CommandError, match="An address can’t be a value"):
            audience(text, "--column", "mail ok", "--means", f"{value}=unsubscribed")

    @pytest.mark.parametrize("value", [ADA, "+49 30 901820", "a" * 64])
    def test_it_is_not_kept_whoever_says_it(self, value: str) -> None:
        said = {"flag": ColumnAnswer({value: Meaning.UNSUBSCRIBED, "x": Meaning.SUBSCRIBED})}
        keep(said, shown={}, actor="staff 1", now=timezone.now())
        assert ImportAnswer.objects.get().means == {"values": {"x": "subscribed"}}

    @pytest.mark.parametrize("value", ["+49 30 901820", "5d41402abc4b2a76b9719d911017c592"])
    def test_it_is_not_shown_as_one(self, value: str, files: Files) -> None:
        _, said, out = files.fails("import_optouts", f"email,unsubscribe by\n{ADA},{value}\n{BOB},no\n")
        assert value not in said + out

    @pytest.mark.parametrize("value", ["2024-01-01", "20240101", "1700000000", "12", "A1", "00", "@corp", "5.1.1"])
    def test_a_number_or_a_date_may_be_one(self, value: str) -> None:
        assert parse(f"{value}=unsubscribed").values == {value.lower(): "unsubscribed"}


@pytest.mark.parametrize("name", ["the column of the addresses", "no column", "two orders", "an order of no dates"])
def test_audience_says_so_before_it_answers(name: str, news: Category) -> None:
    text, (column, means), why = MISFITS[name]
    with pytest.raises(CommandError, match=why):
        audience(text, "--column", column, "--means", means)


def test_audience_says_at_the_end_that_no_row_has_a_value(news: Category) -> None:
    _, said = audience(TEXT, "--column", "mail ok", "--means", "ture=subscribed,false=unsubscribed")
    assert "No row has “ture” in column “mail ok”." in said
    assert "No row has" not in audience(TEXT, *KNOWN)[1]


class TestWhatIsNoMistake:
    def test_a_yes_beside_the_no_that_all_rows_have(self, files: Files) -> None:
        for value in ("true", "false"):
            assert files.does("import_optouts", f"email,mail ok\n{ADA},{value}\n", *KNOWN)["rows"] == 1

    def test_a_value_that_was_there_another_night(self, files: Files) -> None:
        answer = ["--column", "state", "--means", "gold=subscribed,gone=unsubscribed"]
        files.does("import_optouts", f"email,state\n{ADA},gold\n{BOB},gone\n", *answer, "--apply")
        assert files.does("import_optouts", f"email,state\n{CLEO},gone\n", *answer, "--apply")["new"] == 1

    def test_an_order_where_this_night_no_date_needs_it(self, files: Files) -> None:
        text, answer = f"email,unsubscribed_at\n{ADA},2021-12-31\n", ["--column", "unsubscribed_at", "--means"]
        assert files.does("import_optouts", text, *answer, "day-first,undated", "--apply")["new"] == 1

    def test_values_and_an_order_of_one_column_one_after_the_other(self, files: Files) -> None:
        text = f"email,unsubscribed_at\n{ADA},03/04/2021\n{BOB},still here\n"
        first = ["--column", "unsubscribed_at", "--means", "still here=subscribed"]
        second = ["--column", "Unsubscribed at", "--means", "day-first"]
        assert files.does("import_optouts", text, *first, *second)["new"] == 1
        assert files.does("import_optouts", text, *second, *first)["new"] == 1

    def test_that_a_name_says_nothing(self, files: Files) -> None:
        done = files.does("import_optouts", f"email,Name\n{ADA},A\n", "--column", "name", "--means", "ignore")
        assert done["columns"] == {"Name": "doesn’t say who opted out"}

    def test_that_the_channel_of_a_row_says_nothing(self, files: Files) -> None:
        text = f"email,channel\n{ADA},SMS\n{BOB},email\n"
        assert files.does("import_optouts", text)["new"] == 1
        assert files.does("import_optouts", text, "--column", "channel", "--means", "ignore")["new"] == 2


@pytest.mark.parametrize("more", [KNOWN, ["--reason", "complaint"], ["--category", "news"]])
def test_an_import_is_taken_back_as_a_whole(more: list[str]) -> None:
    with pytest.raises(CommandError, match="only be taken back as a whole"):
        call_command("import_optouts", "--take-back", "1", *more)
