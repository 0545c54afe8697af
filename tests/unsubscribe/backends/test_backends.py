"""Whatever is sent through the guarded backend: nobody who said no gets it, and marketing always has a way out."""

import copy
import logging
import pickle
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from email import message_from_bytes, policy
from email.mime.text import MIMEText
from email.utils import getaddresses
from pathlib import Path
from smtplib import SMTPServerDisconnected
from typing import Any, ClassVar

import django
import pytest
from aiosmtpd.controller import Controller
from django.core import mail
from django.core.mail import (
    EmailMessage,
    EmailMultiAlternatives,
    get_connection,
    mail_admins,
    send_mail,
    send_mass_mail,
)
from django.core.mail.backends.base import BaseEmailBackend
from django.test import override_settings
from django.utils import timezone

from tests.factories import ADA, BOB, CLEO, DAN, AddressFactory, CategoryFactory
from tests.services import free_port
from unsubscribe import actions, headers, links
from unsubscribe.actions import Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import Frequency, Purpose, Source, SuppressionReason
from unsubscribe.errors import UnknownCategory, UnsubscribeError
from unsubscribe.links import Target
from unsubscribe.models import Address, Campaign, Category, Contact, LastSent, SentCount

pytestmark = pytest.mark.django_db

GUARD = "unsubscribe.backends.GuardedEmailBackend"
TRANSACTIONAL = {headers.PURPOSE: "transactional"}


def message(*to: str, **kwargs: Any) -> EmailMessage:
    return EmailMessage("What is new", "Hello.", to=list(to) or [ADA], **kwargs)


def about(category: str, **more: str) -> dict[str, str]:
    return {headers.CATEGORY: category, **more}


def send(*messages: EmailMessage) -> int:
    sent: int = get_connection().send_messages(list(messages))
    return sent


def recipients() -> list[list[str]]:
    return [one.recipients() for one in mail.outbox]


def target(sent: EmailMessage) -> Target:
    token = sent.extra_headers["List-Unsubscribe"].partition(">")[0].rpartition("/")[2]
    return links.read(token, today=timezone.localdate())


def block(text: str, reason: SuppressionReason) -> Address:
    address = Address.objects.filter(value=text).first() or AddressFactory.create(text=text)
    if reason == SuppressionReason.UNSUBSCRIBED_ALL:
        actions.opt_out([Target(address.pk)], Origin(Source.PAGE, timezone.now()))
    elif reason == SuppressionReason.ERASED:
        actions.erase([address.contact_id], Origin(Source.PAGE, timezone.now()))
    else:
        actions.suppress([address.pk], Origin(Source.STAFF, timezone.now()), reason=reason)
    return address


def weekly(address: Address, category: Category) -> None:
    actions.opt_down([Target(address.pk, category.pk)], Origin(Source.PAGE, timezone.now()), frequency=Frequency.WEEKLY)


class Postman(BaseEmailBackend):
    """A wrapped backend that notes what is done with it."""

    diary: ClassVar[list[str]] = []
    is_open = False

    def __init__(self, fail_silently: bool = False, **kwargs: Any) -> None:
        super().__init__(fail_silently=fail_silently)
        self.diary.append(f"made {dict(kwargs, fail_silently=fail_silently)}")

    def open(self) -> bool:
        if self.is_open:
            return False
        self.is_open = True
        self.diary.append("open")
        return True

    def close(self) -> None:
        self.is_open = False
        self.diary.append("close")

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for one in email_messages:
            self.carry(one)
        return len(email_messages)

    def carry(self, one: EmailMessage) -> None:
        self.diary.append(f"sent to {', '.join(one.recipients())}")


class Stumbling(Postman):
    """Its server hangs up on Cleo."""

    def carry(self, one: EmailMessage) -> None:
        if CLEO in one.recipients():
            raise SMTPServerDisconnected("Connection unexpectedly closed")
        super().carry(one)


class Slow(Postman):
    """While it carries the first message, a provider says that Cleo's address does not exist."""

    def carry(self, one: EmailMessage) -> None:
        super().carry(one)
        if "reader0@example.com" in one.recipients():
            block(CLEO, SuppressionReason.HARD_BOUNCE)


