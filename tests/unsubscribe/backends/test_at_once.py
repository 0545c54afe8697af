"""Several senders at the same moment: whoever chose a frequency gets a message once, and a letter that was not sent is
sent by the next try. On PostgreSQL in threads; tests/journeys/test_sent_at_once.py does it in processes on both."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.utils import timezone

from tests.factories import ADA, BOB, AddressFactory
from tests.services import PATIENCE
from tests.unsubscribe.backends.test_backends import Postman, about, message, send
from unsubscribe import actions, audience, headers
from unsubscribe.actions import Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import Frequency, Outcome, Source
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category, LastSent, SentCount

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgresql_only("SQLite in memory has one connection"),
]
SENDERS = 4


class Carrier(Postman):
    """Behind the guard of every thread."""


@pytest.fixture(autouse=True)
def carried(settings: Any) -> list[str]:
    settings.UNSUBSCRIBE_EMAIL_BACKEND = f"{__name__}.Carrier"
    Carrier.diary = []
    return Carrier.diary


def to(text: str, diary: Sequence[str]) -> int:
    return Counter(diary)[f"sent to {text}"]


@pytest.fixture
def daily(news: Category, ada: Address) -> Address:
    actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, timezone.now()), frequency=Frequency.DAILY)
    AddressFactory.create(text=BOB)
    return ada


@pytest.fixture
def met(monkeypatch: pytest.MonkeyPatch) -> Barrier:
    """Nobody goes on before all have their answer from the gate."""
    barrier, ask = Barrier(SENDERS, timeout=PATIENCE), audience.ask

    def asked(*args: Any, **kwargs: Any) -> list[audience.AudienceEntry]:
        entries = ask(*args, **kwargs)
        barrier.wait()
        return entries

    monkeypatch.setattr(audience, "ask", asked)
    return barrier


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    def run(call: Callable[[], Any]) -> Any:
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def mailing(campaign: str, *to: str) -> EmailMessage:
    return message(*to, headers=about("news", **({headers.CAMPAIGN: campaign} if campaign else {})))


def campaign_of(name: str, category: Category) -> Any:
    return actions.campaign_named(name, category=category, now=timezone.now())


@pytest.mark.parametrize("names", [["June"] * SENDERS, ["May", "June", "July", "August"], [""] * SENDERS], ids=str)
def test_whoever_chose_a_frequency_gets_one_letter_of_all_that_are_sent_at_once(
    names: Sequence[str], daily: Address, met: Barrier, carried: list[str]
) -> None:
    for name in set(names):
        campaign_of(name, Category.objects.get())
    sent = at_once(*(partial(send, mailing(name, ADA, BOB)) for name in names))
    assert sent == [1] * SENDERS
    assert (to(ADA, carried), to(BOB, carried)) == (1, SENDERS)


@pytest.mark.parametrize("name", ["June", ""])
def test_each_is_counted_once(name: str, daily: Address, met: Barrier) -> None:
    at_once(*[partial(send, mailing(name, ADA, BOB))] * SENDERS)
    assert SentCount.objects.get().count == (2 if name else 1 + SENDERS)


def test_what_a_mailer_was_promised_before_goes_out_once_as_well(
    daily: Address, news: Category, met: Barrier, carried: list[str]
) -> None:
    june, now = campaign_of("June", news), timezone.now()
    actions.record_sent([daily.contact_id], Mailing(news, campaign=june), now=now)
    at_once(*[partial(send, mailing("June", ADA))] * SENDERS)
    assert to(ADA, carried) == 1


def test_who_has_two_addresses_gets_it_at_one_of_them(daily: Address, met: Barrier, carried: list[str]) -> None:
    [work] = actions.add_addresses(daily.contact_id, [normalise("ada@work.example")], now=timezone.now())
    at_once(*(partial(send, mailing("June", text)) for text in [ADA, work.value] * 2))
    assert to(ADA, carried) + to(work.value, carried) == 1


def test_of_many_readers_in_any_order_each_gets_one(news: Category, met: Barrier, carried: list[str]) -> None:
    readers = [AddressFactory.create(text=f"reader{number}@example.com") for number in range(90)]
    actions.opt_down(
        [Target(one.pk, news.pk) for one in readers], Origin(Source.PAGE, timezone.now()), frequency=Frequency.WEEKLY
    )
    texts = [one.value for one in readers]
    at_once(
        *(partial(send, mailing(name, *texts[turn:], *texts[:turn])) for turn, name in enumerate(["June", "May"] * 2))
    )
    assert Counter(carried) & Counter({f"sent to {text}": 9 for text in texts}) == Counter(
        f"sent to {text}" for text in texts
    )
    assert LastSent.objects.count() == len(texts)


@pytest.mark.parametrize("names", [["June"] * SENDERS, ["May", "June", "July", "August"]], ids=str)
def test_of_campaigns_recorded_at_once_a_reader_who_chose_daily_is_in_one(
    names: Sequence[str], daily: Address, news: Category, met: Barrier
) -> None:
    """The same campaign asked about twice has the same answer twice; of several, one gets the reader."""
    campaigns = [campaign_of(name, news) for name in names]

    def record(campaign: Any) -> list[Outcome]:
        now = timezone.now()
        with transaction.atomic():
            entries = audience.ask([ADA, BOB], Mailing(news, campaign=campaign), now=now)
            entries = audience.record(entries, Mailing(news, campaign=campaign), now=now)
        return [one.verdict.outcome for one in entries]

    answers = at_once(*(partial(record, one) for one in campaigns))
    send_, too_soon = Outcome.SEND, Outcome.TOO_SOON
    ada = [send_] * SENDERS if len(set(names)) == 1 else [send_] + [too_soon] * (SENDERS - 1)
    assert sorted(one for one, _ in answers) == sorted(ada)
    assert [one for _, one in answers] == [send_] * SENDERS
    assert sum(one.count for one in SentCount.objects.all()) == 1 + len(set(names))
