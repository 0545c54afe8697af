"""Two at once are the same as one after the other (law 3). On PostgreSQL: SQLite lets only one writer in anyway."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TypeVar

import pytest
from django.db import connection, transaction
from django.utils import timezone

from tests.factories import AddressFactory, CampaignFactory, CategoryFactory
from tests.services import wait_until
from unsubscribe import actions, outbox
from unsubscribe.actions import ImportedNo, Origin
from unsubscribe.addresses import Normalised, normalise
from unsubscribe.choices import Channel, OutboxKind, OutboxStatus, Source
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import (
    Address,
    ConsentEvent,
    Contact,
    LastSent,
    OutboxMessage,
    Preference,
    SentCount,
    Suppression,
)

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgresql_only("SQLite has one writer at a time"),
]
THREADS = 8
T = TypeVar("T")


def at_once(call: Callable[[int], object]) -> None:
    """Runs it in eight threads with a connection each; raises what any of them raised."""
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda number: closing(lambda: call(number))(), range(THREADS)))


def closing(call: Callable[[], T]) -> Callable[[], T]:
    """The same for a thread of its own, whose connection ends with it."""

    def run() -> T:
        try:
            return call()
        finally:
            connection.close()

    return run


def waiting() -> int:
    """How many wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return int(cursor.fetchone()[0])


@pytest.fixture
def readers() -> Sequence[Address]:
    return [AddressFactory.create() for _ in range(40)]


def test_eight_clicks_at_once_make_one_event_and_one_mail(readers: Sequence[Address], now: datetime) -> None:
    news = CategoryFactory.create()
    target = Target(readers[0].pk, news.pk)
    at_once(lambda number: actions.opt_out([target], Origin(Source.ONE_CLICK, now)))
    assert ConsentEvent.objects.count() == 1
    assert OutboxMessage.objects.get().event_ids == [ConsentEvent.objects.get().pk]


def test_verbs_on_the_same_people_in_any_order_do_not_lock_each_other_out(
    readers: Sequence[Address], now: datetime
) -> None:
    news = CategoryFactory.create()

    def wish(number: int) -> None:
        order = readers if number % 2 else list(reversed(readers))
        targets = [Target(one.pk, news.pk if (one.pk + number // 2) % 2 else None) for one in order]
        actions.opt_out(targets, Origin(Source.ONE_CLICK, now))

    for _ in range(5):
        at_once(wish)
    assert Suppression.objects.count() == len(readers)
    assert ConsentEvent.objects.count() == 2 * len(readers)


def test_an_address_learnt_by_eight_at_once_is_one_contact(now: datetime) -> None:
    new = [normalise(f"new{number}@example.com") for number in range(3000)]
    at_once(lambda number: actions.learn(new if number % 2 else list(reversed(new)), now=now))
    assert Contact.objects.count() == Address.objects.count() == len(new)


def test_an_everything_and_a_new_address_at_once_leave_no_gap(now: datetime) -> None:
    for round_ in range(10):
        ada = AddressFactory.create()
        later = normalise(f"later{round_}@example.com")

        def act(number: int, ada: Address = ada, later: Normalised = later) -> None:
            if number % 2:
                actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, now))
            else:
                actions.add_addresses(ada.contact_id, [later], now=now)

        at_once(act)
        assert Suppression.objects.filter(address__contact=ada.contact_id, lifted_at=None).count() == 2


def test_a_change_that_meets_the_worker_is_in_this_mail_or_in_the_next(now: datetime) -> None:
    """The claim waits for the change to be committed, or the change finds no open row and makes its own."""
    news, offers = CategoryFactory.create(), CategoryFactory.create(slug="offers")
    due = now + timedelta(minutes=2)
    for _ in range(20):
        ada = AddressFactory.create()
        actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.PAGE, now))
        message = OutboxMessage.objects.latest("id")

        def act(number: int, ada: Address = ada, message: OutboxMessage = message) -> None:
            if number == 0:
                actions.opt_out([Target(ada.pk, offers.pk)], Origin(Source.PAGE, now))
            else:
                outbox.deliver(message.pk, now=due)

        at_once(act)
    for message in OutboxMessage.objects.filter(status=OutboxStatus.QUEUED):
        outbox.deliver(message.pk, now=due)
    # What went out with another message is dropped, and told by that one.
    sent = OutboxMessage.objects.filter(status=OutboxStatus.SENT)
    told = [pk for ids in sent.values_list("event_ids", flat=True) for pk in ids]
    assert sorted(told) == sorted(ConsentEvent.objects.values_list("id", flat=True))
    assert set(OutboxMessage.objects.values_list("status", flat=True)) <= {OutboxStatus.SENT, OutboxStatus.DROPPED}