class Noting(Postman):
    """It notes an id on the message and in a header, as several do, and puts a word of its own into the text."""

    def carry(self, one: EmailMessage) -> None:
        super().carry(one)
        assert not hasattr(one, "message_id")
        assert "message_id" not in one.extra_headers
        one.message_id = one.extra_headers["message_id"] = f"id of {one.to[0]}"  # type: ignore[attr-defined]
        one.body = f"{one.body} Sent to {one.to[0]}."


class Lossy(Postman):
    """It accepts nothing, and says so in its count."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        return 0


@pytest.fixture
def postman(settings: Any, request: pytest.FixtureRequest) -> list[str]:
    """The diary of the wrapped backend, Postman or the one that the test's parameter names."""
    kind = getattr(request, "param", Postman)
    settings.UNSUBSCRIBE_EMAIL_BACKEND = f"{__name__}.{kind.__name__}"
    Postman.diary.clear()
    return Postman.diary


@pytest.fixture
def mailserver(settings: Any) -> Iterator[list[str]]:
    """A real one behind Django's SMTP backend; the addresses it was given mail for."""
    given: list[str] = []

    class Handler:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
            given.extend(one.lower() for one in envelope.rcpt_tos)
            return "250 OK"

    controller = Controller(Handler(), hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.UNSUBSCRIBE_EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = controller.hostname, controller.port
    yield given
    controller.stop()


def with_postman(kind: type[Postman]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("postman", [kind], indirect=True)


class TestRefusing:
    @pytest.mark.parametrize("reason", SuppressionReason)
    def test_marketing_goes_to_nobody_who_is_blocked(self, reason: SuppressionReason, news: Category) -> None:
        block(BOB, reason)
        assert send(message(BOB, headers=about("news")), message(BOB), message(ADA, headers=about("news"))) == 1
        assert recipients() == [[ADA]]

    @pytest.mark.parametrize(
        ("reason", "is_sent"),
        [
            (SuppressionReason.UNSUBSCRIBED_ALL, True),
            (SuppressionReason.COMPLAINT, True),
            (SuppressionReason.HARD_BOUNCE, False),
            (SuppressionReason.MANUAL, False),
            (SuppressionReason.ERASED, False),
        ],
    )
    @pytest.mark.parametrize("says", ["purpose", "category"])
    def test_a_receipt_goes_to_whoever_can_still_be_reached(
        self, says: str, reason: SuppressionReason, is_sent: bool
    ) -> None:
        receipts = CategoryFactory.create(transactional=True)
        block(BOB, reason)
        said = TRANSACTIONAL if says == "purpose" else about(receipts.slug)
        assert send(message(BOB, headers=dict(said))) == is_sent
        assert recipients() == ([[BOB]] if is_sent else [])

    def test_what_is_declared_marketing_is_marketing_whatever_its_category(self) -> None:
        receipts = CategoryFactory.create(transactional=True)
        block(BOB, SuppressionReason.UNSUBSCRIBED_ALL)
        said = about(receipts.slug, **{headers.PURPOSE: "marketing"})
        assert send(message(BOB, headers=said), message(ADA, headers=said)) == 1
        assert recipients() == [[ADA]]
        assert target(mail.outbox[0]).category_id == receipts.pk

    def test_an_opt_out_holds_from_the_next_message_on(self, ada: Address, news: Category) -> None:
        letter = message(ADA, headers=about("news"))
        assert send(letter) == 1
        actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.ONE_CLICK, timezone.now()))
        assert send(letter) == 0
        assert send(message(ADA, headers=about(CategoryFactory.create(slug="offers").slug))) == 1

    def test_paused_and_too_soon_hold_too(self, ada: Address, news: Category) -> None:
        weekly(ada, news)
        assert [send(message(headers=about("news"))) for _ in range(2)] == [1, 0]
        bob = AddressFactory.create(text=BOB)
        actions.pause(
            [Target(bob.pk)], Origin(Source.PAGE, timezone.now()), until=timezone.localdate() + timedelta(days=2)
        )
        assert send(message(BOB, headers=about("news"))) == 0

    def test_where_opt_in_is_needed_a_stranger_gets_nothing_and_stays_one(self) -> None:
        CategoryFactory.create(opt_in=True)
        assert send(message(DAN, headers=about("partners"))) == 0
        assert not Contact.objects.exists()

    @pytest.mark.parametrize("text", ["nonsense", "@", "Ada", "", "ada@example", "Ada <>", "\n"])
    def test_marketing_to_what_is_no_address_is_not_sent(self, text: str) -> None:
        assert send(message(text)) == 0
        assert mail.outbox == []

    @with_postman(Slow)
    @pytest.mark.parametrize("said", [{}, TRANSACTIONAL], ids=["marketing", "transactional"])
    def test_a_bounce_that_arrives_between_two_batches_is_respected(
        self, said: dict[str, str], postman: list[str]
    ) -> None:
        letters = [message(f"reader{number}@example.com", headers=dict(said)) for number in range(100)]
        assert send(*letters, message(CLEO, headers=dict(said))) == 100
        assert f"sent to {CLEO}" not in postman
        assert len([one for one in postman if one.startswith("sent")]) == 100

    def test_a_refusal_is_logged_without_the_address(self, ada: Address, caplog: pytest.LogCaptureFixture) -> None:
        block(ADA, SuppressionReason.MANUAL)
        with caplog.at_level(logging.INFO, logger="unsubscribe.backends"):
            send(message(ADA), message(ADA, headers=dict(TRANSACTIONAL)), message("nonsense"))
        assert [one.getMessage() for one in caplog.records] == [
            f"Not sent to address {ada.pk}: suppressed",
            "Not sent to address None: invalid",
            f"Not sent to address {ada.pk}: suppressed",
        ]

    @pytest.mark.parametrize("said", [{}, TRANSACTIONAL], ids=["marketing", "transactional"])
    @pytest.mark.parametrize(
        "text", [f"{ADA}, {BOB}", f"{ADA} <{BOB}>", f"{ADA}<{BOB}>", f"Friends: {ADA}, {BOB};", f"Doe, Jo <{BOB}>"]
    )
    def test_two_addresses_in_one_are_not_smuggled_past_the_gate(self, text: str, said: dict[str, str]) -> None:
        block(BOB, SuppressionReason.HARD_BOUNCE)
        with suppress(ValueError):  # Django's SMTP backend refuses such a text, others do not
            send(message(text, headers=dict(said)))
        assert [one for one in recipients() if BOB in str(one)] == []

    @pytest.mark.parametrize("said", [{}, TRANSACTIONAL], ids=["marketing", "transactional"])
    @pytest.mark.parametrize(
        "text",
        [
            "bob@example.com",
            "B <BOB@Example.com>",
            '"bob"@example.com',
            '"b\\ob"@example.com',
            "=?utf-8?q?bob?=@example.com",
            "bob@=?utf-8?q?example?=.com",
            "Bob <=?utf-8?q?bob?=@example.com>",
            "bob @example.com",
            "bob@(c)example.com",
            "(c)bob@example.com",
            "bob@example.com\u200b",
            "bob@exam\u00adple.com",
            "Bob <bob@example.com",
            "<@ada.example:bob@example.com>",
            "B [x] <bob@example.com>",
            "bob@example.com>",
            "bob@example.com, ada@example.com",
            "Ada <ada@example.com>",
        ],
    )
    def test_however_an_address_is_written_the_gate_is_asked_who_would_get_it(
        self, text: str, said: dict[str, str], mailserver: list[str]
    ) -> None:
        block(BOB, SuppressionReason.HARD_BOUNCE)
        with suppress(ValueError):  # Django's own refusal
            send(message(text, headers=dict(said)))
        assert mailserver == ([ADA] if text == "Ada <ada@example.com>" else [])

    @pytest.mark.parametrize("said", [{}, TRANSACTIONAL], ids=["marketing", "transactional"])
    def test_an_apostrophe_is_a_part_of_the_address(self, said: dict[str, str], mailserver: list[str]) -> None:
        block("o'brien@example.com", SuppressionReason.HARD_BOUNCE)
        with suppress(ValueError):
            send(message("Pat <o'brien@example.com", headers=dict(said)))
        assert mailserver == []

    def test_two_messages_at_once_are_too_soon_for_each_other(self, ada: Address, news: Category) -> None:
        weekly(ada, news)
        assert send(message(headers=about("news")), message(headers=about("news"))) == 1

    # The clock is the contact's, whatever the address.
    def test_two_addresses_of_one_reader_share_a_clock(self, ada: Address, news: Category) -> None:
        work = "ada@work.example"
        actions.add_addresses(ada.contact_id, [normalise(work)], now=timezone.now())
        weekly(ada, news)
        assert send(message(ADA, headers=about("news")), message(work, headers=about("news"))) == 1

    def test_who_is_named_twice_gets_one_copy(self) -> None:
        assert send(message(ADA, cc=["Ada <ADA@example.com>"], bcc=[ADA])) == 1
        assert len(mail.outbox) == 1


