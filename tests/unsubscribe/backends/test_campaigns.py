"""A mailing through the guard: whoever chose a frequency gets it once, and each letter is counted once."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import models
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.conftest import NOW
from tests.factories import ADA, BOB, CLEO, AddressFactory, CategoryFactory
from tests.unsubscribe.backends.test_backends import TRANSACTIONAL, Postman, about, block, message, recipients, send
from unsubscribe import actions, audience, headers
from unsubscribe.actions import Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import Frequency, Source, SuppressionReason
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Campaign, Category, LastSent, SentCount

pytestmark = pytest.mark.django_db

FREQUENCIES = [Frequency.DAILY, Frequency.WEEKLY, Frequency.MONTHLY]
WORK = "ada@work.example"


def june(*to: str) -> EmailMessage:
    return message(*to, headers=about("news", **{headers.CAMPAIGN: "June"}))


def choose(address: Address, category: Category, frequency: Frequency) -> None:
    actions.opt_down([Target(address.pk, category.pk)], Origin(Source.PAGE, timezone.now()), frequency=frequency)


def time_passes(**hours: int) -> None:
    """As if what was recorded had been recorded so much earlier."""
    passed = timedelta(**hours)
    for row in LastSent.objects.all():
        for name in ("began_at", "sent_at", "earlier_began_at", "earlier_sent_at"):
            if moment := getattr(row, name):
                setattr(row, name, moment - passed)
        row.sent_on = timezone.localdate(timezone.now() - passed)
        row.save()


def ask(category: Category, *texts: str, record: bool) -> list[bool]:
    campaign = actions.campaign_named("June", category=category, now=timezone.now())
    entries = audience.ask(texts, Mailing(category, campaign=campaign), now=timezone.now())
    if record:
        audience.record(entries, Mailing(category, campaign=campaign), now=timezone.now())
    return [one.verdict.may_send for one in entries]


class TestOnce:
    @pytest.mark.parametrize("frequency", FREQUENCIES)
    def test_however_often_it_is_sent_whoever_chose_a_frequency_gets_it_once(
        self, frequency: Frequency, ada: Address, news: Category
    ) -> None:
        choose(ada, news, frequency)
        assert [send(june(ADA), june(ADA)), send(june(ADA))] == [1, 0]
        for hours in (13, 13, 13):  # midnight passes at least once
            time_passes(hours=hours)
            assert send(june(ADA)) == 0
        assert recipients() == [[ADA]]
        assert SentCount.objects.aggregate(sent=models.Sum("count")) == {"sent": 1}

    def test_whoever_chose_none_gets_what_is_sent(self, ada: Address, news: Category) -> None:
        assert [send(june(ADA)) for _ in range(3)] == [1, 1, 1]
        assert SentCount.objects.get().count == 1

    @pytest.mark.parametrize("frequency", FREQUENCIES)
    @pytest.mark.parametrize("hours", [0, 25, 47])
    def test_what_was_recorded_before_is_sent_once_also_after_midnight(
        self, hours: int, frequency: Frequency, ada: Address, news: Category
    ) -> None:
        choose(ada, news, frequency)
        assert ask(news, ADA, BOB, record=True) == [True, True]
        time_passes(hours=hours)
        assert ask(news, ADA, BOB, record=True) == [True, True]
        assert [send(june(ADA, BOB)) for _ in range(2)] == [1, 1]
        assert recipients() == [[ADA], [BOB], [BOB]]
        assert ask(news, ADA, BOB, record=False) == [True, True]
        assert SentCount.objects.aggregate(sent=models.Sum("count")) == {"sent": 2}

    def test_what_was_sent_only_in_part_is_finished(self, news: Category) -> None:
        """The sender crashed after the first; the others get it when it is sent again, and the first does not."""
        readers = [AddressFactory.create(text=text) for text in (ADA, BOB, CLEO)]
        for one in readers:
            choose(one, news, Frequency.WEEKLY)
        ask(news, ADA, BOB, CLEO, record=True)
        send(june(ADA))
        time_passes(hours=20)
        assert send(june(ADA), june(BOB), june(CLEO)) == 2
        assert recipients() == [[ADA], [BOB], [CLEO]]

    @pytest.mark.parametrize("again", ["asked", "recorded"])
    def test_what_was_recorded_two_days_before_it_was_sent_is_sent_once_as_well(
        self, again: str, ada: Address, news: Category
    ) -> None:
        choose(ada, news, Frequency.DAILY)
        ask(news, ADA, record=True)
        time_passes(hours=47)
        assert send(june(ADA)) == 1
        for _ in range(3):
            time_passes(hours=15)
            ask(news, ADA, record=again == "recorded")
            assert send(june(ADA)) == 0

    def test_another_campaign_is_too_soon_all_the_while(self, ada: Address, news: Category) -> None:
        choose(ada, news, Frequency.WEEKLY)
        send(june(ADA))
        july = message(ADA, headers=about("news", **{headers.CAMPAIGN: "July"}))
        time_passes(hours=30)
        assert send(july) == 0
        assert send(message(ADA, headers=about("news"))) == 0
        time_passes(days=7)
        assert send(july) == 1

    def test_a_name_that_is_used_week_after_week_is_a_new_mailing_each_time(self, ada: Address, news: Category) -> None:
        choose(ada, news, Frequency.WEEKLY)
        for _ in range(3):
            assert [send(june(ADA)) for _ in range(2)] == [1, 0]
            time_passes(days=7)

    @pytest.mark.parametrize("campaign", ["", "June"])
    def test_of_two_addresses_one_gets_it(self, campaign: str, ada: Address, news: Category) -> None:
        actions.add_addresses(ada.contact_id, [normalise(WORK)], now=timezone.now())
        choose(ada, news, Frequency.WEEKLY)
        said = about("news", **({headers.CAMPAIGN: campaign} if campaign else {}))
        assert send(message(ADA, WORK, headers=said)) == 1
        assert send(message(WORK, headers=said)) == 0
        assert recipients() == [[ADA]]

    def test_the_number_of_queries_does_not_grow(
        self, news: Category, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        readers = [AddressFactory.create(text=f"reader{number}@example.com") for number in range(90)]
        for one in readers[::2]:
            choose(one, news, Frequency.WEEKLY)
        with django_assert_max_num_queries(25):
            assert send(june(*(one.value for one in readers))) == 1


class TestTwoAddressesOfOneContact:
    @pytest.mark.parametrize("campaign", ["", "June"])
    @pytest.mark.parametrize("together", [True, False])
    def test_each_gets_its_letter(self, together: bool, campaign: str, ada: Address, news: Category) -> None:
        actions.add_addresses(ada.contact_id, [normalise(WORK)], now=timezone.now())
        said = about("news", **({headers.CAMPAIGN: campaign} if campaign else {}))
        letters = (
            [message(ADA, WORK, headers=said)] if together else [message(one, headers=said) for one in (ADA, WORK)]
        )
        assert send(*letters) == len(letters)
        assert recipients() == [[ADA], [WORK]]
        assert len({one.extra_headers["List-Unsubscribe"] for one in mail.outbox}) == 2
        assert LastSent.objects.get().contact_id == ada.contact_id

    def test_and_a_no_of_one_holds_back_its_own_alone(self, ada: Address, news: Category) -> None:
        actions.add_addresses(ada.contact_id, [normalise(WORK)], now=timezone.now())
        block(WORK, SuppressionReason.HARD_BOUNCE)
        assert send(june(WORK, ADA)) == 1
        assert recipients() == [[ADA]]


class TestBlocks:
    @pytest.mark.parametrize("reasons", [("complaint", "manual"), ("manual", "complaint")])
    def test_a_complaint_beside_another_block_lets_no_receipt_through(
        self, reasons: Sequence[str], ada: Address
    ) -> None:
        for reason in reasons:
            block(ADA, SuppressionReason(reason))
        assert send(message(ADA, headers=dict(TRANSACTIONAL)), message(BOB, headers=dict(TRANSACTIONAL))) == 1
        assert recipients() == [[BOB]]


class Silent(Postman):
    """It sends, and returns nothing."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        super().send_messages(email_messages)
        return None  # type: ignore[return-value]