def test_imports_clicks_and_taking_back_at_once_leave_what_people_said(now: datetime) -> None:
    news = CategoryFactory.create()
    readers = [AddressFactory.create() for _ in range(30)]
    clicking = readers[::3]

    def imports(number: int, some: Sequence[Address]) -> None:
        said = [ImportedNo(bytes(one.digest), one.value) for one in some]
        for category_id in (None, news.pk):
            actions.import_opt_outs(
                said,
                Origin(Source.IMPORT, timezone.now(), import_id=number),
                channel=Channel.EMAIL,
                category_id=category_id,
            )

    def take_back(number: int) -> None:
        while actions.take_back(number, most=7, now=timezone.now()).looked_at:
            pass

    def act(number: int) -> None:
        order = readers if number % 2 else list(reversed(readers))
        if number < 3:
            take_back(number)
        elif number < 6:
            imports(number, order)
        elif number == 6:
            actions.settle([99], most=10)
        for one in clicking if number == 7 else ():
            actions.opt_out([Target(one.pk, news.pk), Target(one.pk)], Origin(Source.ONE_CLICK, timezone.now()))

    for number in range(3):
        imports(number, readers)
    at_once(act)
    for number in range(6):
        take_back(number)
    stand = Suppression.objects.filter(lifted_at=None).values_list("address_id", flat=True)
    left = Preference.objects.filter(state="unsubscribed").values_list("contact_id", flat=True)
    assert sorted(stand) == [one.pk for one in clicking]
    assert sorted(left) == [one.contact_id for one in clicking]


def test_one_message_is_claimed_by_one_worker(now: datetime) -> None:
    ada, news = AddressFactory.create(), CategoryFactory.create()
    with transaction.atomic():
        actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.PAGE, now))
    message = OutboxMessage.objects.get()
    outcomes: list[object] = []
    at_once(lambda number: outcomes.append(outbox.deliver(message.pk, now=now + timedelta(minutes=2))))
    assert sorted(map(str, outcomes)) == sorted(["None"] * (THREADS - 1) + ["sent"])


def test_a_campaign_recorded_by_eight_at_once_is_counted_once(readers: Sequence[Address], now: datetime) -> None:
    news = CategoryFactory.create()
    june = CampaignFactory.create(category=news)
    contact_ids = [one.contact_id for one in readers]
    at_once(lambda number: actions.record_sent(contact_ids, Mailing(news, campaign=june), now=now))
    assert SentCount.objects.get().count == len(readers)


def test_an_address_that_moves_and_a_mailing_do_not_wait_for_each_other_in_a_circle(now: datetime) -> None:
    """The mailing comes to the first contact, whom somebody else holds, and the address that moves after it."""
    news = CategoryFactory.create()
    first, second, one, two = (AddressFactory.create() for _ in range(4))
    actions.record_sent([first.contact_id, one.contact_id, two.contact_id], Mailing(news), now=now)
    both = [first.contact_id, second.contact_id]
    wanted = dict(zip(both, ([normalise(other.value)] for other in (one, two)), strict=True))
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            LastSent.objects.select_for_update().get(contact=first.contact_id)
            mailing = pool.submit(closing(lambda: actions.record_sent(both, Mailing(news), now=now)))
            wait_until(lambda: waiting() == 1)
            joining = pool.submit(closing(lambda: actions.add_addresses_to(wanted, now=now)))
            wait_until(lambda: waiting() == 2)
        assert mailing.result() == set(both)
        assert set(joining.result()) == set(both)
    assert set(LastSent.objects.values_list("contact", flat=True)) >= set(both)


@pytest.mark.parametrize("verb", ["joins", "parts", "is erased"])
def test_an_address_that_changes_hands_and_its_mail_do_not_wait_for_each_other_in_a_circle(
    verb: str, now: datetime
) -> None:
    """One link is on its way for the second time, and one was asked for since, which somebody else holds."""
    ada, bob = AddressFactory.create(), AddressFactory.create()
    verbs: dict[str, Callable[[], object]] = {
        "joins": lambda: actions.add_addresses(ada.contact_id, [normalise(bob.value)], now=now),
        "parts": lambda: actions.part([bob.pk], Origin(Source.STAFF, now)),
        "is erased": lambda: actions.erase([bob.contact_id], Origin(Source.STAFF, now)),
    }
    if verb == "parts":
        verbs["joins"]()
    actions.send_link([bob.pk], now=now)
    OutboxMessage.objects.filter(kind=OutboxKind.LINK).update(attempts=1, due_at=now, last_error="come again")
    first = OutboxMessage.objects.get(kind=OutboxKind.LINK)
    OutboxMessage.objects.filter(id=first.pk).update(status=OutboxStatus.SENDING)
    actions.send_link([bob.pk], now=now)
    OutboxMessage.objects.filter(id=first.pk).update(status=OutboxStatus.QUEUED)
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            OutboxMessage.objects.select_for_update().get(kind=OutboxKind.LINK, attempts=0)
            mail = pool.submit(closing(lambda: outbox.deliver(first.pk, now=now)))
            wait_until(lambda: waiting() == 1)
            acting = pool.submit(closing(verbs[verb]))
            wait_until(lambda: waiting() == 2)
        assert mail.result() in {OutboxStatus.SENT, OutboxStatus.DROPPED}
        assert acting.result()