class TestMarketing:
    def test_who_forgets_to_declare_sends_marketing(self) -> None:
        assert send_mail("What is new", "Hello.", None, [DAN]) == 1
        [sent] = mail.outbox
        dan = Address.objects.get(value=DAN)
        assert target(sent) == Target(dan.pk)
        assert sent.extra_headers == {
            "List-Unsubscribe": f"<{links.unsubscribe_url(Target(dan.pk), today=timezone.localdate())}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
        assert not LastSent.objects.exists()

    @pytest.mark.parametrize("case", [str, str.lower, str.upper, str.swapcase])
    def test_what_it_says_of_itself_is_read_and_taken_out(self, case: Any, news: Category) -> None:
        said = {headers.CATEGORY: "news", headers.CAMPAIGN: "Issue 1", headers.PURPOSE: "marketing"}
        kept = {"X-Mailer": "ours", "Reply-To": BOB, "Message-ID": "<1@example.com>"}
        original = message(ADA, headers={case(name): value for name, value in said.items()} | kept)
        assert send(original) == 1
        [sent] = mail.outbox
        campaign = Campaign.objects.get(category=news, name="Issue 1")
        assert target(sent) == Target(Address.objects.get().pk, news.pk, campaign.pk)
        assert b"x-unsubscribe" not in sent.message().as_bytes().lower()
        assert {name: sent.extra_headers[name] for name in kept} == kept

    @pytest.mark.parametrize("case", [str, str.lower, str.upper])
    def test_the_list_headers_that_were_there_are_replaced(self, case: Any, news: Category) -> None:
        old = {"List-Unsubscribe": "<mailto:x@example.com>", "List-Unsubscribe-Post": "no", "List-Id": "<old.example>"}
        send(message(ADA, headers=about("news") | {case(name): value for name, value in old.items()}))
        raw = message_from_bytes(mail.outbox[0].message().as_bytes())
        assert [raw.get_all(name) for name in ("List-Unsubscribe-Post", "List-Id")] == [
            ["List-Unsubscribe=One-Click"],
            ["News <news.mail.example.com>"],
        ]
        [link] = raw.get_all("List-Unsubscribe", [])
        assert link.startswith("<https://mail.example.com/u/")

    def test_everybody_gets_a_message_of_their_own(self, news: Category) -> None:
        block(CLEO, SuppressionReason.MANUAL)
        original = message(f"Ada <{ADA}>", CLEO, cc=[BOB], bcc=[DAN], headers=about("news", To="Everybody <all@x.de>"))
        assert send(original) == 1
        assert recipients() == [[f"Ada <{ADA}>"], [BOB], [DAN]]
        for sent, text in zip(mail.outbox, (ADA, BOB, DAN), strict=True):
            raw = message_from_bytes(sent.message().as_bytes(), policy=policy.default)
            assert [address for _, address in getaddresses(raw.get_all("To", []))] == [text]
            assert (raw["Cc"], raw["Bcc"]) == (None, None)
            assert target(sent).address_id == Address.objects.get(value=text).pk

    def test_the_original_stays_as_it_was(self, news: Category) -> None:
        original = message(ADA, BOB, cc=[CLEO], bcc=[DAN], headers=about("news", **{"List-Id": "<old.example>"}))
        original.attach("a.txt", "text", "text/plain")
        before = copy.deepcopy(vars(original))
        send(original)
        assert vars(original) == before
        assert original.message()["X-Unsubscribe-Category"] == "news"
        assert send(original) == 1

    def test_alternatives_and_attachments_are_kept(self, news: Category) -> None:
        letter = EmailMultiAlternatives("Grüße", "Hällo.", "Us <us@example.com>", [ADA], headers=about("news"))
        letter.reply_to = [BOB]
        letter.attach_alternative("<p>Hällo.</p>", "text/html")
        letter.attach("ü.txt", "Größe", "text/plain")
        letter.attach("a.bin", b"\0\xff", "application/octet-stream")
        letter.attach(MIMEText("BEGIN:VCALENDAR", "calendar"))
        send(letter)
        raw: Any = message_from_bytes(mail.outbox[0].message().as_bytes(), policy=policy.default)
        assert (raw["Subject"], raw["From"], raw["Reply-To"]) == ("Grüße", "Us <us@example.com>", BOB)
        assert raw.get_body(["plain"]).get_content().strip() == "Hällo."
        assert raw.get_body(["html"]).get_content().strip() == "<p>Hällo.</p>"
        contents = [(one.get_filename(), one.get_content()) for one in raw.iter_attachments()]
        assert contents == [("ü.txt", "Größe"), ("a.bin", b"\0\xff"), (None, "BEGIN:VCALENDAR")]

    @pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])  # noqa: S301
    def test_a_copy_of_what_was_sent_writes_itself(self, copied: Any, news: Category) -> None:
        """The in-memory backend copies, and others queue; the links must stay whole then too."""
        long = "https://preferences.a-rather-long-company-name.example.co.uk"
        with override_settings(UNSUBSCRIBE_BASE_URL=long):
            send(message(ADA, headers=about("news")))
        again = copied(mail.outbox[0])
        again.subject = "Changed"
        raw = again.message().as_bytes()
        assert b"\nSubject: Changed\n" in raw
        assert b"\nList-Unsubscribe: <" + long.encode() in raw
        assert b"Changed" not in mail.outbox[0].message().as_bytes()


