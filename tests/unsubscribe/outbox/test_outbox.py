"""What is owed goes out once, later if it must, and never gets lost: against a real SMTP server."""

import asyncio
import re
import smtplib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from tests.factories import AddressFactory, CategoryFactory
from tests.services import PATIENCE, free_port
from unsubscribe import actions, outbox, tasks
from unsubscribe.actions import Origin
from unsubscribe.choices import Channel, Frequency, OutboxKind, OutboxStatus, Source, SuppressionReason
from unsubscribe.links import Target
from unsubscribe.models import Address, Category, OutboxMessage
from unsubscribe.outbox import claims, messages

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


class Inbox:
    """Takes mail, or answers as a server in trouble does."""

    def __init__(self) -> None:
        self.mails: list[Message] = []
        self.answer = "250 OK"
        self.hangs = False

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.hangs:
            await asyncio.Event().wait()
        if self.answer.startswith("2"):
            self.mails.append(message_from_bytes(envelope.original_content or b""))
        return self.answer


@pytest.fixture
def inbox(settings: Any) -> Iterator[Inbox]:
    handler = Inbox()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.UNSUBSCRIBE_EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", controller.port, PATIENCE
    yield handler
    controller.stop()


@pytest.fixture
def owed(ada: Address, news: Category, now: datetime) -> OutboxMessage:
    actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.ONE_CLICK, now))
    return OutboxMessage.objects.get()


def text_of(mail: Message) -> str:
    return "".join(part.get_payload(decode=True).decode() for part in mail.walk() if not part.is_multipart())  # type: ignore[union-attr]


def deliver(message: OutboxMessage, *, now: datetime) -> OutboxMessage:
    outbox.deliver(message.pk, now=now)
    message.refresh_from_db()
    return message


def test_c1_a_confirmation_says_that_it_is_automatic(owed: OutboxMessage, now: datetime, inbox: Inbox) -> None:
    assert deliver(owed, now=now + MINUTE).status == OutboxStatus.SENT
    [mail] = inbox.mails
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == f"<{owed.uid}@example.com>"
    assert mail["To"] == "ada@example.com"
    assert not [name for name in mail if name.lower().startswith(("x-unsubscribe", "list-"))]


def test_c3_it_says_what_changed_from_when_and_how_to_undo_it(owed: OutboxMessage, now: datetime, inbox: Inbox) -> None:
    deliver(owed, now=now + MINUTE)
    text = text_of(inbox.mails[0])
    assert "You’ll no longer get “News” by email." in text
    assert "This takes effect immediately." in text
    assert len(set(re.findall(r"https://mail\.example\.com/f/[\w-]{40}", text))) == 1
    assert "1 Main Street, Springfield" in text
    assert re.search(r'<a [^>]*style="', text)


def test_c3_one_address_gets_a_limited_number_a_day(
    ada: Address, news: Category, now: datetime, inbox: Inbox, settings: Any
) -> None:
    settings.UNSUBSCRIBE_CONFIRMATIONS_PER_DAY = 2
    for number, frequency in enumerate([Frequency.DAILY, Frequency.WEEKLY, Frequency.MONTHLY]):
        later = now + number * timedelta(hours=1)
        actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, later), frequency=frequency)
        deliver(OutboxMessage.objects.latest("id"), now=later + MINUTE)
    assert len(inbox.mails) == 2
    third = OutboxMessage.objects.latest("id")
    assert (third.status, third.due_at) == (OutboxStatus.QUEUED, later + MINUTE + timedelta(days=1))
    assert deliver(third, now=third.due_at).status == OutboxStatus.SENT


def test_c3_asking_for_links_all_day_costs_nobody_a_confirmation(
    ada: Address, news: Category, now: datetime, inbox: Inbox, settings: Any
) -> None:
    settings.UNSUBSCRIBE_CONFIRMATIONS_PER_DAY = 2
    for minutes in range(4):
        actions.send_link([ada.pk], now=now + minutes * MINUTE)
        deliver(OutboxMessage.objects.latest("id"), now=now + minutes * MINUTE)
    assert OutboxMessage.objects.latest("id").status == OutboxStatus.DROPPED
    actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.ONE_CLICK, now))
    assert deliver(OutboxMessage.objects.latest("id"), now=now + 5 * MINUTE).status == OutboxStatus.SENT


