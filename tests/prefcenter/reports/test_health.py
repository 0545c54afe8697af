"""From a wish to its confirmation, what waits and what failed, and that the indexes are used for it."""

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prefcenter.reports import Period, Selection, conditions, counts, health, rates
from tests.factories import AddressFactory
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.choices import OutboxKind, OutboxStatus, Source, SuppressionReason
from unsubscribe.ledger import seals
from unsubscribe.ledger.seals import encoding
from unsubscribe.ledger.seals.encoding import SealedEvent
from unsubscribe.links import Target
from unsubscribe.models import ConsentEvent, OutboxMessage, Seal

pytestmark = pytest.mark.django_db

CONFIRMATION, LINK = OutboxKind.CONFIRMATION, OutboxKind.LINK
QUEUED, SENT, FAILED = OutboxStatus.QUEUED, OutboxStatus.SENT, OutboxStatus.FAILED


def message(created: datetime, *, took: float | None = None, status: str = SENT, kind: str = CONFIRMATION) -> None:
    address = AddressFactory.create()
    sent = created + timedelta(seconds=took) if took is not None else None
    fields = {"created_at": created, "due_at": created, "sent_at": sent, "status": status, "kind": kind}
    OutboxMessage.objects.create(contact=address.contact, address=address, **fields)


@pytest.mark.parametrize(
    ("seconds", "median", "longest"),
    [
        ([60], 60, 60),
        ([61, 70], 61, 70),
        ([300, 61, 62], 62, 300),
        ([90_000, 61, 62, 63], 62, 90_000),
        ([-5, -4], 0, 0),
    ],
    ids=str,
)
def test_the_median_and_the_longest(seconds: list[float], median: float, longest: float, now: datetime) -> None:
    for took in seconds:
        message(now - timedelta(days=3), took=took)
    found = health.waits(Period.latest(7, now=now))
    assert found.sent == len(seconds)
    assert found.median is not None
    assert found.longest is not None
    assert found.median.total_seconds() == pytest.approx(median, abs=0.01)
    assert found.longest.total_seconds() == pytest.approx(longest, abs=0.01)


def test_only_confirmations_sent_in_the_period_are_measured(now: datetime) -> None:
    message(now - timedelta(days=3), took=61)
    message(now - timedelta(days=3), took=900, kind=LINK)
    message(now - timedelta(days=9), took=900)
    message(now - timedelta(hours=2), status=QUEUED)
    found = health.waits(Period.latest(7, now=now))
    assert (found.sent, found.median, found.longest) == (1, *[timedelta(seconds=61)] * 2)


def test_of_no_confirmation_nothing_is_said(now: datetime) -> None:
    assert health.waits(Period.latest(7, now=now)) == (0, None, None)


def test_the_limits_are_those_of_the_requirements() -> None:
    assert [one.longest.days for one in health.LIMITS] == [2, 5, 10, 15]


def test_what_waits_what_failed_and_what_was_sent(now: datetime) -> None:
    message(now - timedelta(hours=3), status=QUEUED)
    message(now - timedelta(hours=1), status=OutboxStatus.SENDING)
    message(now - timedelta(hours=5), status=FAILED)
    message(now - timedelta(days=5), status=FAILED)
    message(now - timedelta(hours=6), took=60)
    message(now - timedelta(hours=23), took=7200, kind=LINK)
    message(now - timedelta(days=2), took=60)
    found = health.outbox(Period.latest(7, now=now))
    assert found[:-1] == (2, timedelta(hours=3), 1, 2, 2)
    assert found.is_late


def test_an_empty_outbox_is_in_good_health(now: datetime) -> None:
    found = health.outbox(Period.latest(7, now=now))
    assert tuple(found) == (0, None, 0, 0, 0, (0, None, None))
    assert not found.is_late


def test_seals_are_behind_when_an_old_line_waits_for_its_own(news: Any, now: datetime) -> None:
    def say(at: datetime) -> None:
        actions.opt_out([Target(AddressFactory.create().pk, news.pk)], Origin(Source.PAGE, at))

    assert health.seals(now=now) == (None, False)
    say(now - timedelta(hours=3))
    assert health.seals(now=now) == (None, True)
    seals.seal(now=now - timedelta(hours=2, minutes=30))
    assert health.seals(now=now) == (now - timedelta(hours=2, minutes=30), False)
    say(now - timedelta(hours=1))
    assert not health.seals(now=now).is_behind
    say(now - timedelta(hours=2, minutes=10))
    assert health.seals(now=now).is_behind


def test_a_line_below_sealed_ones_that_no_seal_names_is_behind_too(news: Any, now: datetime) -> None:
    """Its transaction took long, and the next seal should have taken it."""
    for address_id in (AddressFactory.create().pk, AddressFactory.create().pk):
        actions.opt_out([Target(address_id, news.pk)], Origin(Source.PAGE, now - timedelta(hours=3)))
    late, sealed = ConsentEvent.objects.order_by("id").values_list("id", flat=True)
    entries = encoding.pack([SealedEvent(sealed, bytes(32))])
    at = now - timedelta(hours=2, minutes=30)
    Seal(number=1, version=1, at=at, count=1, settled=late - 1, through=sealed, hash=b"1", entries=entries).save()
    assert health.seals(now=now) == (at, True)
    assert [one.pk for one in seals.overdue(now=now)] == [late]
    seals.seal(now=now)
    assert health.seals(now=now) == (now, False)


ASKS: dict[str, tuple[Callable[[Selection], object], str]] = {
    "wishes": (counts.count, "ledger_by_kind"),
    "rates": (lambda selection: next(rates._lines(selection, conditions.COMPLAINT_BY_PROVIDER)), "ledger_by_kind"),
    "what stays off": (
        lambda selection: selection.stayed_off(selection.period.span),
        "ledger_by_kind",
    ),
    "waits": (
        lambda selection: health.waits(selection.period),
        "outbox_waits",
    ),
}


@pytest.mark.parametrize("name", sorted(ASKS))
def test_a_large_ledger_is_counted_along_its_index(name: str, news: Any, now: datetime) -> None:
    """On so few rows PostgreSQL would rather read them all, and is asked not to."""
    ask, index = ASKS[name]
    message(now, took=61)
    actions.suppress([AddressFactory.create().pk], Origin(Source.COMPLAINT, now), reason=SuppressionReason.COMPLAINT)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
        with CaptureQueriesContext(connection) as queries:
            ask(Selection(Period.latest(30, now=now)))
        asked = [one["sql"] for one in queries if "consentevent" in one["sql"] or "outboxmessage" in one["sql"]]
        assert asked
        for sql in asked:
            cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{sql}")
            plan = " ".join(str(part) for part in itertools.chain.from_iterable(cursor.fetchall()))
            assert index in plan, plan
            assert "SCAN unsubscribe_consentevent" not in plan