class TestTransactional:
    def test_a_receipt_is_left_alone(self) -> None:
        letter = message(f"Ada <{ADA}>", cc=[BOB], bcc=[DAN], headers={"List-Id": "<old.example>", **TRANSACTIONAL})
        assert send(letter) == 1
        [sent] = mail.outbox
        assert (sent.to, sent.cc, sent.bcc) == ([f"Ada <{ADA}>"], [BOB], [DAN])
        assert sent.extra_headers == {"List-Id": "<old.example>"}
        assert not Contact.objects.exists()

    def test_only_the_recipients_who_get_nothing_are_taken_off(self) -> None:
        for text in (BOB, CLEO):
            block(text, SuppressionReason.HARD_BOUNCE)
        letter = message(ADA, f"Bob <{BOB.upper()}>", cc=[CLEO], bcc=[DAN], headers=dict(TRANSACTIONAL))
        assert send(letter) == 1
        [sent] = mail.outbox
        assert (sent.to, sent.cc, sent.bcc) == ([ADA], [], [DAN])
        assert (letter.cc, letter.extra_headers) == ([CLEO], TRANSACTIONAL)

    def test_it_starts_no_clock_and_counts_nothing(self) -> None:
        receipts = CategoryFactory.create(transactional=True)
        assert send(message(ADA, headers=about(receipts.slug, **{headers.CAMPAIGN: "May"}))) == 1
        assert not LastSent.objects.exists()
        assert not SentCount.objects.exists()

    @pytest.mark.parametrize("purpose", Purpose)
    def test_the_purpose_is_one_of_two_words(self, purpose: Purpose) -> None:
        assert send(message(ADA, headers={headers.PURPOSE: purpose.value})) == 1
        with pytest.raises((ValueError, UnsubscribeError)):
            send(message(ADA, headers={headers.PURPOSE: "newsletter"}))
        assert len(mail.outbox) == 1