@pytest.mark.parametrize("trouble", ["daily limit", "is blocked", "was refused"])
@pytest.mark.parametrize("verb", ["link", "opt_in", "erase", "download"])
def test_a_link_that_is_asked_for_every_minute_leaves_one_row_beside_what_was_sent(
    verb: str, trouble: str, ada: Address, news: Category, now: datetime, inbox: Inbox
) -> None:
    ask: dict[str, Callable[[datetime], object]] = {
        "link": lambda at: actions.send_link([ada.pk], now=at),
        "opt_in": lambda at: actions.ask_to_opt_in([Target(ada.pk, news.pk)], now=at),
        "erase": lambda at: actions.ask_to_erase([ada.pk], now=at),
        "download": lambda at: actions.note_access(ada.pk, Origin(Source.PAGE, at)),
    }
    if trouble == "is blocked":
        actions.suppress([ada.pk], Origin(Source.COMPLAINT, now), reason=SuppressionReason.HARD_BOUNCE)
    inbox.answer = "550 no such user" if trouble == "was refused" else inbox.answer
    others = AddressFactory.create()
    actions.suppress([others.pk], Origin(Source.COMPLAINT, now), reason=SuppressionReason.HARD_BOUNCE)
    actions.send_link([others.pk], now=now)
    for minutes in range(30):
        ask[verb](now + minutes * MINUTE)
        for id_ in outbox.due(now=now + minutes * MINUTE, limit=9):
            outbox.deliver(id_, now=now + minutes * MINUTE)
    rows = OutboxMessage.objects.order_by("id")
    assert rows.filter(address=others).count() == 1
    ended = {"daily limit": "dropped", "is blocked": "dropped", "was refused": "failed"}[trouble]
    sent = ["sent"] * 10 if trouble == "daily limit" else []
    assert list(rows.filter(address=ada).values_list("status", flat=True)) == [*sent, ended]
    assert rows.filter(address=ada).latest("id").created_at == now + 29 * MINUTE


class SlowServer(BaseEmailBackend):
    """Refuses what it was sent, after so long that another worker has sent it meanwhile."""

    meanwhile: list[Callable[[], object]] = []

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        if not self.meanwhile:
            return len(messages)
        self.meanwhile.pop()()
        raise smtplib.SMTPDataError(550, b"too late")


def test_a_worker_that_lost_its_message_to_another_forgets_nothing(ada: Address, now: datetime, settings: Any) -> None:
    """What was sent that day counts towards the ten, and what waits is owed."""
    settings.UNSUBSCRIBE_EMAIL_BACKEND = f"{__name__}.{SlowServer.__name__}"
    actions.send_link([ada.pk], now=now)
    deliver(OutboxMessage.objects.latest("id"), now=now)
    actions.send_link([ada.pk], now=now + MINUTE)
    second, later = OutboxMessage.objects.latest("id"), now + timedelta(hours=1)

    def others() -> None:
        outbox.release(now=later)
        deliver(second, now=later)

    SlowServer.meanwhile.append(others)
    assert deliver(second, now=now + MINUTE).status == OutboxStatus.SENT
    assert list(OutboxMessage.objects.values_list("status", flat=True)) == ["sent", "sent"]


def test_of_confirmations_none_is_forgotten(ada: Address, news: Category, now: datetime, inbox: Inbox) -> None:
    """Each says what became of events in the ledger."""
    inbox.answer = "550 no such user"
    for number, frequency in enumerate((Frequency.WEEKLY, Frequency.MONTHLY)):
        later = now + number * timedelta(hours=1)
        actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, later), frequency=frequency)
        deliver(OutboxMessage.objects.latest("id"), now=later + MINUTE)
    assert list(OutboxMessage.objects.values_list("status", flat=True)) == ["failed", "failed"]


