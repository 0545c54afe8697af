"""What the guard claims before it sends: kept if the letter goes out, given back if it does not, free once it lapses.

What happens at the same moment is in test_at_once.py.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected
from typing import Any, ClassVar

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.conftest import NOW
from tests.factories import ADA, BOB, CLEO, AddressFactory
from tests.unsubscribe.backends.test_backends import Postman, about, message, send
from unsubscribe import actions, gate, headers
from unsubscribe.actions import Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import Frequency, Source
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Campaign, Category, LastSent, SentCount
from unsubscribe.rules import CLAIM_HOLDS

pytestmark = pytest.mark.django_db

A_MINUTE = timedelta(minutes=1)


class Failing(Postman):
    """It does with each recipient what it is told to, and sends to everybody else."""

    told: ClassVar[dict[str, Any]] = {}

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        [one] = email_messages
        [text] = one.recipients()
        what = self.told.get(text)
        if isinstance(what, BaseException):
            raise what
        if callable(what):
            what()
        elif what is not None:
            return int(what)
        self.carry(one)
        return 1


@pytest.fixture(autouse=True)
def carried(settings: Any) -> list[str]:
    settings.UNSUBSCRIBE_EMAIL_BACKEND = f"{__name__}.Failing"
    Failing.diary, Failing.told = [], {}
    return Failing.diary


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Sets the clock on the wall."""

    def set_to(moment: datetime) -> None:
        monkeypatch.setattr(timezone, "now", lambda: moment)

    set_to(NOW)
    return set_to


@pytest.fixture
def readers(news: Category, at: Callable[[datetime], None]) -> list[Address]:
    """Ada, Bob and Cleo, who all chose to get less."""
    found: list[Address] = [AddressFactory.create(text=text) for text in (ADA, BOB, CLEO)]
    actions.opt_down([Target(one.pk, news.pk) for one in found], Origin(Source.PAGE, NOW), frequency=Frequency.WEEKLY)
    return found


def mailing(*to: str, campaign: str = "June") -> EmailMessage:
    return message(*to, headers=about("news", **({headers.CAMPAIGN: campaign} if campaign else {})))


def went_to(diary: Sequence[str]) -> list[str]:
    return [one.removeprefix("sent to ") for one in diary if one.startswith("sent to ")]


def clocks() -> list[dict[str, object]]:
    return [dict(row) for row in LastSent.objects.order_by("contact_id").values()]


FAILURES = [
    0,
    SMTPServerDisconnected("Connection unexpectedly closed"),
    SMTPRecipientsRefused({BOB: (550, b"No such mailbox")}),
    TimeoutError(),
    KeyboardInterrupt(),
    SystemExit(1),
]


def try_to_send(*messages: EmailMessage) -> None:
    try:
        send(*messages)
    except BaseException as error:
        if error not in Failing.told.values():
            raise


class TestWhatWasNotSent:
    @pytest.mark.parametrize("campaign", ["June", ""])
    @pytest.mark.parametrize("failure", FAILURES, ids=lambda one: type(one).__name__)
    def test_is_sent_by_the_next_try_and_what_was_sent_is_not(
        self, failure: Any, campaign: str, readers: Sequence[Address], carried: list[str]
    ) -> None:
        Failing.told = {BOB: failure}
        try_to_send(mailing(ADA, BOB, CLEO, campaign=campaign))
        assert BOB not in went_to(carried)
        Failing.told = {}
        for _ in range(2):
            send(mailing(ADA, BOB, CLEO, campaign=campaign))
        assert sorted(went_to(carried)) == [ADA, BOB, CLEO]
        assert sum(one.count for one in SentCount.objects.all()) == 3

    @pytest.mark.parametrize(
        "before", [(), ("May",), ("April", "May"), ("",), ("May", ""), ("March", "April", "May")], ids=str
    )
    @pytest.mark.parametrize("campaign", ["June", ""])
    def test_leaves_the_clock_as_it_was(
        self, campaign: str, before: Sequence[str], ada: Address, news: Category, at: Callable[[datetime], None]
    ) -> None:
        for number, name in enumerate(before):
            at(NOW - timedelta(hours=47 - number))
            send(mailing(ADA, campaign=name))
        at(NOW)
        actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW), frequency=Frequency.DAILY)
        [*kept] = clocks()
        Failing.told = {ADA: 0}
        assert send(mailing(ADA, campaign=campaign)) == 0
        names = ["sent_on", "campaign_id", "began_at", "sent_at", "claimed_at"]
        assert [[row[name] for name in names] for row in clocks()] == [[row[name] for name in names] for row in kept]
        for name in filter(None, before):  # that they were sent is remembered
            sent_before = Campaign.objects.get(name=name)
            [decision] = gate.check([ADA], Mailing(news, campaign=sent_before, once=True), now=NOW)
            assert not decision.may_send

    def test_stays_recorded_where_a_mailer_was_promised_it(
        self, readers: Sequence[Address], news: Category, at: Callable[[datetime], None], carried: list[str]
    ) -> None:
        june = actions.campaign_named("June", category=news, now=NOW)
        for one in readers:
            actions.record_sent([one.contact_id], Mailing(news, campaign=june), now=NOW)
        at(NOW + timedelta(hours=20))
        Failing.told = {BOB: 0}
        send(mailing(ADA, BOB))
        assert send(mailing(BOB, campaign="July")) == 0
        Failing.told = {}
        assert send(mailing(ADA, BOB, CLEO)) == 1
        assert went_to(carried) == [ADA, BOB, CLEO]
        assert [one.count for one in SentCount.objects.all()] == [3]