class TestUnknownCategories:
    @pytest.mark.parametrize("said", [{}, TRANSACTIONAL], ids=["marketing", "transactional"])
    def test_an_unknown_category_sends_nothing_at_all(self, said: dict[str, str], news: Category) -> None:
        known, unknown = message(ADA, headers=about("news")), message(BOB, headers=about("nwes", **said))
        for letters in ([unknown], [known, unknown], [unknown, known]):
            with pytest.raises(UnknownCategory):
                send(*letters)
        assert mail.outbox == []
        assert not Contact.objects.exists()

    def test_nor_does_one_beyond_the_first_batch(self, news: Category) -> None:
        known = [message(f"reader{number}@example.com", headers=about("news")) for number in range(100)]
        with pytest.raises(UnknownCategory):
            send(*known, message(BOB, headers=about("nwes")))
        assert mail.outbox == []


class TestRecording:
    def test_the_clock_starts_for_those_it_was_sent_to(self, ada: Address, news: Category) -> None:
        block(CLEO, SuppressionReason.MANUAL)
        said = about("news", **{headers.CAMPAIGN: "Issue 1"})
        assert send(message(ADA, headers=said), message(BOB, CLEO, headers=said)) == 2
        contacts = Contact.objects.filter(addresses__value__in=[ADA, BOB])
        clocks = set(LastSent.objects.values_list("contact", "category", "channel", "sent_on", "campaign__name"))
        assert clocks == {(one.pk, news.pk, "email", timezone.localdate(), "Issue 1") for one in contacts}
        assert SentCount.objects.get().count == 2

    def test_a_long_name_of_a_campaign_is_the_same_on_every_database(self, news: Category) -> None:
        with suppress(UnsubscribeError):
            assert send(message(ADA, headers=about("news", **{headers.CAMPAIGN: "long " * 40}))) == 1
            Campaign.objects.get().full_clean()

    @with_postman(Stumbling)
    def test_when_the_server_hangs_up_those_who_got_it_are_recorded(self, news: Category, postman: list[str]) -> None:
        letters = [message(text, headers=about("news")) for text in (ADA, BOB, CLEO, DAN)]
        with pytest.raises(SMTPServerDisconnected):
            send(*letters)
        assert postman[1:] == ["open", f"sent to {ADA}", f"sent to {BOB}", "close"]
        assert set(LastSent.objects.values_list("contact__addresses__value", flat=True)) == {ADA, BOB}
        assert SentCount.objects.get().count == 2

    @with_postman(Lossy)
    def test_what_the_wrapped_backend_did_not_send_is_neither_counted_nor_recorded(
        self, news: Category, postman: list[str]
    ) -> None:
        assert send(message(ADA, headers=about("news")), message(BOB, headers=dict(TRANSACTIONAL))) == 0
        assert not LastSent.objects.exists()
        assert not SentCount.objects.exists()


