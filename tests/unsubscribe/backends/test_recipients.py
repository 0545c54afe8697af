"""What goes out is what was asked about, and one recipient nobody can read costs itself alone (law 15)."""

import logging
from email.utils import getaddresses
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPSenderRefused
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.utils.functional import lazystr
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.factories import ADA, BOB, CLEO
from tests.unsubscribe.backends.test_backends import TRANSACTIONAL, block, message, recipients, send
from tests.unsubscribe.conftest import Arrived
from unsubscribe import addresses
from unsubscribe.addresses import normalise
from unsubscribe.backends.recipients import written
from unsubscribe.choices import SuppressionReason
from unsubscribe.errors import InvalidAddress
from unsubscribe.models import Address, SentCount

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]
both_kinds = pytest.mark.parametrize("said", [{}, TRANSACTIONAL], ids=["marketing", "transactional"])

STRASSE = "ada@xn--strae-mail-83a.example"
SPELLINGS = [
    # as it stands in the message, the envelope, the name in To
    ("ada@straße-mail.example", STRASSE, ""),
    ("ada@☃.example", "ada@xn--n3h.example", ""),
    ("Ada <ada@💩.example>", "ada@xn--ls8h.example", "Ada"),
    ("Ada <ada@straße-mail.example>", STRASSE, "Ada"),
    ("Ada Ünal <ADA@STRAßE-mail.example>", STRASSE, "Ada Ünal"),
    ('"Doe, Jo" <ada@straße-mail.example>', STRASSE, "Doe, Jo"),
    ("ada@strasse-mail.example", "ada@strasse-mail.example", ""),
    ("ada@βόλος.example", "ada@xn--nxasmm1c.example", ""),
    ("ada@βόλοσ.example", "ada@xn--nxasmq6b.example", ""),
    ("ada@XN--NXASMM1C.example", "ada@xn--nxasmm1c.example", ""),
    ("ada@شرکت\u200cها.example", "ada@xn--mgbful1ht1aw53l.example", ""),
    ("ada@ශ්\u200dරී.example", "ada@xn--10cl1a0b660p.example", ""),
    ("ada@example\u3002com", "ada@example.com", ""),
    ("ada@ｅｘａｍｐｌｅ．ｃｏｍ", "ada@example.com", ""),
    ("ada@exam\u00adple.com", "ada@example.com", ""),
    ("Ada@Example.COM", "ada@example.com", ""),
    ('"ada"@example.com', "ada@example.com", ""),
    ("=?utf-8?q?ada?=@example.com", "ada@example.com", ""),
    ("=?utf-8?q?J=C3=BC?= <ada@=?utf-8?q?example?=.com>", "ada@example.com", "Jü"),
    ("(a comment) ada@example.com", "ada@example.com", ""),
    ("<@relay.example:ada@example.com>", "ada@example.com", ""),
    ('"ada@work.example" <ada@example.com>', "ada@example.com", "ada@work.example"),
    ('"A\\"da\\\\" <ada@example.com>', "ada@example.com", 'A"da\\'),
    ('"Ada\nBcc: bob@example.com" <ada@example.com>', "ada@example.com", "Ada Bcc: bob@example.com"),
    ("\ud800 <ada@example.com>", "ada@example.com", ""),
    (lazystr("Ada <ada@example.com>"), "ada@example.com", "Ada"),
]
UNREADABLE: list[Any] = [
    "*@corp.example",
    "%@corp.example",
    "Corp <%@corp.example>",
    "Corp <*@corp.example>",
    "a@[",
    '"',
    "\t\n.\n;\\\u200b\\",
    ".\n\r@[\t",
    '?=.<\u200b\\%。";]',
    "(" * 400 + "ada@example.com",
    '"' * 20_000 + "@example.com",
    "(" * 20_000,
    "a" * 2_000_000,
    "ada\ud800@example.com",
    "ada@example.com\nBcc: bob@example.com",
    "ada@example.com, bob@example.com",
    "Friends: ada@example.com, bob@example.com;",
    "jürgen@example.com",
    "ada@.example",
    '=?utf-8?q?bob?=@example.com"<"',  # the address that is left is Bob's to whoever decodes it
    7,
    True,
    b"ada@example.com",
    ("Ada", "ada@example.com"),
    {"ada@example.com": 1},
    object(),
]


class WithArchive(EmailMessage):
    def recipients(self) -> list[str]:
        return [*super().recipients(), BOB]


class WithRecipientsOfItsOwn(EmailMessage):
    @property
    def to(self) -> list[str]:
        return [ADA, BOB]

    @to.setter
    def to(self, value: list[str]) -> None:
        """They are as they are."""


class Unwritable(EmailMessage):
    def message(self, *args: Any, **kwargs: Any) -> Any:
        raise RecursionError