def test_what_a_backend_sends_without_a_word_counts_as_sent(ada: Address, news: Category, settings: Any) -> None:
    settings.UNSUBSCRIBE_EMAIL_BACKEND = f"{__name__}.Silent"
    Silent.diary.clear()
    choose(ada, news, Frequency.WEEKLY)
    receipts = message(BOB, headers=dict(TRANSACTIONAL))
    assert send(june(ADA, CLEO), receipts) == 2
    assert SentCount.objects.get().count == 2
    assert send(june(ADA)) == 0
    assert sorted(one for one in Silent.diary if one.startswith("sent")) == [
        f"sent to {one}" for one in (ADA, BOB, CLEO)
    ]


def test_a_campaign_of_another_category_is_another(ada: Address, news: Category) -> None:
    CategoryFactory.create(slug="offers")
    choose(ada, news, Frequency.WEEKLY)
    offers = message(ADA, headers=about("offers", **{headers.CAMPAIGN: "June"}))
    assert [send(june(ADA), offers), send(june(ADA), offers)] == [2, 1]
    assert Campaign.objects.filter(name="June").count() == 2


def test_of_a_long_name_the_beginning_counts(news: Category) -> None:
    long, longer = (actions.campaign_named(f" {'x' * size} ", category=news, now=NOW) for size in (120, 200))
    assert long
    assert long == longer
    assert long.name == "x" * 120