class TestWhoDiesOnTheWay:
    """A process that is killed says nothing any more. It left its claims, as they are left here."""

    @pytest.fixture
    def killed(self, readers: Sequence[Address], news: Category) -> Campaign:
        june = actions.campaign_named("June", category=news, now=NOW)
        assert june
        days = {one.contact_id: NOW.date() - timedelta(days=7) for one in readers}
        claimed = actions.claim(days, Mailing(news, campaign=june), now=NOW)
        assert claimed == set(days)
        return june

    def test_holds_the_letters_back_for_an_hour_and_then_the_next_try_sends_them_once(
        self, killed: Campaign, at: Callable[[datetime], None], carried: list[str]
    ) -> None:
        for later in (timedelta(0), A_MINUTE, timedelta(minutes=59)):
            at(NOW + later)
            assert send(mailing(ADA, BOB, CLEO)) == 0
        for later in (timedelta(minutes=61), timedelta(minutes=62), timedelta(hours=47)):
            at(NOW + later)
            send(mailing(ADA, BOB, CLEO))
            assert went_to(carried) == [ADA, BOB, CLEO]
        assert [one.count for one in SentCount.objects.all()] == [3]

    def test_gets_no_other_campaign_through_meanwhile(
        self, killed: Campaign, news: Category, at: Callable[[datetime], None]
    ) -> None:
        at(NOW + 2 * CLAIM_HOLDS)
        assert send(mailing(ADA, BOB, CLEO, campaign="July")) == 0

    def test_leaves_what_the_gate_answers_a_mailer_as_it_is(self, killed: Campaign, news: Category) -> None:
        for later in (A_MINUTE, 2 * CLAIM_HOLDS):
            assert gate.check([ADA], Mailing(news, campaign=killed), now=NOW + later)[0].may_send
        ids = [one.contact_id for one in Address.objects.all()]
        actions.record_sent(ids, Mailing(news, campaign=killed), now=NOW + A_MINUTE)
        assert [one.count for one in SentCount.objects.all()] == [3]
        assert send(mailing(ADA)) == 0, "another process may be sending it still"


def test_what_is_on_its_way_counts_as_sent_for_an_address_that_is_parted_meanwhile(
    readers: Sequence[Address], news: Category, at: Callable[[datetime], None], carried: list[str]
) -> None:
    """The letter may be to this very address, and its process knows the contact it was of."""
    [work] = actions.add_addresses(readers[0].contact_id, [normalise("ada@work.example")], now=NOW)
    Failing.told = {work.value: lambda: actions.part([work.pk], Origin(Source.PAGE, NOW))}
    assert send(mailing(work.value)) == 1
    for later in (A_MINUTE, CLAIM_HOLDS + A_MINUTE, timedelta(hours=47)):
        at(NOW + later)
        assert send(mailing(work.value)) == 0
    assert went_to(carried) == [work.value]


@pytest.mark.parametrize("takes", [CLAIM_HOLDS / 2, CLAIM_HOLDS / 2 + A_MINUTE])
def test_what_takes_longer_than_a_claim_holds_is_not_sent_any_more(
    takes: timedelta,
    readers: Sequence[Address],
    at: Callable[[datetime], None],
    carried: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Somebody else may have taken over when it is sent: after half the time no letter is begun."""
    AddressFactory.create(text="dan@example.com")
    Failing.told = {BOB: lambda: at(NOW + takes)}
    with caplog.at_level(logging.WARNING):
        assert send(mailing(ADA, BOB, CLEO, "dan@example.com")) == 1
    assert went_to(carried) == [ADA, BOB, "dan@example.com"]
    assert f"Not sent to address {readers[2].pk}: the letters before it took too long" in caplog.text
    assert send(mailing(ADA, BOB, CLEO)) == 1
    assert went_to(carried)[3:] == [CLEO]


def test_a_claim_costs_as_much_for_ninety_as_for_one_and_nothing_where_nobody_chose_a_frequency(news: Category) -> None:
    def statements(*to: Address) -> tuple[int, int]:
        with CaptureQueriesContext(connection) as done:
            send(mailing(*(one.value for one in to)))
        return len(done), sum("INSERT INTO unsubscribe_lastsent" in one["sql"] for one in done)

    readers = [AddressFactory.create(text=f"reader{number}@example.com") for number in range(90)]
    statements(readers[0])
    (many, winds), one = statements(*readers), statements(readers[0])
    assert winds == 1
    assert one[0] <= many
    targets = [Target(one.pk, news.pk) for one in readers]
    for number, frequency in enumerate((Frequency.DAILY, Frequency.WEEKLY, Frequency.MONTHLY)):
        actions.opt_down(targets[number::3], Origin(Source.PAGE, timezone.now()), frequency=frequency)
    LastSent.objects.all().delete()
    # The gate reads their clocks; the claim: the campaign, the clocks, and the savepoint around the two.
    assert statements(readers[0]) == statements(*readers[1:]) == (many + 1 + 4, winds + 1)
