"""Before a mailing: who may be written to, with which links; and afterwards, that they were."""

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.factories import ADA, BOB, CLEO, DAN, AddressFactory, CampaignFactory, CategoryFactory
from unsubscribe import actions, audience, headers, links, queries
from unsubscribe.actions import Origin
from unsubscribe.addresses import normalise
from unsubscribe.audience import AudienceEntry
from unsubscribe.choices import Channel, Frequency, Outcome, Purpose, Source, SuppressionReason
from unsubscribe.errors import InsecureBaseUrl
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category, ConsentEvent, Contact, LastSent, SentCount
from unsubscribe.rules import Rule, Verdict

pytestmark = pytest.mark.django_db


def target(entry: AudienceEntry, today: date) -> Target:
    assert entry.unsubscribe_url is not None
    return links.read(entry.unsubscribe_url.rpartition("/")[2], today=today)


def preferences_target(entry: AudienceEntry, today: date) -> Target:
    assert entry.preferences_url is not None
    assert entry.preferences_url.startswith("https://mail.example.com/p/")
    token = entry.preferences_url.rpartition("/")[2]
    return links.read(token, purpose=links.LinkPurpose.PREFERENCES, today=today)


def test_strangers_become_contacts_and_nothing_is_said_of_their_consent(news: Category, now: datetime) -> None:
    entries = audience.ask([DAN, " DAN@Example.com", CLEO], Mailing(news), now=now)
    assert {address.value: address.created_at for address in Address.objects.all()} == {DAN: now, CLEO: now}
    assert Contact.objects.count() == 2
    assert not ConsentEvent.objects.exists()
    ids = [(one.verdict.address_id, one.verdict.contact_id) for one in entries]
    dan, cleo = Address.objects.get(value=DAN), Address.objects.get(value=CLEO)
    assert ids == [(dan.pk, dan.contact_id), (dan.pk, dan.contact_id), (cleo.pk, cleo.contact_id)]
    assert audience.ask([DAN, DAN, CLEO], Mailing(news), now=now) == entries


def test_where_opt_in_is_needed_being_asked_about_makes_nobody_a_contact(now: datetime) -> None:
    partners = CategoryFactory.create(opt_in=True)
    assert audience.ask([DAN], Mailing(partners), now=now)[0].verdict.outcome == Outcome.UNSUBSCRIBED
    assert not Contact.objects.exists()
    assert not Address.objects.exists()


def test_what_is_no_address_becomes_no_contact(news: Category, now: datetime) -> None:
    [entry] = audience.ask(["nonsense"], Mailing(news), now=now)
    assert entry[1:] == (None, None, None)
    assert entry.verdict.outcome == Outcome.INVALID
    assert not Contact.objects.exists()


def test_nobody_asked_about_nobody_answered(news: Category, now: datetime) -> None:
    assert audience.ask([], Mailing(news), now=now) == []


def test_links_and_headers_name_the_right_target(ada: Address, news: Category, now: datetime) -> None:
    campaign = CampaignFactory.create(category=news)
    entries = audience.ask([BOB, ADA], Mailing(news, campaign=campaign), now=now)
    today = timezone.localtime(now).date()
    bob = Address.objects.get(value=BOB)
    for entry, address in zip(entries, [bob, ada], strict=True):
        assert target(entry, today) == preferences_target(entry, today) == Target(address.pk, news.pk, campaign.pk)
        assert entry.headers == (
            f"<{entry.unsubscribe_url}>",
            headers.ONE_CLICK,
            "News <news.mail.example.com>",
        )


def test_without_a_category_the_link_means_everything(ada: Address, now: datetime) -> None:
    [entry] = audience.ask([ADA], Mailing(None), now=now)
    assert target(entry, now.date()) == Target(ada.pk)
    assert entry.headers is not None
    assert entry.headers.list_id == ""


