"""What becomes of a wish for a link: limited, answered once, forgotten after a day, and never an address in a row."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from celery import current_app
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prefcenter.models import LinkRequest
from prefcenter.pages import link_requests
from prefcenter.pages.link_requests import TooManyRequests, answer, take
from tests.factories import ADA, BOB, DAN, AddressFactory, address
from tests.unsubscribe.actions.test_concurrency import at_once
from unsubscribe import actions
from unsubscribe.addresses import normalise
from unsubscribe.choices import Channel, OutboxKind
from unsubscribe.models import Address, OutboxMessage

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


def ask(text: str = ADA, *, network: str = "198.51.100.7", now: datetime) -> None:
    take(normalise(text), network=network, now=now)


def asked(number: int, *, now: datetime) -> None:
    """So many known addresses ask, one by one."""
    digests = [AddressFactory.create().digest for _ in range(number)]
    LinkRequest.objects.bulk_create(LinkRequest(address=one, network=bytes(32), created_at=now) for one in digests)


def test_no_address_and_no_network_is_in_the_row(now: datetime) -> None:
    ask(now=now)
    [row] = LinkRequest.objects.values()
    stored = b" ".join(value if isinstance(value, bytes) else str(value).encode() for value in row.values())
    assert b"ada" not in stored
    assert b"198.51" not in stored
    assert len(bytes(row["network"])) == len(bytes(row["address"])) == 32


def test_the_network_is_kept_under_the_secret_key(now: datetime, settings: Any) -> None:
    ask(now=now)
    settings.SECRET_KEY = "another-key-of-more-than-fifty-characters-0123456789-0123"
    ask(now=now)
    assert LinkRequest.objects.values("network").distinct().count() == 2


def test_the_limit_says_when_it_ends_and_then_it_does(now: datetime) -> None:
    for minutes in (0, 10, 20):
        ask(now=now + timedelta(minutes=minutes))
    with pytest.raises(TooManyRequests) as refused:
        ask(now=now + timedelta(minutes=30))
    assert refused.value.seconds == 30 * 60
    assert "example.com" not in str(refused.value)
    with pytest.raises(TooManyRequests):
        ask(now=now + HOUR - SECOND)
    ask(now=now + HOUR)
    assert LinkRequest.objects.count() == 4


def test_the_longer_wait_is_the_one_that_is_said(now: datetime) -> None:
    for number in range(20):
        ask(f"reader{number}@example.com", now=now)
    for number in range(3):
        ask(DAN, network=f"203.0.113.{number}", now=now + timedelta(minutes=15))
    with pytest.raises(TooManyRequests) as refused:
        ask(DAN, now=now + timedelta(minutes=30))
    assert refused.value.seconds == 45 * 60


@pytest.mark.parametrize(
    ("one", "other", "is_one_network"),
    [
        ("198.51.100.7", "198.51.100.7", True),
        ("198.51.100.7", "198.51.100.8", False),
        ("198.51.100.7", "::ffff:198.51.100.7", True),
        ("::ffff:198.51.100.7", "::ffff:198.51.100.8", False),
        ("2001:db8:1:200::1", "2001:db8:1:2ff:1:2:3:4", True),
        ("2001:db8:1:200::1", "2001:db8:1:300::1", False),
        ("fe80::1%eth0", "fe80::1%eth1", True),
        ("unknown", "", True),
        ("unknown", "198.51.100.7", False),
    ],
)
def test_a_network_is_an_ipv4_address_or_a_56_of_ipv6(
    one: str, other: str, is_one_network: bool, now: datetime
) -> None:
    ask(ADA, network=one, now=now)
    ask(BOB, network=other, now=now)
    assert (LinkRequest.objects.values("network").distinct().count() == 1) == is_one_network


class TestAnswering:
    def test_queues_one_mail_for_each_who_is_known(self, ada: Address, now: datetime) -> None:
        bob = address(BOB)
        for text in (ADA, BOB, DAN, ADA):
            ask(text, now=now)
        assert answer(now=now) == 4
        assert set(OutboxMessage.objects.values_list("address", "kind")) == {
            (ada.pk, OutboxKind.LINK),
            (bob.pk, OutboxKind.LINK),
        }
        assert not LinkRequest.objects.filter(answered_at=None).exists()

    def test_twice_is_the_same_as_once(self, ada: Address, now: datetime) -> None:
        ask(now=now)
        assert answer(now=now) == 1
        OutboxMessage.objects.update(status="sent", attempts=1)
        assert answer(now=now) == 0
        assert OutboxMessage.objects.count() == 1

    def test_what_is_asked_after_the_mail_went_out_is_answered_anew(self, ada: Address, now: datetime) -> None:
        ask(now=now)
        answer(now=now)
        OutboxMessage.objects.update(status="sent", attempts=1)
        ask(now=now + SECOND)
        answer(now=now + SECOND)
        assert OutboxMessage.objects.count() == 2

    def test_a_crash_in_between_loses_no_request(
        self, ada: Address, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def crash(*args: Any, **kwargs: Any) -> None:
            raise MemoryError

        ask(now=now)
        with monkeypatch.context() as patched:
            patched.setattr(actions, "send_link", crash)
            with pytest.raises(MemoryError):
                answer(now=now)
        assert answer(now=now) == 1
        assert OutboxMessage.objects.get().address == ada

    def test_many_are_answered_in_batches_of_a_fixed_number_of_queries(
        self, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(link_requests, "BATCH", 10)
        costs = []
        for number in (1, 10):
            asked(number, now=now)
            with CaptureQueriesContext(connection) as queries:
                assert answer(now=now) == number
            costs.append(len(queries))
        assert costs[0] == costs[1]
        asked(25, now=now)
        assert answer(now=now) == 25
        assert OutboxMessage.objects.count() == 36

    def test_the_same_digest_on_another_channel_gets_no_mail(self, now: datetime) -> None:
        digest = normalise(ADA).digest
        AddressFactory.create(channel=Channel.POST, text="Main Street 1", digest=digest)
        ask(ADA, now=now)
        answer(now=now)
        assert not OutboxMessage.objects.exists()

    def test_rows_are_forgotten_after_a_day_but_only_when_they_are_answered(self, ada: Address, now: datetime) -> None:
        ask(now=now - timedelta(hours=25))
        assert answer(now=now) == 1
        assert OutboxMessage.objects.count() == 1
        assert not LinkRequest.objects.exists()
        ask(now=now - timedelta(hours=23))
        answer(now=now)
        assert LinkRequest.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql_only("SQLite has one writer at a time")
def test_eight_workers_at_once_answer_each_request_once(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_requests, "BATCH", 5)
    asked(60, now=now)
    answered: list[int] = []
    at_once(lambda number: answered.append(answer(now=now)))
    assert sum(answered) == OutboxMessage.objects.count() == 60


def test_every_task_of_the_beat_is_known_to_the_worker() -> None:
    current_app.loader.import_default_modules()
    named = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {"prefcenter.tasks.answer_link_requests", "unsubscribe.tasks.sweep"} <= named
    assert named <= set(current_app.tasks)
    assert link_requests.ANSWER.task in named
