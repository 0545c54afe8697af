"""Rows that are about another channel than the import: their no is taken there, or is not lost without a word."""

from pathlib import Path
from typing import Any

import pytest

from tests.factories import ADA, BOB
from tests.prefcenter.lists.imports.importing import Files, blocked
from unsubscribe.models import Address, Suppression

pytestmark = pytest.mark.django_db
PHONE = "+4930901820"
BOTH = pytest.mark.parametrize("arguments", [(), ("--apply",)], ids=["dry run", "applied"])


@pytest.fixture
def files(tmp_path: Path, settings: Any) -> Files:
    settings.DATA_DIR = tmp_path / "data"
    return Files(tmp_path)


def blocks() -> set[tuple[str, str]]:
    rows = Suppression.objects.filter(lifted_at=None)
    return set(rows.values_list("address__channel", "address__value"))


@BOTH
@pytest.mark.parametrize("heading", ["channel", "Kanal", "canal", "チャネル"])
def test_a_no_by_phone_is_taken_on_its_channel_where_the_file_has_the_number(
    heading: str, arguments: tuple[str, ...], files: Files
) -> None:
    text = f"email,phone,{heading}\n{ADA},{PHONE},SMS\n,0049 30 901821,sms\n{BOB},,email\n"
    done = files.does("import_optouts", text, *arguments)
    assert (done["new"], done["refused"]) == (3, 0)
    if arguments:
        assert blocks() == {("sms", PHONE), ("sms", "+4930901821"), ("email", BOB)}
        assert files.does("import_optouts", text, *arguments)["already"] == 3
        assert files.does("import_optouts", text, "--channel", "sms", "--apply")["already"] == 3


def test_an_import_for_phones_takes_the_email_addresses_of_rows_about_email(files: Files) -> None:
    text = f"phone;email;Kanal\n{PHONE};{ADA};E-Mail\n{PHONE};{BOB};Telefon\n"
    assert files.does("import_optouts", text, "--channel", "sms", "--apply")["new"] == 2
    assert blocks() == {("email", ADA), ("phone", PHONE)}


@BOTH
def test_a_number_that_cannot_be_read_is_a_no_that_cannot_be_placed(arguments: tuple[str, ...], files: Files) -> None:
    status, said, _ = files.fails("import_optouts", f"email,phone,channel\n{ADA},12,sms\n{BOB},,email\n", *arguments)
    assert status == 1
    assert "1 row with an opt-out could not be imported: this line is for another channel" in said


def test_a_yes_about_another_channel_is_none(files: Files) -> None:
    text = f"email,phone,channel,status\n{ADA},{PHONE},sms,subscribed\n{BOB},{PHONE},email,unsubscribed\n"
    done = files.does("import_optouts", text, "--apply")
    assert (done["new"], done["said_yes"], blocks()) == (1, 1, {("email", BOB)})


@BOTH
@pytest.mark.parametrize("command", ["import_optouts", "import_contacts"])
def test_a_file_that_is_all_about_another_channel_ends_with_status_1(
    command: str, arguments: tuple[str, ...], files: Files
) -> None:
    status, said, _ = files.fails(command, f"email,channel\n{ADA},SMS\n{BOB},sms\n", *arguments)
    assert status == 1
    assert "All lines in this file are for another channel" in said


def test_of_a_row_about_another_channel_no_contact_is_learnt(files: Files) -> None:
    done = files.does("import_contacts", f"email,phone,channel\n{ADA},{PHONE},sms\n{BOB},,email\n", "--apply")
    assert (done["new"], done["refused"], blocked()) == (1, 1, set())
    assert Address.objects.get().value == BOB
