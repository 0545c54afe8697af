"""What a wrapped backend may do to a letter, and what of it the caller and the other letters get to see."""

from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailAlternative, EmailMessage, EmailMultiAlternatives, get_connection

from tests.factories import ADA, BOB
from tests.unsubscribe.backends.test_backends import TRANSACTIONAL, Noting, Postman, about, message, recipients, send
from unsubscribe.models import Category

pytestmark = pytest.mark.django_db


class Adding(Postman):
    """It attaches something to each letter, as one that signs or archives does."""

    def carry(self, one: EmailMessage) -> None:
        super().carry(one)
        self.diary.append(f"{len(one.attachments)} attachments")
        one.attach("seal.txt", "Sealed.", "text/plain")
        one.reply_to.append("archive@example.com")
        one.extra_headers["X-Archived"] = "yes"
        one.a_note = "archived"  # type: ignore[attr-defined]


class AsciiAlone(Postman):
    """It cannot write an address that is not ASCII, and says so in its own way."""

    def carry(self, one: EmailMessage) -> None:
        ", ".join(one.recipients()).encode("ascii")
        super().carry(one)


@pytest.fixture
def wrapped(settings: Any, request: pytest.FixtureRequest) -> list[str]:
    settings.UNSUBSCRIBE_EMAIL_BACKEND = f"{request.param.__module__}.{request.param.__name__}"
    Postman.diary.clear()
    return Postman.diary


both_kinds = pytest.mark.parametrize("said", [{}, TRANSACTIONAL], ids=["marketing", "transactional"])


@both_kinds
@pytest.mark.parametrize("wrapped", [Adding], indirect=True)
def test_what_it_adds_to_a_letter_is_not_in_the_next_one_nor_in_the_callers(
    said: dict[str, str], wrapped: list[str]
) -> None:
    letter: Any = message(ADA, BOB, headers={"X-Mailer": "ours", **said}, reply_to=["office@example.com"])
    letter.attach("notes.txt", "Hello.", "text/plain")
    for _ in range(2):
        assert send(letter) == 1
        assert set(wrapped) & {"1 attachments", "2 attachments"} == {"1 attachments"}
        assert [one[0] for one in letter.attachments] == ["notes.txt"]
        assert letter.reply_to == ["office@example.com"]


@both_kinds
@pytest.mark.parametrize("wrapped", [Adding], indirect=True)
def test_what_it_notes_stands_beside_what_the_caller_had_said(said: dict[str, str], wrapped: list[str]) -> None:
    letter: Any = message(ADA, headers={"X-Mailer": "ours", **said})
    assert send(letter) == 1
    assert letter.extra_headers == {"X-Mailer": "ours", **said, "X-Archived": "yes"}
    assert letter.a_note == "archived"


@both_kinds
@pytest.mark.parametrize("wrapped", [Noting], indirect=True)
def test_the_headers_of_a_message_may_be_none(said: dict[str, str], wrapped: list[str]) -> None:
    letter: Any = message(ADA)
    letter.extra_headers = None
    assert send(letter) == 1
    assert letter.extra_headers == {"message_id": f"id of {ADA}"}


@both_kinds
@pytest.mark.parametrize("wrapped", [AsciiAlone], indirect=True)
def test_an_address_that_it_cannot_write_costs_nobody_else_their_letter(
    said: dict[str, str], wrapped: list[str]
) -> None:
    letters = [message(text, headers=dict(said)) for text in ("jürgen@example.com", BOB)]
    if said:
        with pytest.raises(UnicodeEncodeError):
            send(*letters)
    else:
        assert send(*letters) == 1
    assert [line for line in wrapped if line.startswith("sent")] == [f"sent to {BOB}"]


@both_kinds
@pytest.mark.parametrize("kind", ["smtp", "console", "locmem", "filebased"])
def test_djangos_own_backends_are_given_no_address_that_they_would_write_as_another(
    kind: str, said: dict[str, str], settings: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.UNSUBSCRIBE_EMAIL_BACKEND = f"django.core.mail.backends.{kind}.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    # With nobody to send to, the SMTP backend would have no server to speak to.
    settings.EMAIL_HOST, settings.EMAIL_PORT = "", 0
    backend: Any = get_connection()
    backend.open = lambda: False
    assert backend.send_messages([message("jürgen@example.com", headers=dict(said))]) == 0
    assert mail.outbox == []
    assert "jürgen" not in capsys.readouterr().out


def test_a_receipt_that_is_written_for_each_recipient_tells_nobody_how_it_was_declared() -> None:
    said = TRANSACTIONAL | {"X-Mailer": "ours", "Cc": BOB, "List-Unsubscribe": "<https://shop.example/leave>"}
    letter = EmailMessage("Your order", "Choose: %%preferences_url%%", to=[ADA], headers=said)
    assert send(letter) == 1
    [sent] = mail.outbox
    assert recipients() == [[ADA]]
    assert sent.extra_headers == {"X-Mailer": "ours", "List-Unsubscribe": "<https://shop.example/leave>"}
    assert letter.extra_headers == said


def test_a_part_without_a_placeholder_stays_beside_one_that_has_one(news: Category) -> None:
    letter = EmailMultiAlternatives("What is new", "Hello.", to=[ADA], headers=about("news"))
    letter.attach_alternative("<p>Hello.</p>", "text/x-amp-html")
    letter.attach_alternative('<a href="%%unsubscribe_url%%">Leave</a>', "text/html")
    assert send(letter) == 1
    [sent] = mail.outbox
    assert isinstance(sent, EmailMultiAlternatives)
    first, second = sent.alternatives
    assert first == EmailAlternative("<p>Hello.</p>", "text/x-amp-html")
    assert "https://mail.example.com/u/" in str(second[0])


@pytest.mark.parametrize("text", ["ro\not", "root\r", "r\x7foot", "ro\u00f6t", "\u200b"], ids=ascii)
def test_what_cannot_be_printed_is_no_mailbox_of_the_local_server(text: str) -> None:
    assert send(EmailMessage("Your order", "Hello.", to=[text], headers=dict(TRANSACTIONAL))) == 0
    assert mail.outbox == []