class TestCounting:
    def test_a_message_counts_once_however_many_get_it_and_not_at_all_if_none(self, news: Category) -> None:
        block(CLEO, SuppressionReason.MANUAL)
        letters = [
            message(ADA, BOB, CLEO),
            message(CLEO),
            message(ADA, headers=about("news")),
            message(CLEO, headers=dict(TRANSACTIONAL)),
            message(ADA, BOB, headers=dict(TRANSACTIONAL)),
            EmailMessage("To nobody", "Hello."),
        ]
        assert send(*letters) == 3
        assert len(mail.outbox) == 4

    def test_of_many_batches_the_sum(self) -> None:
        assert send(*(message(f"reader{number}@example.com") for number in range(250))) == 250

    def test_no_messages_are_none_sent(self, postman: list[str]) -> None:
        assert send() == 0
        assert postman[1:] == []


class TestConnections:
    def test_one_connection_serves_all_and_is_closed(self, postman: list[str]) -> None:
        send(message(ADA), message(BOB, headers=dict(TRANSACTIONAL)), message(CLEO))
        assert [one for one in postman[1:] if not one.startswith("sent")] == ["open", "close"]
        assert postman[-1] == "close"
        assert sorted(postman[2:-1]) == [f"sent to {text}" for text in (ADA, BOB, CLEO)]

    def test_a_connection_that_is_open_stays_open(self, postman: list[str]) -> None:
        with get_connection() as connection:
            for text in (ADA, BOB):
                connection.send_messages([message(text)])
        assert postman[1:] == ["open", f"sent to {ADA}", f"sent to {BOB}", "close"]

    def test_it_is_closed_when_the_gate_has_no_answer(self, postman: list[str]) -> None:
        with pytest.raises(UnknownCategory):
            send(message(ADA, headers=about("unknown")))
        assert postman[1:] in (["open", "close"], [])

    def test_what_the_caller_says_of_the_connection_reaches_the_wrapped_backend(self, postman: list[str]) -> None:
        send_mail("What is new", "Hello.", None, [ADA], fail_silently=True, auth_user="ada", auth_password="secret")
        assert postman[0] == "made {'username': 'ada', 'password': 'secret', 'fail_silently': True}"