def test_it_goes_to_the_address_that_asked(ada: Address, now: datetime, inbox: Inbox) -> None:
    work = AddressFactory.create(contact=ada.contact, text="ada@work.example")
    actions.suppress([ada.pk], Origin(Source.COMPLAINT, now), reason=SuppressionReason.HARD_BOUNCE)
    actions.opt_out([Target(work.pk)], Origin(Source.ONE_CLICK, now))
    deliver(OutboxMessage.objects.get(), now=now + MINUTE)
    assert [mail["To"] for mail in inbox.mails] == ["ada@work.example"]


def test_the_subject_is_plain_text(owed: OutboxMessage, now: datetime, inbox: Inbox, settings: Any) -> None:
    settings.UNSUBSCRIBE_SENDER_NAME = "Ben & Jerry's"
    deliver(owed, now=now + MINUTE)
    assert inbox.mails[0]["Subject"] == "Your preferences at Ben & Jerry's were updated"


def test_a_fresh_link_goes_by_mail_alone(ada: Address, now: datetime) -> None:
    phone = AddressFactory.create(contact=ada.contact, channel=Channel.SMS, text="+49 30 901820")
    actions.send_link([phone.pk], now=now)
    assert not OutboxMessage.objects.exists()


def test_c4_it_goes_out_although_the_address_is_suppressed_for_marketing(
    ada: Address, now: datetime, inbox: Inbox
) -> None:
    actions.opt_out([Target(ada.pk)], Origin(Source.ONE_CLICK, now))
    assert deliver(OutboxMessage.objects.get(), now=now + MINUTE).status == OutboxStatus.SENT


@pytest.mark.parametrize("reason", [SuppressionReason.HARD_BOUNCE, SuppressionReason.MANUAL])
def test_c4_it_never_goes_to_a_blocked_address(
    reason: SuppressionReason, owed: OutboxMessage, now: datetime, inbox: Inbox
) -> None:
    actions.suppress([owed.address_id], Origin(Source.STAFF, now), reason=reason)
    assert deliver(owed, now=now + MINUTE).status == OutboxStatus.DROPPED
    assert not inbox.mails


def test_c4_it_never_goes_to_an_erased_one(owed: OutboxMessage, now: datetime, inbox: Inbox) -> None:
    actions.erase([owed.contact_id], Origin(Source.PAGE, now))
    assert deliver(owed, now=now + MINUTE).status == OutboxStatus.DROPPED
    OutboxMessage.objects.update(status=OutboxStatus.QUEUED)
    assert deliver(owed, now=now + MINUTE).status == OutboxStatus.DROPPED
    assert not inbox.mails


def test_several_changes_within_a_minute_make_one_mail(
    owed: OutboxMessage, ada: Address, now: datetime, inbox: Inbox
) -> None:
    offers = CategoryFactory.create(slug="offers")
    actions.opt_down([Target(ada.pk, offers.pk)], Origin(Source.PAGE, now + MINUTE / 2), frequency=Frequency.WEEKLY)
    actions.pause([Target(ada.pk)], Origin(Source.PAGE, now + MINUTE / 2), until=now.date() + timedelta(days=9))
    assert OutboxMessage.objects.count() == 1
    deliver(owed, now=now + MINUTE)
    text = text_of(inbox.mails[0])
    assert "“News”" in text
    assert "“Offers” by email: at most once a week." in text
    assert "Everything is paused until" in text


def test_a_change_that_was_undone_in_time_needs_no_mail(
    owed: OutboxMessage, ada: Address, now: datetime, inbox: Inbox
) -> None:
    actions.undo(owed.event_ids, Origin(Source.PAGE, now + MINUTE / 2))
    assert deliver(owed, now=now + MINUTE).status == OutboxStatus.DROPPED
    assert not inbox.mails


