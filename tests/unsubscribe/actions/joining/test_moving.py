"""What goes along with an address that is known by itself and moves to the contact it was joined to."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.conftest import NOW
from tests.factories import ADA, BOB, AddressFactory, CampaignFactory, CategoryFactory
from unsubscribe import actions, gate
from unsubscribe.actions import Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import Channel, Frequency, Outcome, Source
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Campaign, Category, LastSent, OutboxMessage

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SEND, TOO_SOON = Outcome.SEND, Outcome.TOO_SOON


@pytest.fixture
def weekly(ada: Address, news: Category) -> Address:
    actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW - 60 * DAY), frequency=Frequency.WEEKLY)
    return ada


@pytest.fixture
def bob(db: None) -> Address:
    return AddressFactory.create(text=BOB, created_at=NOW - 60 * DAY)


def record(address: Address, at: datetime, campaign: Campaign | None = None, **options: Any) -> None:
    news = Category.objects.get(slug="news")
    actions.record_sent([address.contact_id], Mailing(news, campaign=campaign), now=at, **options)


def join(other: Address, contact_of: Address) -> None:
    assert actions.add_addresses(contact_of.contact_id, [normalise(other.value)], now=NOW)
    other.refresh_from_db()


def answers(campaign: Campaign | None = None, *, at: datetime = NOW, once: bool = False) -> list[Outcome]:
    news = Category.objects.get(slug="news")
    decided = gate.check([ADA, BOB], Mailing(news, campaign=campaign, once=once), now=at)
    return [one.outcome for one in decided]


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ((1, None), TOO_SOON),
        ((1, 30), TOO_SOON),
        ((30, 1), TOO_SOON),
        ((1, 1), TOO_SOON),
        ((30, None), SEND),
        ((30, 20), SEND),
        ((None, 1), TOO_SOON),
    ],
)
def test_nobody_who_chose_weekly_is_written_to_twice_in_a_week_because_an_address_moved(
    before: Sequence[int | None], expected: Outcome, weekly: Address, bob: Address
) -> None:
    """`before`: how many days ago the address that moves, and the contact it joins, were written to."""
    for address, days in zip((bob, weekly), before, strict=True):
        if days is not None:
            record(address, NOW - days * DAY)
    join(bob, weekly)
    assert answers() == [expected] * 2


def test_the_mailing_that_both_were_recorded_for_is_answered_as_before(weekly: Address, bob: Address) -> None:
    issue, other = CampaignFactory.create(), CampaignFactory.create()
    for address in (weekly, bob):
        record(address, NOW - DAY, issue)
    join(bob, weekly)
    assert answers(issue) == [SEND] * 2
    assert answers(other) == [TOO_SOON] * 2


@pytest.mark.parametrize("later", ["one", "other"])
def test_what_was_sent_to_either_of_them_is_not_sent_again(later: str, weekly: Address, bob: Address) -> None:
    """Three campaigns run at once, and our own backend sends them."""
    issues = [CampaignFactory.create() for _ in range(3)]
    hours = [timedelta(hours=n) for n in range(3)]
    for hour, issue in zip(hours, issues, strict=True):
        record(bob, NOW - DAY + hour, issue, by_us=True)
    record(
        weekly, NOW - DAY + (timedelta(hours=5) if later == "one" else -timedelta(hours=5)), CampaignFactory.create()
    )
    join(bob, weekly)
    for issue in issues:
        assert answers(issue, once=True) == [TOO_SOON] * 2
    record(weekly, NOW, CampaignFactory.create(), by_us=True)
    assert answers(issues[0], once=True) == [TOO_SOON] * 2


def test_what_is_on_its_way_to_it_counts_as_sent(weekly: Address, bob: Address, news: Category) -> None:
    issue = CampaignFactory.create()
    assert actions.claim({bob.contact_id: date.min}, Mailing(news, campaign=issue), now=NOW) == {bob.contact_id}
    join(bob, weekly)
    assert answers(issue, once=True) == [TOO_SOON] * 2


def test_its_clock_on_another_channel_and_in_another_category_goes_along_too(ada: Address) -> None:
    number = AddressFactory.create(text="+49 30 901820", channel=Channel.SMS)
    offers = CategoryFactory.create(slug="offers")
    actions.record_sent([number.contact_id], Mailing(offers, channel=Channel.SMS), now=NOW)
    actions.add_addresses(ada.contact_id, [normalise(number.value, channel=Channel.SMS)], now=NOW)
    clock = LastSent.objects.get(contact=ada.contact_id)
    assert (clock.category, clock.channel, clock.sent_on) == (offers, Channel.SMS, NOW.date())


def test_the_mails_it_waits_for_are_its_new_contacts(ada: Address, bob: Address) -> None:
    """What a mail server answers about them is forgotten with the contact."""
    actions.send_link([bob.pk], now=NOW)
    OutboxMessage.objects.update(last_error="bob@example.com: mailbox full")
    join(bob, ada)
    actions.agree([bob.pk], Origin(Source.STAFF, NOW))
    assert set(OutboxMessage.objects.values_list("contact", flat=True)) == {ada.contact_id}
    actions.erase([ada.contact_id], Origin(Source.STAFF, NOW))
    assert not OutboxMessage.objects.filter(last_error__contains="bob").exists()


def test_many_take_as_many_queries_as_a_few(news: Category) -> None:
    counts = []
    for size in (4, 30):
        readers, known = ([AddressFactory.create() for _ in range(size)] for _ in range(2))
        for some in (readers, known):
            ids = [one.contact_id for one in some]
            actions.record_sent(ids, Mailing(news, campaign=CampaignFactory.create()), now=NOW)
        actions.send_link([one.pk for one in known], now=NOW)
        wanted = {one.contact_id: [normalise(other.value)] for one, other in zip(readers, known, strict=True)}
        with CaptureQueriesContext(connection) as queries:
            assert len(actions.add_addresses_to(wanted, now=NOW)) == size
        counts.append(len(queries))
    assert counts[0] == counts[1]