def test_whoever_may_not_be_written_to_gets_no_link(ada: Address, news: Category, now: datetime) -> None:
    actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.PAGE, now))
    bob = AddressFactory.create(text=BOB)
    actions.suppress([bob.pk], Origin(Source.COMPLAINT, now), reason=SuppressionReason.COMPLAINT)
    entries = audience.ask([ADA, BOB, CLEO], Mailing(news), now=now)
    answers = [one.verdict.outcome for one in entries]
    assert answers == [Outcome.UNSUBSCRIBED, Outcome.SUPPRESSED, Outcome.SEND]
    assert [one[1:] for one in entries[:2]] == [(None, None, None)] * 2
    assert entries[2].headers is not None
    assert (
        target(entries[2], now.date()).address_id == entries[2].verdict.address_id == Address.objects.get(value=CLEO).pk
    )


def test_what_is_transactional_has_preferences_but_no_way_out(ada: Address, now: datetime) -> None:
    receipts = CategoryFactory.create(transactional=True)
    [entry] = audience.ask([ADA], Mailing(receipts), now=now)
    assert (entry.unsubscribe_url, entry.headers) == (None, None)
    assert preferences_target(entry, now.date()) == Target(ada.pk, receipts.pk)


@pytest.mark.parametrize(
    ("declared", "answer"),
    [(None, Outcome.SEND), (Purpose.TRANSACTIONAL, Outcome.SEND), (Purpose.MARKETING, Outcome.SUPPRESSED)],
)
def test_what_was_declared_counts_more_than_the_category(
    declared: Purpose | None, answer: Outcome, ada: Address, now: datetime
) -> None:
    receipts = CategoryFactory.create(transactional=True)
    actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, now))
    [entry] = audience.ask([ADA], Mailing(receipts, purpose=declared), now=now)
    assert entry.verdict.outcome == answer


def test_other_channels_are_asked_about_in_their_own_spelling(news: Category, now: datetime) -> None:
    [entry] = audience.ask(["0049 30 901820"], Mailing(news, channel=Channel.SMS), now=now)
    phone = Address.objects.get()
    assert (phone.channel, phone.value) == (Channel.SMS, "+4930901820")
    assert entry.unsubscribe_url is not None
    assert queries.short_link(entry.unsubscribe_url.rpartition("/")[2])[0] == Target(phone.pk, news.pk)


@pytest.mark.parametrize("channel", [one for one in Channel if one != Channel.EMAIL])
def test_other_channels_get_short_links_the_same_each_time(channel: Channel, news: Category, now: datetime) -> None:
    spelt = {Channel.PUSH: "d3vice-token-of-a-phone", Channel.POST: "12 Mill Lane, Fernwood"}.get(
        channel, "+4930901820"
    )
    campaign = CampaignFactory.create(category=news)
    [first], [again] = (audience.ask([spelt], Mailing(news, channel=channel, campaign=campaign), now=now) for _ in "12")
    assert first.unsubscribe_url is not None
    assert re.fullmatch(r"https://mail\.example\.com/s/[a-z2-7]{16}", first.unsubscribe_url)
    assert again.unsubscribe_url == first.unsubscribe_url
    assert first.preferences_url is not None
    assert first.headers is None


def test_without_https_nobody_gets_a_link(ada: Address, news: Category, now: datetime, settings: Any) -> None:
    settings.UNSUBSCRIBE_BASE_URL = "http://mail.example.com"
    with pytest.raises(InsecureBaseUrl):
        audience.ask([ADA], Mailing(news), now=now)