class TestWrapping:
    def test_the_console(self, settings: Any, capsys: pytest.CaptureFixture[str], news: Category) -> None:
        settings.UNSUBSCRIBE_EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
        assert send(message(ADA, headers=about("news"))) == 1
        said = capsys.readouterr().out
        assert "List-Unsubscribe: <https://mail.example.com/u/" in said
        assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n" in said

    def test_files(self, settings: Any, tmp_path: Path, news: Category) -> None:
        settings.UNSUBSCRIBE_EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
        settings.EMAIL_FILE_PATH = str(tmp_path)
        assert send(message(ADA, headers=about("news")), message(BOB, headers=about("news"))) == 2
        [file] = tmp_path.iterdir()
        assert file.read_bytes().count(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\n") == 2

    @with_postman(Noting)
    @pytest.mark.parametrize("said", [{}, TRANSACTIONAL], ids=["marketing", "transactional"])
    def test_what_a_backend_notes_reaches_the_callers_message_and_no_other_letter(
        self, said: dict[str, str], postman: list[str]
    ) -> None:
        readers = [f"reader{number}@example.com" for number in range(150)]
        letters: list[Any] = [message(*readers, headers=dict(said)), message(BOB, headers=dict(said))]
        assert send(*letters) == 2
        ids = [readers[0 if said else -1], BOB]
        assert [one.message_id for one in letters] == [one.extra_headers["message_id"] for one in letters]
        assert [one.message_id for one in letters] == [f"id of {one}" for one in ids]
        assert [one.body for one in letters] == ["Hello.", "Hello."]


class TestDjangosOwnFunctions:
    def test_send_mail(self) -> None:
        assert send_mail("What is new", "Hello.", None, [ADA, BOB], html_message="<p>Hello.</p>") == 1
        assert recipients() == [[ADA], [BOB]]
        assert all("List-Unsubscribe" in one.extra_headers for one in mail.outbox)

    def test_send_mass_mail(self) -> None:
        block(BOB, SuppressionReason.COMPLAINT)
        letters = [("What is new", "Hello.", None, [text]) for text in (ADA, BOB, CLEO)]
        assert send_mass_mail(letters) == 2
        assert recipients() == [[ADA], [CLEO]]

    def test_mail_admins(self, settings: Any) -> None:
        settings.ADMINS = [ADA] if django.VERSION >= (6, 0) else [("Ada", ADA)]
        mail_admins("Something broke", "Look.")
        assert recipients() == [[ADA]]
        assert "List-Unsubscribe" in mail.outbox[0].extra_headers

    def test_the_guard_is_what_django_uses(self) -> None:
        assert type(get_connection()).__module__ == GUARD.rpartition(".")[0]