def unwritable() -> list[EmailMessage]:
    """What no backend of Django's can write."""

    def with_alternative(*one: Any) -> EmailMultiAlternatives:
        letter = EmailMultiAlternatives("Hello", "Hello.", to=[CLEO])
        vars(letter)["alternatives"] = [one]
        return letter

    def with_encoding(encoding: str) -> EmailMessage:
        letter = message(CLEO)
        letter.encoding = encoding
        return letter

    return [
        EmailMessage("Hello\nBcc: bob@example.com", "Hello.", to=[CLEO]),
        EmailMessage("Hello", "Hello.\ud800", to=[CLEO]),
        EmailMessage("Hello", b"Hello.", to=[CLEO]),  # type: ignore[arg-type]
        EmailMessage("Hello", "Hello.", to=[CLEO], headers={"X-Order": "7\nBcc: bob@example.com"}),
        EmailMessage("Hello", "Hello.", to=[CLEO], headers={7: "7"}),  # type: ignore[dict-item]
        EmailMessage("Hello", "Hello.", from_email="a@[", to=[CLEO]),
        with_alternative("<p>Hello.</p>", "text/html"),
        with_alternative(b"\xff\xfe", "text/html"),
        with_encoding("nonsense"),
        Unwritable("Hello", "Hello.", to=[CLEO]),
    ]


def said_by_us(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.name.startswith("unsubscribe")]


class TestTheEnvelope:
    @both_kinds
    @pytest.mark.parametrize("field", ["to", "cc", "bcc"])
    @pytest.mark.parametrize(("text", "envelope", "name"), SPELLINGS, ids=[str(one[1]) for one in SPELLINGS])
    def test_names_whom_the_gate_decided_on(
        self, text: str, envelope: str, name: str, field: str, said: dict[str, str], smtp: list[Arrived]
    ) -> None:
        whom: dict[str, Any] = {field: [text]}
        letter = EmailMessage("Hello", "Hello.", headers=dict(said), **whom)
        letter.reply_to = ["Jo <jo@straße-mail.example>"]
        assert send(letter) == 1
        [arrived] = smtp
        assert arrived.recipients == [envelope]
        assert normalise(envelope).value == envelope
        header = "To" if not said else {"to": "To", "cc": "Cc", "bcc": None}[field]
        if header:
            assert getaddresses([str(arrived.message[header])]) == [(name, envelope)]
        assert letter.reply_to == ["Jo <jo@straße-mail.example>"]
        assert getattr(letter, field) == [text]

    @both_kinds
    @pytest.mark.parametrize(("text", "envelope"), [one[:2] for one in SPELLINGS])
    def test_and_nobody_who_is_blocked(
        self, text: str, envelope: str, said: dict[str, str], smtp: list[Arrived]
    ) -> None:
        block(envelope, SuppressionReason.HARD_BOUNCE)
        assert send(message(text, headers=dict(said))) == 0
        assert smtp == []

    @both_kinds
    def test_a_no_to_the_old_spelling_is_no_no_to_the_new_one(self, said: dict[str, str], smtp: list[Arrived]) -> None:
        """`straße` and `strasse` are two domains since IDNA 2008."""
        block("ada@strasse-mail.example", SuppressionReason.HARD_BOUNCE)
        letters = [
            message(text, headers=dict(said)) for text in ("ada@straße-mail.example", "ada@strasse-mail.example")
        ]
        assert send(*letters) == 1
        assert [one.recipients for one in smtp] == [[STRASSE]]

    def test_is_the_same_for_every_wrapped_backend(self) -> None:
        send(message("Ada <ada@straße-mail.example>"), message("ada@straße-mail.example", headers=dict(TRANSACTIONAL)))
        assert sorted(recipients()) == [[f"Ada <{STRASSE}>"], [STRASSE]]

    def test_two_spellings_of_one_mailbox_get_one_letter(self) -> None:
        assert send(message("ada@straße-mail.example", STRASSE, STRASSE.upper())) == 1
        assert recipients() == [[STRASSE]]

    @both_kinds
    @pytest.mark.parametrize("kind", [WithArchive, WithRecipientsOfItsOwn])
    def test_a_class_that_adds_recipients_of_its_own_sends_to_nobody(
        self, kind: type[EmailMessage], said: dict[str, str], caplog: pytest.LogCaptureFixture
    ) -> None:
        block(BOB, SuppressionReason.HARD_BOUNCE)
        assert send(kind("Hello", "Hello.", to=[ADA], headers=dict(said))) == 0
        assert mail.outbox == []
        assert f"{kind.__name__} adds recipients" in caplog.text

    @both_kinds
    @pytest.mark.parametrize("name", ["To", "CC", "bcc", "Resent-To", "resent-cc", "Resent-Bcc", "To "])
    def test_no_header_of_the_callers_names_anybody_else(
        self, name: str, said: dict[str, str], smtp: list[Arrived]
    ) -> None:
        """`sendmail -t` and its like read out of them whom to send to."""
        block(BOB, SuppressionReason.HARD_BOUNCE)
        assert send(EmailMessage("Hello", "Hello.", to=[ADA], headers={name: BOB, "X-Order": "7", **said})) == 1
        [arrived] = smtp
        assert arrived.recipients == [ADA]
        assert BOB not in arrived.message.as_string()
        assert arrived.message["X-Order"] == "7"

    @both_kinds
    def test_bounces_and_replies_come_back_to_the_domain_that_was_written(
        self, said: dict[str, str], smtp: list[Arrived]
    ) -> None:
        original = message(ADA, from_email="Jo <Jo@straße-mail.example>", headers=dict(said))
        original.reply_to = ["jo@straße-mail.example", "Jo Ünal <jo@example.com>"]
        assert send(original) == 1
        [arrived] = smtp
        jo = "jo@xn--strae-mail-83a.example"
        assert (arrived.sender, arrived.message["From"]) == (jo, f"Jo <{jo}>")
        assert arrived.message["Reply-To"] == f"{jo}, Jo Ünal <jo@example.com>"
        assert original.from_email == "Jo <Jo@straße-mail.example>"

    @pytest.mark.parametrize("text", ["root", "Root <root>", "ada@intranet", "ada@localhost", "ada@[192.0.2.1]"])
    def test_a_receipt_may_go_to_whom_the_local_server_knows(self, text: str, smtp: list[Arrived]) -> None:
        assert send(message(text, headers=dict(TRANSACTIONAL))) == 1
        assert [one.recipients for one in smtp] == [[addresses.mailbox(text)]]