class TestRecording:
    def record(self, entries: list[AudienceEntry], category: Category, now: datetime, **kwargs: Any) -> None:
        audience.record(entries, Mailing(category, **kwargs), now=now)

    def test_counts_and_starts_the_clock_of_those_who_may_be_written_to(
        self, ada: Address, news: Category, now: datetime
    ) -> None:
        campaign = CampaignFactory.create(category=news)
        actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, now), frequency=Frequency.WEEKLY)
        bob = AddressFactory.create(text=BOB)
        actions.opt_out([Target(bob.pk, news.pk)], Origin(Source.PAGE, now))
        entries = audience.ask([ADA, BOB, DAN, "nonsense"], Mailing(news, campaign=campaign), now=now)
        self.record(entries, news, now, campaign=campaign)
        dan = Address.objects.get(value=DAN)
        clocks = set(LastSent.objects.values_list("contact_id", "category", "channel", "sent_on", "campaign"))
        today = now.date()
        assert clocks == {(one.contact_id, news.pk, "email", today, campaign.pk) for one in (ada, dan)}
        counts = SentCount.objects.values_list("day", "channel", "category", "campaign", "count")
        assert list(counts) == [(today, "email", news.pk, campaign.pk, 2)]
        [again] = audience.ask([ADA], Mailing(news), now=now)
        assert (again.verdict.outcome, again.verdict.until) == (Outcome.TOO_SOON, today + timedelta(days=7))

    def test_twice_adds_up_and_moves_the_clock_on(self, ada: Address, news: Category, now: datetime) -> None:
        for days in (0, 0, 1):
            later = now + timedelta(days=days)
            self.record(audience.ask([ADA, BOB], Mailing(news), now=later), news, later)
        assert set(LastSent.objects.values_list("sent_on", flat=True)) == {now.date() + timedelta(days=1)}
        assert list(SentCount.objects.order_by("day").values_list("count", flat=True)) == [4, 2]

    def test_who_was_recorded_for_another_campaign_in_the_meantime_is_too_soon(
        self, ada: Address, news: Category, now: datetime
    ) -> None:
        actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, now), frequency=Frequency.WEEKLY)
        june, july = CampaignFactory.create(category=news), CampaignFactory.create(category=news)
        asked = [audience.ask([ADA, BOB, ADA], Mailing(news, campaign=one), now=now) for one in (june, july, june)]
        first, second, again = (
            audience.record(entries, Mailing(news, campaign=one), now=now)
            for entries, one in zip(asked, (june, july, june), strict=True)
        )
        assert [one.verdict.may_send for one in first] == [True, True, False]
        assert again == first == asked[0]
        verdict = second[0].verdict
        assert (verdict.outcome, verdict.until) == (Outcome.TOO_SOON, now.date() + timedelta(days=7))
        assert second[0][1:] == (None, None, None)
        assert second[1:] == asked[1][1:]
        assert sorted(SentCount.objects.values_list("count", flat=True)) == [1, 2]

    def test_of_nobody_counts_nothing(self, ada: Address, news: Category, now: datetime) -> None:
        actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, now))
        self.record(audience.ask([ADA], Mailing(news), now=now), news, now)
        assert not SentCount.objects.exists()
        assert not LastSent.objects.exists()


@pytest.mark.parametrize("size", [1, 60])
def test_many_are_asked_about_in_as_many_queries_as_one(
    size: int, news: Category, now: datetime, django_assert_num_queries: Any
) -> None:
    texts = [f"reader{number}@example.com" for number in range(size)]
    actions.learn(map(normalise, texts[: size // 2]), now=now)
    with django_assert_num_queries(8):  # the gate's, four of learning, and the savepoint of the test's transaction
        audience.ask(texts, Mailing(news), now=now)


def test_who_chose_a_frequency_is_written_to_at_one_of_their_addresses(
    ada: Address, news: Category, now: datetime
) -> None:
    AddressFactory.create(text=BOB, contact=ada.contact)
    actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, now), frequency=Frequency.WEEKLY)
    entries = audience.ask([ADA, CLEO, BOB, ADA.upper()], Mailing(news), now=now)
    next_week = timezone.localtime(now).date() + timedelta(days=7)
    too_soon = Verdict(Outcome.TOO_SOON, Rule.TOO_SOON, next_week)
    send = Verdict(Outcome.SEND, Rule.NOTHING)
    assert [one.verdict[:3] for one in entries] == [one[:3] for one in (send, send, too_soon, too_soon)]
    assert entries[2].unsubscribe_url is None


def test_an_address_that_is_blocked_takes_no_letter_from_another_one_of_theirs(
    ada: Address, news: Category, now: datetime
) -> None:
    AddressFactory.create(text=BOB, contact=ada.contact)
    actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, now), frequency=Frequency.WEEKLY)
    actions.suppress([ada.pk], Origin(Source.STAFF, now), reason=SuppressionReason.HARD_BOUNCE)
    answers = [one.verdict.outcome for one in audience.ask([ADA, BOB, ADA], Mailing(news), now=now)]
    assert answers == [Outcome.SUPPRESSED, Outcome.SEND, Outcome.SUPPRESSED]


