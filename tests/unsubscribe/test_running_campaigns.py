"""A campaign is never too soon for itself for 48 hours, however many others of its category are recorded meanwhile."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.factories import ADA, BOB, AddressFactory, CampaignFactory, CategoryFactory
from unsubscribe import actions, gate
from unsubscribe.actions import Origin
from unsubscribe.choices import Channel, Frequency, Outcome, Source
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Campaign, Category, LastSent, SentCount

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 9, 23, 0, tzinfo=UTC)
SEND, TOO_SOON = Outcome.SEND, Outcome.TOO_SOON


@pytest.fixture
def campaigns(news: Category) -> list[Campaign]:
    return [CampaignFactory.create(category=news, name=name) for name in "ABCD"]


@pytest.fixture
def daily(news: Category, ada: Address) -> Address:
    choose(ada, news)
    return ada


def choose(address: Address, category: Category, frequency: Frequency = Frequency.DAILY) -> None:
    actions.opt_down([Target(address.pk, category.pk)], Origin(Source.PAGE, MONDAY), frequency=frequency)


def answer(campaign: Campaign | None, at: datetime, *, once: bool = False) -> Outcome:
    [decision] = gate.check([ADA], Mailing(Category.objects.get(slug="news"), campaign=campaign, once=once), now=at)
    return decision.outcome


def record(campaign: Campaign | None, at: datetime, *, by_us: bool = False, **paced: Any) -> set[int]:
    mailing = Mailing(Category.objects.get(slug="news"), campaign=campaign)
    contact_id = Address.objects.get(value=ADA).contact_id
    return actions.record_sent([contact_id], mailing, by_us=by_us, now=at, **paced)


def hours(*some: float) -> list[datetime]:
    return [MONDAY + timedelta(hours=one) for one in some]


class TestADailyReader:
    """Who chose "daily" may be in three campaigns within 48 hours: late on one day, on the next, early on the third."""

    def test_is_in_each_of_three_again_when_the_sender_asks_again(
        self, daily: Address, campaigns: Sequence[Campaign]
    ) -> None:
        a, b, c, d = campaigns
        for one, at in zip((a, b, c), hours(0, 13, 37), strict=True):
            assert answer(one, at) == SEND
            record(one, at)
        [later] = hours(38)
        assert [answer(one, later) for one in (a, b, c, d, None)] == [SEND, SEND, SEND, TOO_SOON, TOO_SOON]

    @pytest.mark.parametrize("order", list(permutations("ABC")))
    def test_however_they_are_recorded_again(
        self, order: tuple[str, ...], daily: Address, campaigns: Sequence[Campaign]
    ) -> None:
        named = {one.name: one for one in campaigns}
        for name, at in zip("ABC", hours(0, 13, 37), strict=True):
            record(named[name], at)
        for minutes, name in enumerate(order * 2):
            [at] = hours(38 + minutes / 60)
            assert [answer(named[one], at) for one in "ABCD"] == [SEND, SEND, SEND, TOO_SOON]
            record(named[name], at)
        assert {row.campaign.name: row.count for row in SentCount.objects.all() if row.campaign} == dict.fromkeys(
            "ABC", 1
        )

    def test_around_midnight(self, daily: Address, campaigns: Sequence[Campaign]) -> None:
        a, b, c, _ = campaigns
        midnight = MONDAY + timedelta(hours=1)
        record(a, midnight - timedelta(seconds=1))
        assert [answer(one, midnight - timedelta(microseconds=1)) for one in (a, b)] == [SEND, TOO_SOON]
        assert answer(b, midnight) == SEND
        record(b, midnight)
        for one in (a, b, a, b):
            assert [answer(other, midnight + timedelta(minutes=1)) for other in (a, b, c)] == [SEND, SEND, TOO_SOON]
            record(one, midnight + timedelta(minutes=1))

    @pytest.mark.parametrize(("minutes", "is_running"), [(-1, True), (0, False), (1, False)])
    def test_and_it_ends_after_48_hours(
        self, minutes: int, is_running: bool, daily: Address, campaigns: Sequence[Campaign]
    ) -> None:
        a, b, c, _ = campaigns
        for one, at in zip((a, b, c), hours(0, 13, 37), strict=True):
            record(one, at)
        end = MONDAY + timedelta(hours=48, minutes=minutes)
        assert (answer(a, end) == SEND) is is_running
        assert answer(c, end) == SEND

    def test_48_hours_over_four_days_when_clocks_go_forward(
        self, daily: Address, campaigns: Sequence[Campaign]
    ) -> None:
        """In the night to Sunday, 29 March 2026, an hour is left out: 48 hours after 23:30 is 0:30."""
        with timezone.override(ZoneInfo("Europe/Berlin")):
            saturday = datetime(2026, 3, 28, 23, 30, tzinfo=timezone.get_current_timezone())
            days = [saturday, *(datetime(2026, 3, day, 9, tzinfo=saturday.tzinfo) for day in (29, 30))]
            days.append(datetime(2026, 3, 31, 0, 10, tzinfo=saturday.tzinfo))
            for one, at in zip(campaigns, days, strict=True):
                assert answer(one, at) == SEND
                record(one, at)
            for minute, first in ((29, SEND), (31, TOO_SOON)):
                at = datetime(2026, 3, 31, 0, minute, tzinfo=saturday.tzinfo)
                assert [answer(one, at) for one in campaigns] == [first, SEND, SEND, SEND]

    def test_48_hours_are_48_hours_when_clocks_go_back(self, daily: Address, campaigns: Sequence[Campaign]) -> None:
        with timezone.override(ZoneInfo("Europe/Berlin")):
            saturday = datetime(2026, 10, 24, 23, 30, tzinfo=timezone.get_current_timezone())
            for one, at in zip(campaigns, (saturday, saturday + timedelta(hours=10)), strict=False):
                record(one, at)
            for minute, first in ((29, SEND), (31, SEND)):
                at = datetime(2026, 10, 26, 22, minute, tzinfo=saturday.tzinfo)
                assert answer(campaigns[0], at) == first


class TestAnyNumber:
    """Who gets each message as it is sent may be in any number of campaigns, and then choose less."""

    @pytest.mark.parametrize("chosen", [Frequency.DAILY, Frequency.WEEKLY, Frequency.MONTHLY])
    def test_that_our_own_backend_sent_it_is_remembered_of_each(
        self, chosen: Frequency, ada: Address, news: Category
    ) -> None:
        many = [CampaignFactory.create(category=news) for _ in range(20)]
        for number, one in enumerate(many):
            record(one, MONDAY + timedelta(hours=number), by_us=True)
        choose(ada, news, chosen)
        for number, one in enumerate(many):
            end = MONDAY + timedelta(hours=number + 48, minutes=-1)
            assert answer(one, end, once=True) == TOO_SOON

    def test_and_each_is_counted_once_and_forgotten_when_it_is_over(self, ada: Address, news: Category) -> None:
        many = [CampaignFactory.create(category=news) for _ in range(12)]
        for again in range(2):
            for number, one in enumerate(many):
                record(one, MONDAY + timedelta(hours=number, minutes=again))
        assert [row.count for row in SentCount.objects.all()] == [1] * len(many)
        clock = LastSent.objects.get()
        assert len(clock.others or {}) == len(many) - 2
        record(many[0], MONDAY + timedelta(hours=49))  # the second is over by now as well, the last is the earlier one
        assert len(LastSent.objects.get().others or {}) == len(many) - 3
        for day in (4, 5, 6):
            record(many[0], MONDAY + timedelta(days=day))
        assert LastSent.objects.get().others is None

    def test_messages_without_a_campaign_in_between_change_nothing(
        self, daily: Address, campaigns: Sequence[Campaign]
    ) -> None:
        a, b, *_ = campaigns
        for one, at in zip((a, b, None, None), hours(0, 1, 2, 25), strict=True):
            record(one, at)
        [later] = hours(26)
        assert [answer(one, later) for one in (a, b, None)] == [SEND, SEND, TOO_SOON]

    def test_a_campaign_that_is_retired_meanwhile_is_the_same(
        self, daily: Address, campaigns: Sequence[Campaign]
    ) -> None:
        a, b, *_ = campaigns
        record(a, MONDAY)
        record(b, MONDAY + timedelta(hours=12))
        Campaign.objects.update(retired_at=MONDAY)
        assert answer(a, MONDAY + timedelta(hours=20)) == SEND

    def test_other_categories_and_channels_have_clocks_of_their_own(
        self, daily: Address, campaigns: Sequence[Campaign]
    ) -> None:
        offers = CategoryFactory.create(slug="offers")
        record(campaigns[0], MONDAY)
        campaign = CampaignFactory.create(category=offers)
        for channel in (Channel.EMAIL, Channel.PUSH):
            mailing = Mailing(offers, channel=channel, campaign=campaign)
            actions.record_sent([daily.contact_id], mailing, now=MONDAY)
        assert LastSent.objects.count() == 3
        assert answer(campaigns[0], MONDAY + timedelta(hours=1)) == SEND

    def test_the_number_of_queries_does_not_grow(
        self, daily: Address, news: Category, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        campaign = CampaignFactory.create(category=news)
        for number in range(9):
            record(CampaignFactory.create(category=news), MONDAY + timedelta(hours=number))
        with django_assert_num_queries(4):  # the gate's three, and the test's own for the category
            answer(campaign, MONDAY + timedelta(hours=10))


class TestWhoIsErased:
    def test_has_no_clock_any_more_though_a_mailing_is_recorded_a_moment_later(
        self, daily: Address, campaigns: Sequence[Campaign]
    ) -> None:
        record(campaigns[0], MONDAY)
        actions.erase([daily.contact_id], Origin(Source.PAGE, MONDAY))
        contact_id, mailing = daily.contact_id, Mailing(Category.objects.get(slug="news"), campaign=campaigns[0])
        assert actions.record_sent([contact_id], mailing, now=MONDAY) == set()
        paced = {contact_id: MONDAY.date()}
        assert actions.claim(paced, mailing, now=MONDAY) == set()
        assert not LastSent.objects.exists()
        assert [one.count for one in SentCount.objects.all()] == [1]


def test_who_was_recorded_for_another_campaign_since_the_gate_was_asked_is_left_out(
    daily: Address, news: Category, campaigns: Sequence[Campaign]
) -> None:
    a, b, *_ = campaigns
    bob = AddressFactory.create(text=BOB)
    yesterday = MONDAY.date() - timedelta(days=1)
    record(a, MONDAY)
    paced = {daily.contact_id: yesterday}
    both = [daily.contact_id, bob.contact_id]
    assert actions.record_sent(both, Mailing(news, campaign=b), paced=paced, now=MONDAY) == {bob.contact_id}
    assert actions.record_sent(both, Mailing(news, campaign=a), paced=paced, now=MONDAY) == set(both)
    assert {row.campaign.name: row.count for row in SentCount.objects.all() if row.campaign} == {"A": 2, "B": 1}


def test_what_was_only_recorded_may_still_be_claimed_however_many_were_recorded_since(
    daily: Address, campaigns: Sequence[Campaign], news: Category
) -> None:
    for one, at in zip(campaigns, hours(0, 13, 25, 37), strict=True):
        record(one, at)
    [later] = hours(38)
    paced = {daily.contact_id: later.date() - timedelta(days=1)}
    for one in campaigns:
        assert actions.claim(paced, Mailing(news, campaign=one), now=later) == {daily.contact_id}
        assert actions.claim(paced, Mailing(news, campaign=one), now=later) == set()