class TestOneBadRecipient:
    @both_kinds
    @pytest.mark.parametrize("text", UNREADABLE, ids=[repr(one)[:20] for one in UNREADABLE])
    def test_costs_itself_alone(
        self, text: Any, said: dict[str, str], smtp: list[Arrived], caplog: pytest.LogCaptureFixture
    ) -> None:
        letters = [message(f"reader{number}@example.com", headers=dict(said)) for number in range(3)]
        with caplog.at_level(logging.INFO, logger="unsubscribe.backends"):
            assert send(*letters, EmailMessage("Hello", "Hello.", to=[text, BOB], headers=dict(said))) == 4
        assert [one.recipients for one in smtp] == [[f"reader{number}@example.com"] for number in range(3)] + [[BOB]]
        [line] = said_by_us(caplog)
        assert line.startswith("Not sent to address ")
        assert "@" not in line.replace("before the @", "")

    @both_kinds
    def test_goes_through_no_other_backend_either(self, said: dict[str, str], settings: Any) -> None:
        """Whoever reads it more kindly than we do must not get to see it."""
        settings.UNSUBSCRIBE_EMAIL_BACKEND = "tests.unsubscribe.backends.test_backends.Postman"
        odd = [*UNREADABLE, '"a\nb"@example.com', '"a\0b"@example.com', "ádá@intranet"]
        odd.remove("jürgen@example.com")
        assert [text for text in odd if send(EmailMessage("Hello", "Hello.", to=[text], headers=dict(said)))] == []

    @both_kinds
    @pytest.mark.parametrize("recipients", [None, [None], "", [""], 7, ADA, (ADA,), {ADA}])
    def test_nor_does_a_message_whose_list_is_none(
        self, recipients: Any, said: dict[str, str], smtp: list[Arrived]
    ) -> None:
        letter = message(headers=dict(said))
        letter.to = recipients
        reached = [[ADA]] if ADA in str(recipients) else []
        assert send(letter, message(BOB, headers=dict(said))) == len(reached) + 1
        assert [one.recipients for one in smtp] == [*reached, [BOB]]

    def test_what_is_longer_than_any_recipient_is_not_even_looked_at(self) -> None:
        """Email's parser takes seconds for 20,000 quotes, and a minute for some others."""
        for size, expected in [(900, ADA), (1001, "")]:
            assert addresses.mailbox(f"{'a' * (size - len(ADA) - 3)} <{ADA}>") == expected
        for text in ('"' * 20_000, "(" * 20_000, "\\" * 20_000, "a " * 10_000, "=?utf-8?q?a?=" * 2_000, "<" * 20_000):
            assert addresses.mailbox(text) == ""

    def test_whom_the_server_refuses_costs_nobody_else_their_letter(
        self, smtp: list[Arrived], news: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        said = {"X-Unsubscribe-Category": "news"}
        assert send(message("gone@example.com", ADA, headers=said), message("gone2@example.com", headers=said)) == 1
        assert [one.recipients for one in smtp] == [[ADA]]
        assert SentCount.objects.get().count == 1
        gone = Address.objects.get(value="gone@example.com")
        assert said_by_us(caplog)[0] == f"Not sent to address {gone.pk}: refused as SMTPRecipientsRefused"
        assert "@" not in "".join(said_by_us(caplog))

    def test_a_receipt_that_is_refused_is_the_senders_to_know_once_the_others_have_theirs(
        self, smtp: list[Arrived]
    ) -> None:
        letters = [message(text, headers=dict(TRANSACTIONAL)) for text in ("gone@example.com", ADA, BOB)]
        connection = get_connection()
        with pytest.raises(SMTPRecipientsRefused):
            connection.send_messages(letters)
        assert [one.recipients for one in smtp] == [[ADA], [BOB]]
        assert connection.send_messages(letters[1:]) == 2

    def test_before_the_at_sign_djangos_backends_carry_ascii_alone(self, settings: Any) -> None:
        """They would make an encoded-word of it, which is the name of another mailbox."""
        letters = [message("jürgen@example.com", headers=dict(said)) for said in ({}, TRANSACTIONAL)]
        assert send(*letters) == 0
        settings.UNSUBSCRIBE_EMAIL_BACKEND = "tests.unsubscribe.backends.test_backends.Postman"
        assert get_connection().send_messages(letters) == 2


class TestOneBadMessage:
    @both_kinds
    @pytest.mark.parametrize("number", range(len(unwritable())))
    def test_costs_itself_alone_and_is_the_senders_to_know_once_the_others_have_theirs(
        self, number: int, said: dict[str, str], smtp: list[Arrived], caplog: pytest.LogCaptureFixture
    ) -> None:
        bad = unwritable()[number]
        bad.extra_headers = {**bad.extra_headers, **said}
        before, after = message(ADA, headers=dict(said)), message(BOB, headers=dict(said))
        connection = get_connection()
        with pytest.raises((ValueError, TypeError, AttributeError, LookupError, RecursionError)):
            connection.send_messages([before, bad, after])
        assert [one.recipients for one in smtp] == [[ADA], [BOB]]
        [line] = said_by_us(caplog)
        assert line.startswith("Not sent to address ")
        assert "@" not in line
        assert connection.send_messages([before]) == 1

    @both_kinds
    def test_that_the_server_refuses_once_it_has_read_it_costs_itself_alone(
        self, said: dict[str, str], smtp: list[Arrived]
    ) -> None:
        letters = [message(text, headers=dict(said)) for text in ("unread@example.com", ADA, BOB)]
        with pytest.raises(SMTPDataError):
            get_connection().send_messages(letters)
        assert [one.recipients for one in smtp] == [[ADA], [BOB]]

    @pytest.mark.parametrize(("sender", "error"), [("refused@example.com", SMTPSenderRefused), ("busy", SMTPDataError)])
    def test_what_the_server_says_of_all_of_them_ends_it(
        self, sender: str, error: type[Exception], smtp: list[Arrived]
    ) -> None:
        letters = [message(text, from_email=sender) for text in ("busy@example.com", ADA)]
        with pytest.raises(error):
            get_connection().send_messages(letters)
        assert smtp == []


MARKS = """ " \\ ( ) < > @ , ; : . a bob [ ] ß é =?utf-8?q? ?= =?utf-8?b?Ym9i?= =?x?q?a?= \u3002 example.com a@b.de"""
parts = st.sampled_from([*MARKS.split(), *" \t\n\r\0\u200b\ud800"])
texts = st.text(max_size=30) | st.lists(parts, max_size=14).map("".join)


@hypothesis_settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=texts)
@example(text="a@[")
@example(text='=??B??=@0.AA"<"')
@example(text="\r=??B??=@0.AA")
def test_whatever_is_read_is_an_address_or_nothing(text: str) -> None:
    name, address = addresses.named_mailbox(text)
    try:
        value = normalise(address).value
    except InvalidAddress:
        return
    if value.isascii():
        # Whoever reads it anew, as a backend does, finds the same mailbox and no other.
        assert addresses.mailbox(written(name, value)) == value
        assert [found for _, found in getaddresses([written(name, value)])] == [value]


def test_a_whole_batch_goes_out_but_for_the_odd_ones(smtp: list[Arrived]) -> None:
    letters = [message(f"reader{number}@example.com") for number in range(90)]
    odd = [message(text) for text in UNREADABLE[:10]]
    assert send(*odd[:5], *letters, *odd[5:], message(CLEO)) == 91
    assert len(smtp) == 91