def test_everything_that_was_undone_in_time_needs_no_mail(ada: Address, now: datetime, inbox: Inbox) -> None:
    events = actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, now))
    actions.undo([event.pk for event in events], Origin(Source.PAGE, now + MINUTE / 2))
    assert deliver(OutboxMessage.objects.get(), now=now + MINUTE).status == OutboxStatus.DROPPED


def test_a_mail_about_leaving_and_coming_back_does_not_contradict_itself(
    ada: Address, news: Category, now: datetime, inbox: Inbox
) -> None:
    actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, now))
    actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, now + MINUTE / 2, wording="Yes"))
    deliver(OutboxMessage.objects.get(), now=now + MINUTE)
    text = text_of(inbox.mails[0])
    assert "You’re subscribed to “News” by email." in text
    assert "unsubscribed from everything" not in text


def test_everything_on_many_addresses_is_said_once(ada: Address, now: datetime, inbox: Inbox) -> None:
    AddressFactory.create(contact=ada.contact, text="ada@work.example")
    AddressFactory.create(contact=ada.contact, channel=Channel.SMS, text="+49 30 901820")
    actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, now))
    deliver(OutboxMessage.objects.get(), now=now + MINUTE)
    assert inbox.mails[0].get_payload(0).get_payload(decode=True).decode().count("everything") == 1  # type: ignore[union-attr]


def test_a_fresh_link_goes_out_at_once(ada: Address, now: datetime, inbox: Inbox) -> None:
    actions.send_link([ada.pk], now=now)
    message = OutboxMessage.objects.get()
    assert (message.kind, message.due_at) == (OutboxKind.LINK, now)
    assert deliver(message, now=now).status == OutboxStatus.SENT
    assert "https://mail.example.com/f/" in text_of(inbox.mails[0])


def test_nothing_is_sent_before_it_is_due_or_twice(owed: OutboxMessage, now: datetime, inbox: Inbox) -> None:
    assert outbox.deliver(owed.pk, now=now + MINUTE / 2) is None
    assert outbox.deliver(owed.pk, now=now + MINUTE) == OutboxStatus.SENT
    assert outbox.deliver(owed.pk, now=now + 2 * MINUTE) is None
    assert len(inbox.mails) == 1