def test_a_mailing_that_is_asked_about_in_parts_reaches_them_once(ada: Address, news: Category, now: datetime) -> None:
    AddressFactory.create(text=BOB, contact=ada.contact)
    actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, now), frequency=Frequency.WEEKLY)
    written: set[int] = set()
    parts = [audience.ask([text], Mailing(news), now=now, written=written) for text in (ADA, CLEO, BOB)]
    assert [one.verdict.may_send for [one] in parts] == [True, True, False]


@pytest.mark.parametrize("by_us", [False, True], ids=["asked about", "sent by the guard as well"])
def test_asked_again_for_the_same_campaign_the_answer_is_the_same(
    by_us: bool, ada: Address, news: Category, now: datetime
) -> None:
    june, july = CampaignFactory.create(category=news), CampaignFactory.create(category=news)
    actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, now), frequency=Frequency.WEEKLY)
    entries = audience.ask([ADA], Mailing(news, campaign=june), now=now)
    audience.record(entries, Mailing(news, campaign=june), now=now)
    if by_us:
        actions.record_sent([ada.contact_id], Mailing(news, campaign=june), by_us=True, now=now)
    assert audience.ask([ADA], Mailing(news, campaign=june), now=now) == entries
    assert audience.decide([ADA], Mailing(news, campaign=june), now=now)[0].may_send
    assert not audience.ask([ADA], Mailing(news, campaign=july), now=now)[0].verdict.may_send


class TestIds:
    """Of a long file, for whom links are made: the ids of the addresses, in their order."""

    def ids(self, texts: list[str], now: datetime, channel: Channel = Channel.EMAIL) -> list[int]:
        return audience.ids(texts, [normalise(one, channel=channel).digest for one in texts], channel=channel, now=now)

    def test_of_those_who_are_known_and_of_strangers_who_become_contacts(self, ada: Address, now: datetime) -> None:
        found = self.ids([BOB, ADA, CLEO, BOB], now)
        by_value = {one.value: one.pk for one in Address.objects.all()}
        assert found == [by_value[BOB], ada.pk, by_value[CLEO], by_value[BOB]]
        assert self.ids([CLEO, ADA], now) == [by_value[CLEO], ada.pk]
        assert Contact.objects.count() == 3
        assert Address.objects.get(value=BOB).created_at == now

    def test_an_address_is_looked_for_on_its_own_channel(self, now: datetime) -> None:
        number = "+4930901820"
        by_text, by_phone = (self.ids([number], now, channel) for channel in (Channel.SMS, Channel.PHONE))
        assert by_text != by_phone
        assert self.ids([number], now, Channel.SMS) == by_text

    def test_of_nobody_there_are_none(self, now: datetime) -> None:
        assert self.ids([], now) == []

    def test_of_many_in_as_many_queries_as_of_one(self, now: datetime, django_assert_num_queries: Any) -> None:
        texts = [f"reader{number}@example.com" for number in range(300)]
        self.ids(texts, now)
        with django_assert_num_queries(1):
            assert len(set(self.ids(texts, now))) == 300


def test_who_chose_none_is_written_to_at_each_of_them(ada: Address, news: Category, now: datetime) -> None:
    AddressFactory.create(text=BOB, contact=ada.contact)
    entries = audience.ask([ADA, BOB], Mailing(news), now=now)
    assert [one.verdict.may_send for one in entries] == [True, True]