class TestTrouble:
    def test_a_temporary_answer_is_tried_again_later_and_later(
        self, owed: OutboxMessage, now: datetime, inbox: Inbox
    ) -> None:
        inbox.answer = "451 Come back later"
        at, waits = now + MINUTE, []
        while deliver(owed, now=at).status == OutboxStatus.QUEUED:
            waits.append((owed.due_at - at).total_seconds() / 60)
            at = owed.due_at
        assert waits == [1, 5, 15, 60, 180, 360, 720]
        assert owed.status == OutboxStatus.FAILED
        assert owed.last_error.startswith("SMTPDataError: (451")

    def test_of_a_long_answer_the_beginning_is_kept(self, owed: OutboxMessage, now: datetime, inbox: Inbox) -> None:
        inbox.answer = "451 " + "Come back later. " * 40
        assert len(deliver(owed, now=now + MINUTE).last_error) == 500

    def test_a_permanent_refusal_is_failed_at_once_and_shows_no_address(
        self, owed: OutboxMessage, now: datetime, inbox: Inbox
    ) -> None:
        inbox.answer = "550 5.1.1 <ada@example.com> is unknown here"
        assert deliver(owed, now=now + MINUTE).status == OutboxStatus.FAILED
        assert "550" in owed.last_error
        assert "ada@" not in owed.last_error

    def test_a_server_that_hangs_costs_a_try(
        self, owed: OutboxMessage, now: datetime, inbox: Inbox, settings: Any
    ) -> None:
        inbox.hangs, settings.EMAIL_TIMEOUT = True, 0.5
        assert deliver(owed, now=now + MINUTE).status == OutboxStatus.QUEUED
        assert owed.attempts == 1

    def test_a_server_that_is_away_costs_a_try(
        self, owed: OutboxMessage, now: datetime, inbox: Inbox, settings: Any
    ) -> None:
        settings.EMAIL_PORT = free_port()
        assert deliver(owed, now=now + MINUTE).status == OutboxStatus.QUEUED
        settings.EMAIL_PORT = 0

    def test_a_mail_that_cannot_be_composed_is_recorded_in_its_row(
        self, owed: OutboxMessage, now: datetime, inbox: Inbox, settings: Any
    ) -> None:
        settings.UNSUBSCRIBE_BASE_URL = "http://insecure.example.com"
        assert deliver(owed, now=now + MINUTE).status == OutboxStatus.QUEUED
        assert "https" in owed.last_error

    def test_changes_made_while_a_message_waits_for_its_next_try_join_it(
        self, owed: OutboxMessage, ada: Address, now: datetime, inbox: Inbox
    ) -> None:
        inbox.answer = "451 Come back later"
        deliver(owed, now=now + MINUTE)
        offers = CategoryFactory.create(slug="offers")
        actions.opt_out([Target(ada.pk, offers.pk)], Origin(Source.PAGE, now + MINUTE))
        [waiting] = OutboxMessage.objects.filter(status=OutboxStatus.QUEUED)
        assert (waiting.pk, waiting.attempts, len(waiting.event_ids)) == (owed.pk, 1, 2)
        inbox.answer = "250 OK"
        deliver(waiting, now=waiting.due_at)
        assert "News" in text_of(inbox.mails[0])
        assert "Offers" in text_of(inbox.mails[0])

    def test_what_came_while_it_was_on_its_way_goes_out_with_it(
        self, owed: OutboxMessage, ada: Address, now: datetime, inbox: Inbox
    ) -> None:
        OutboxMessage.objects.update(status=OutboxStatus.SENDING, attempts=1)
        actions.opt_out([Target(ada.pk, CategoryFactory.create(slug="offers").pk)], Origin(Source.PAGE, now))
        OutboxMessage.objects.filter(pk=owed.pk).update(status=OutboxStatus.QUEUED)
        assert deliver(owed, now=now + MINUTE).status == OutboxStatus.SENT
        beside = OutboxMessage.objects.exclude(pk=owed.pk).get()
        assert (beside.status, outbox.deliver(beside.pk, now=now + 5 * MINUTE)) == (OutboxStatus.DROPPED, None)
        [letter] = inbox.mails
        assert "Offers" in text_of(letter)

    def test_what_came_while_it_was_on_its_way_is_kept_if_that_fails(
        self, owed: OutboxMessage, ada: Address, now: datetime, inbox: Inbox
    ) -> None:
        OutboxMessage.objects.update(status=OutboxStatus.SENDING, attempts=1)
        actions.opt_out([Target(ada.pk, CategoryFactory.create(slug="offers").pk)], Origin(Source.PAGE, now))
        OutboxMessage.objects.filter(pk=owed.pk).update(status=OutboxStatus.QUEUED)
        beside = OutboxMessage.objects.exclude(pk=owed.pk)
        beside.update(category_ids=[7])
        inbox.answer = "451 Come back later"
        assert deliver(owed, now=now + MINUTE).status == OutboxStatus.QUEUED
        assert (len(owed.event_ids), owed.category_ids) == (2, [7])
        assert beside.get().status == OutboxStatus.DROPPED
        inbox.answer = "250 OK"
        deliver(owed, now=owed.due_at)
        assert "Offers" in text_of(inbox.mails[0])

    @pytest.mark.parametrize(("attempts", "takes_in"), [([0, 1], 0), ([1, 0], 1), ([2, 1], 0)])
    def test_of_two_that_wait_the_one_that_was_not_tried_takes_a_change_in_or_else_the_older_one(
        self, attempts: list[int], takes_in: int, ada: Address, news: Category, now: datetime
    ) -> None:
        for place, tried in enumerate(attempts):
            offers = CategoryFactory.create(slug=f"offers-{place}")
            actions.opt_out([Target(ada.pk, offers.pk)], Origin(Source.PAGE, now))
            # On its way, so that the next change makes a message of its own.
            OutboxMessage.objects.filter(attempts=0).update(status=OutboxStatus.SENDING, attempts=tried + 5)
        for place, row in enumerate(OutboxMessage.objects.order_by("id")):
            row.status, row.attempts = OutboxStatus.QUEUED, attempts[place]
            row.save()
        actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.PAGE, now))
        sizes = [len(row.event_ids) for row in OutboxMessage.objects.order_by("id")]
        assert sizes == [2 if place == takes_in else 1 for place in range(2)]

    def test_a_link_that_is_asked_for_again_is_tried_again_at_once(
        self, ada: Address, now: datetime, inbox: Inbox
    ) -> None:
        actions.send_link([ada.pk], now=now)
        inbox.answer = "451 Come back later"
        link = OutboxMessage.objects.get()
        for _ in range(4):
            deliver(link, now=link.due_at)
        asked = now + timedelta(minutes=30)
        actions.send_link([ada.pk], now=asked)
        link.refresh_from_db()
        assert (OutboxMessage.objects.count(), link.attempts, link.due_at) == (1, 0, asked)


def test_whoever_waits_for_a_link_waits_for_no_sweep(
    ada: Address, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    """The nudge names the message, a new one and one that waits already."""
    monkeypatch.setattr(tasks.deliver, "apply_async", tasks.deliver.apply)  # a worker at once
    for answer, mails in [("451 Come back later", 0), ("250 OK", 1), ("250 OK", 2)]:
        inbox.answer = answer
        with django_capture_on_commit_callbacks(execute=True):
            actions.send_link([ada.pk], now=timezone.now())
        assert len(inbox.mails) == mails
    assert OutboxMessage.objects.count() == 2


def test_a_link_that_is_tapped_for_weeks_leaves_one_message_that_waits_and_tells_what_changed_in_the_end(
    ada: Address, news: Category, now: datetime, inbox: Inbox
) -> None:
    target = Target(ada.pk, news.pk)
    for number in range(40):
        at = now + timedelta(minutes=20 * number)
        if number % 2:
            actions.opt_in([target], Origin(Source.PAGE, at, wording="Yes"))
        else:
            actions.opt_out([target], Origin(Source.PAGE, at))
        for id_ in outbox.due(now=at + 2 * MINUTE, limit=9):
            outbox.deliver(id_, now=at + 2 * MINUTE)
        assert OutboxMessage.objects.filter(status=OutboxStatus.QUEUED).count() <= 1
    assert len(inbox.mails) == 10, "no more in one day"
    assert actions.opt_out([target], Origin(Source.PAGE, at))
    [waiting] = OutboxMessage.objects.filter(status=OutboxStatus.QUEUED)
    deliver(waiting, now=waiting.due_at + timedelta(days=1))
    assert waiting.status == OutboxStatus.SENT
    assert len(inbox.mails) == 11


@pytest.mark.parametrize(
    ("error", "is_permanent"),
    [
        (smtplib.SMTPRecipientsRefused({"a@b.example": (550, b"unknown")}), True),
        (smtplib.SMTPRecipientsRefused({"a@b.example": (450, b"busy")}), False),
        (smtplib.SMTPRecipientsRefused({"a@b.example": (499, b"busy")}), False),
        (smtplib.SMTPRecipientsRefused({"a@b.example": (500, b"what?")}), True),
        (smtplib.SMTPRecipientsRefused({"a@b.example": (550, b"unknown"), "b@b.example": (450, b"busy")}), False),
        (smtplib.SMTPDataError(554, b"no"), True),
        (smtplib.SMTPDataError(500, b"what?"), True),
        (smtplib.SMTPDataError(499, b"busy"), False),
        (smtplib.SMTPDataError(452, b"full"), False),
        (smtplib.SMTPAuthenticationError(535, b"wrong password"), False),
        (smtplib.SMTPSenderRefused(550, b"not you", "x@y.example"), False),
        (smtplib.SMTPServerDisconnected("gone"), False),
        (TimeoutError(), False),
    ],
)
def test_only_what_the_receiver_refuses_for_good_is_permanent(error: Exception, is_permanent: bool) -> None:
    assert claims._is_permanent(error) == is_permanent


class TestSweep:
    def test_sends_what_every_nudge_forgot(self, ada: Address, news: Category, inbox: Inbox) -> None:
        readers = [AddressFactory.create() for _ in range(5)]
        earlier = timezone.now() - 2 * MINUTE
        actions.opt_out([Target(one.pk, news.pk) for one in readers], Origin(Source.ONE_CLICK, earlier))
        actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.ONE_CLICK, timezone.now()))
        assert tasks.sweep() == 5
        assert tasks.sweep() == 0
        assert len(inbox.mails) == 5

    def test_frees_what_a_dead_worker_held(self, owed: OutboxMessage, inbox: Inbox) -> None:
        held_since = timezone.now() - timedelta(seconds=301)
        OutboxMessage.objects.update(status=OutboxStatus.SENDING, claimed_at=held_since, attempts=1)
        assert tasks.sweep() == 1
        assert inbox.mails[0]["Message-ID"] == f"<{owed.uid}@example.com>"

    def test_what_is_freed_is_due_at_once_and_nobodys(self, owed: OutboxMessage, now: datetime) -> None:
        later = now + timedelta(hours=1)
        OutboxMessage.objects.update(status=OutboxStatus.SENDING, claimed_at=now, attempts=1)
        assert outbox.release(now=later) == 1
        owed.refresh_from_db()
        assert (owed.status, owed.due_at, owed.claimed_at) == (OutboxStatus.QUEUED, later, None)

    @pytest.mark.parametrize("answer", ["250 OK", "550 No"])
    def test_what_went_out_or_was_given_up_is_not_freed(
        self, answer: str, owed: OutboxMessage, now: datetime, inbox: Inbox
    ) -> None:
        inbox.answer = answer
        deliver(owed, now=now + MINUTE)
        assert outbox.release(now=now + timedelta(days=1)) == 0

    def test_whoever_waits_longest_comes_first(self, now: datetime) -> None:
        for minutes in (3, 1, 2):
            actions.send_link([AddressFactory.create().pk], now=now + minutes * MINUTE)
        first, second, third = OutboxMessage.objects.order_by("id").values_list("id", flat=True)
        assert outbox.due(now=now + 3 * MINUTE, limit=9) == [second, third, first]
        assert outbox.due(now=now + 3 * MINUTE, limit=2) == [second, third]
        assert outbox.due(now=now + 2 * MINUTE, limit=9) == [second, third]

    def test_leaves_alone_what_a_living_worker_holds(self, owed: OutboxMessage, inbox: Inbox) -> None:
        OutboxMessage.objects.update(status=OutboxStatus.SENDING, claimed_at=timezone.now(), attempts=1)
        assert tasks.sweep() == 0

    def test_gives_up_its_turn_before_the_next_begins(
        self, owed: OutboxMessage, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(claims, "SWEEP_SECONDS", -1)
        assert tasks.sweep() == 0
        assert outbox.due(now=timezone.now(), limit=9) == [owed.pk]


@pytest.mark.parametrize(
    "meanwhile",
    [{"claimed_at": datetime(2026, 3, 10, 13, tzinfo=UTC)}, {"status": OutboxStatus.DROPPED}],
    ids=["another worker has it", "the contact was erased"],
)
def test_a_worker_that_lost_its_claim_writes_nothing(
    meanwhile: dict[str, Any], owed: OutboxMessage, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(message: OutboxMessage, *, now: datetime) -> dict[str, object]:
        OutboxMessage.objects.update(**meanwhile)
        return {"status": OutboxStatus.FAILED}

    monkeypatch.setattr(messages, "_send", slow)
    assert deliver(owed, now=now + MINUTE).status == meanwhile.get("status", OutboxStatus.SENDING)


def test_the_task_delivers_what_it_is_given(owed: OutboxMessage, inbox: Inbox) -> None:
    tasks.deliver([owed.pk, 999])
    assert len(inbox.mails) == 1
