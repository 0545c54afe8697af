"""Whoever wants to hear of what happens hears of every line once, signed, and for three days if it takes that long."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from standardwebhooks.webhooks import WebhookVerificationError

from prefcenter import tasks
from prefcenter.models import WebhookDelivery, WebhookEndpoint
from prefcenter.tasks import forget_answers, send_webhooks
from prefcenter.webhooks import delivery as webhooks
from prefcenter.webhooks import http
from prefcenter.webhooks.http import HostConnection
from tests.factories import ADA, AddressFactory
from tests.services import PATIENCE
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.choices import EventKind, OutboxStatus, Source
from unsubscribe.ledger import feed
from unsubscribe.links import Target
from unsubscribe.models import Address, Category, ConsentEvent

from .receiver import Receiver
from .sending import happen, send, statuses

pytestmark = pytest.mark.django_db


def test_each_line_arrives_once_signed_and_in_order(
    endpoint: WebhookEndpoint, receiver: Receiver, ada: Address, news: Category
) -> None:
    actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.ONE_CLICK, timezone.now()))
    happen(ada, 2)
    assert send(endpoint) == 3
    assert send(endpoint) == 0
    got = receiver.verified(endpoint.secret)
    assert [one["type"] for one in got] == ["consent.opt_out", "consent.access", "consent.access"]
    assert (got[0]["data"]["address"], got[0]["data"]["category"]) == (ADA, "news")
    assert [one["data"]["id"] for one in got] == list(ConsentEvent.objects.order_by("id").values_list("id", flat=True))
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 3
    with pytest.raises(WebhookVerificationError):
        receiver.verified("whsec_" + "A" * 43 + "=")


def test_what_happened_before_it_was_made_is_for_the_feed(ada: Address, receiver: Receiver) -> None:
    happen(ada)
    assert send(webhooks.make("Late", receiver.url, [], now=timezone.now())) == 0


def test_it_hears_only_of_what_it_asked_for_and_skips_the_rest_for_good(
    ada: Address, news: Category, receiver: Receiver
) -> None:
    endpoint = webhooks.make("Picky", receiver.url, [EventKind.OPT_OUT], now=timezone.now())
    happen(ada)
    actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.PAGE, timezone.now()))
    assert send(endpoint) == 1
    assert endpoint.position == ConsentEvent.objects.latest("id").pk


@pytest.mark.parametrize(
    ("left_out", "heard"),
    [
        (None, ["one_click", "api"]),
        ([], ["import", "one_click", "api"]),
        ([Source.API, Source.ONE_CLICK], ["import"]),
    ],
)
def test_it_hears_from_which_source_it_came_and_by_default_not_of_imports(
    left_out: list[Source] | None, heard: list[str], ada: Address, receiver: Receiver
) -> None:
    chosen: dict[str, Any] = {} if left_out is None else {"left_out": left_out}
    endpoint = webhooks.make("A mailer", receiver.url, [], now=timezone.now(), **chosen)
    for source in (Source.IMPORT, Source.ONE_CLICK, Source.API):
        actions.note_access(ada.pk, Origin(source, timezone.now()))
    send(endpoint)
    assert [one["data"]["source"] for one in receiver.verified(endpoint.secret)] == heard
    assert endpoint.position == ConsentEvent.objects.latest("id").pk


def test_an_import_keeps_nobody_from_hearing_of_a_one_click(
    ada: Address, endpoint: WebhookEndpoint, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "AHEAD", 3)
    for _ in range(20):
        actions.note_access(ada.pk, Origin(Source.IMPORT, timezone.now()))
    happen(ada)
    assert send(endpoint) == 1


def test_what_nobody_wants_to_hear_of_holds_nothing_up(
    ada: Address, news: Category, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "AHEAD", 3)
    endpoint = webhooks.make("Picky", receiver.url, [EventKind.OPT_OUT], now=timezone.now())
    happen(ada, 10)
    actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.PAGE, timezone.now()))
    assert send(endpoint) == 1


def test_an_erased_person_is_not_named_even_if_it_happened_before(
    endpoint: WebhookEndpoint, receiver: Receiver, ada: Address
) -> None:
    happen(ada)
    actions.erase([ada.contact_id], Origin(Source.PAGE, timezone.now()))
    send(endpoint)
    assert ADA.encode() not in b"".join(body for _, body in receiver.got)


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 404, 429, 500, 503])
def test_what_is_not_taken_is_tried_again_under_the_same_id(
    status: int, endpoint: WebhookEndpoint, receiver: Receiver, ada: Address
) -> None:
    receiver.answers = [status, 200]
    happen(ada)
    send(endpoint)
    assert len(receiver.got) == 1, "a redirect is not followed"
    delivery = endpoint.deliveries.get()
    assert (delivery.status, delivery.attempts) == (OutboxStatus.QUEUED, 1)
    assert str(status) in delivery.last_error
    assert send(endpoint) == 0, "not yet"
    assert send(endpoint, later=timedelta(seconds=6)) == 1
    assert statuses(endpoint) == [OutboxStatus.SENT]
    first, second = (headers["webhook-id"] for headers, _ in receiver.got)
    assert first == second


def test_one_line_that_is_refused_holds_up_no_other(
    endpoint: WebhookEndpoint, receiver: Receiver, ada: Address
) -> None:
    receiver.answers = [400, 200]
    happen(ada, 3)
    send(endpoint)
    assert statuses(endpoint) == [OutboxStatus.QUEUED, OutboxStatus.SENT, OutboxStatus.SENT]
    assert endpoint.resting_until is None


def test_who_does_not_answer_is_left_in_peace_and_gets_all_at_once_when_back(
    endpoint: WebhookEndpoint, receiver: Receiver, ada: Address
) -> None:
    receiver.answers = [503, 503, 200]
    happen(ada, 3)
    send(endpoint)
    assert len(receiver.got) == 1
    assert endpoint.resting_until
    send(endpoint, later=timedelta(seconds=6))
    assert len(receiver.got) == 2
    assert send(endpoint, later=timedelta(seconds=301)) == 3
    assert statuses(endpoint) == [OutboxStatus.SENT] * 3


def test_a_receiver_that_hangs_costs_one_wait(
    endpoint: WebhookEndpoint, receiver: Receiver, ada: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "DEADLINE", 0.2)
    receiver.answers = [0]
    happen(ada, 3)
    send(endpoint)
    assert len(receiver.got) == 1
    assert "No response" in endpoint.deliveries.order_by("id")[0].last_error


def test_after_three_days_it_is_switched_off_and_nothing_is_lost(
    endpoint: WebhookEndpoint, receiver: Receiver, ada: Address
) -> None:
    assert timedelta(days=3) <= webhooks.PATIENCE
    receiver.answers = [500]
    happen(ada, 2)
    send(endpoint)
    for _ in range(4):
        assert endpoint.disabled_at is None
        send(endpoint, later=timedelta(days=1))
    assert endpoint.disabled_at
    assert "three days" in endpoint.disabled_because
    assert webhooks.waiting(now=timezone.now()) == []
    receiver.answers = [200]
    happen(ada)
    webhooks.enable(endpoint, now=timezone.now())
    assert send(endpoint) == 3
    assert set(statuses(endpoint)) == {OutboxStatus.SENT}


@pytest.mark.parametrize("status", [400, 500])
def test_a_line_refused_for_three_days_is_given_up_while_others_arrive(
    status: int, endpoint: WebhookEndpoint, receiver: Receiver, ada: Address
) -> None:
    happen(ada)
    poison = ConsentEvent.objects.latest("id").pk
    receiver.answer = lambda body: status if json.loads(body)["data"]["id"] == poison else 200
    for wait in (0, *webhooks.WAITS, 0):
        happen(ada, 2)
        send(endpoint, later=timedelta(seconds=wait + 1))
        send(endpoint, later=timedelta(seconds=6))
        assert statuses(endpoint)[1:] == [OutboxStatus.SENT] * (len(statuses(endpoint)) - 1)
        assert endpoint.disabled_at is None
    assert statuses(endpoint)[0] == OutboxStatus.FAILED


def test_several_lines_that_bring_it_down_do_not_keep_the_others_from_it(
    endpoint: WebhookEndpoint, receiver: Receiver, ada: Address
) -> None:
    happen(ada, 3)
    poison = set(ConsentEvent.objects.values_list("id", flat=True))
    receiver.answer = lambda body: 500 if json.loads(body)["data"]["id"] in poison else 200
    happen(ada, 2)
    for _ in range(4):
        send(endpoint, later=timedelta(seconds=1801))
    assert statuses(endpoint)[3:] == [OutboxStatus.SENT] * 2


def test_it_is_tried_every_half_hour_however_long_it_was_away(
    endpoint: WebhookEndpoint, receiver: Receiver, ada: Address
) -> None:
    receiver.answers = [503]
    happen(ada, 2)
    for _ in range(30):
        send(endpoint, later=timedelta(seconds=1801))
    assert len(receiver.got) == 30
    receiver.answers = [200]
    send(endpoint, later=timedelta(seconds=1801))
    assert statuses(endpoint) == [OutboxStatus.SENT] * 2
    assert (endpoint.failures, endpoint.failing_since, endpoint.resting_until) == (0, None, None)


def test_one_that_refuses_everything_is_left_in_peace_too(
    endpoint: WebhookEndpoint, receiver: Receiver, ada: Address
) -> None:
    receiver.answers = [401]
    happen(ada, 20)
    send(endpoint)
    assert len(receiver.got) == webhooks.REFUSALS
    assert endpoint.resting_until
    assert send(endpoint) == 0


@pytest.mark.parametrize("status", [400, 500])
def test_a_refused_line_is_tried_again_while_many_others_wait(
    status: int, endpoint: WebhookEndpoint, receiver: Receiver, ada: Address
) -> None:
    receiver.answers = [status, 200]
    happen(ada)
    send(endpoint)
    happen(ada, 30)
    send(endpoint, later=timedelta(seconds=6))
    ids = [headers["webhook-id"] for headers, _ in receiver.got]
    assert ids[1:].index(ids[0]) == webhooks.FRESH
    lines = [json.loads(body)["data"]["id"] for _, body in receiver.got[1:]]
    assert sorted(lines[: webhooks.FRESH] + lines[webhooks.FRESH + 1 :]) == [
        one for one in lines if one != lines[webhooks.FRESH]
    ], "the others in their order"


def test_refused_lines_do_not_keep_new_ones_from_being_made_ready(
    endpoint: WebhookEndpoint, receiver: Receiver, ada: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "AHEAD", 3)
    receiver.answers = [400, 400, 400, 200]
    happen(ada, 3)
    send(endpoint)
    happen(ada, 2)
    send(endpoint)
    assert statuses(endpoint) == [OutboxStatus.QUEUED] * 3 + [OutboxStatus.SENT] * 2


def test_off_is_heard_at_once_even_while_it_is_being_sent_to(
    endpoint: WebhookEndpoint, receiver: Receiver, ada: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    happen(ada, 4)
    meanwhile(monkeypatch, receiver, 2, lambda: webhooks.disable(endpoint, "By hand.", now=timezone.now()))
    send(endpoint)
    assert len(receiver.got) == 2
    assert endpoint.disabled_because == "By hand."


def test_who_is_erased_while_lines_are_being_sent_is_named_in_none_of_the_next(
    endpoint: WebhookEndpoint, receiver: Receiver, ada: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    happen(ada, 4)
    meanwhile(monkeypatch, receiver, 2, lambda: actions.erase([ada.contact_id], Origin(Source.PAGE, timezone.now())))
    send(endpoint)
    assert [ADA.encode() in body for _, body in receiver.got] == [True, True, False, False, False]


def test_a_worker_whose_claim_was_taken_over_stops(
    endpoint: WebhookEndpoint, receiver: Receiver, ada: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    happen(ada, 4)
    theirs = timezone.now() + webhooks.LEASE
    rows = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    meanwhile(monkeypatch, receiver, 1, lambda: rows.update(claimed_at=theirs))
    send(endpoint)
    assert len(receiver.got) == 1
    assert endpoint.claimed_at == theirs, "nor is it taken away from the other one"


def meanwhile(monkeypatch: pytest.MonkeyPatch, receiver: Receiver, count: int, act: Any) -> None:
    """Acts right after so many lines were sent."""
    post = HostConnection.post

    def posted(*args: Any) -> int:
        status = post(*args)
        if len(receiver.got) == count:
            act()
        return status

    monkeypatch.setattr(HostConnection, "post", posted)


@pytest.mark.django_db(transaction=True)
def test_the_task_sends_to_all_of_them_one_round_at_a_time(
    endpoint: WebhookEndpoint, receiver: Receiver, ada: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhooks.make("Another", receiver.url, [], now=timezone.now())
    happen(ada)
    meanwhile(monkeypatch, receiver, 1, send_webhooks)
    send_webhooks()
    assert len(receiver.got) == 2
    assert tasks._sending.acquire(blocking=False), "free for the next round"
    tasks._sending.release()


def test_gone_is_taken_for_an_answer(endpoint: WebhookEndpoint, receiver: Receiver, ada: Address) -> None:
    receiver.answers = [410]
    happen(ada, 2)
    send(endpoint)
    assert endpoint.disabled_because == "The endpoint answered with 410 Gone."
    assert len(receiver.got) == 1


def test_two_workers_do_not_send_to_one_endpoint_at_once(
    endpoint: WebhookEndpoint, receiver: Receiver, ada: Address
) -> None:
    happen(ada)
    now = timezone.now()
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(claimed_at=now)
    assert webhooks.send(endpoint.pk, now=now) == 0
    assert webhooks.send(endpoint.pk, now=now + webhooks.LEASE) == 1, "but a dead one's claim ends"


def test_a_long_ledger_is_made_ready_in_parts(
    endpoint: WebhookEndpoint, receiver: Receiver, ada: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "AHEAD", 3)
    receiver.answers = [503]
    happen(ada, 8)
    send(endpoint)
    assert endpoint.deliveries.count() == 3
    receiver.answers = [200]
    assert send(endpoint, later=timedelta(seconds=6)) == 8


def test_an_error_names_no_url(endpoint: WebhookEndpoint, ada: Address, receiver: Receiver) -> None:
    receiver.close()
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(url=receiver.url + "?secret=abc")
    happen(ada)
    send(endpoint)
    error = endpoint.deliveries.get().last_error
    assert error
    assert "abc" not in error


def test_what_arrived_or_was_given_up_a_month_ago_is_forgotten(endpoint: WebhookEndpoint, ada: Address) -> None:
    happen(ada, 4)
    send(endpoint)
    old: datetime = timezone.now() - timedelta(days=31)
    arrived, given_up, waiting, _ = endpoint.deliveries.order_by("id").values_list("id", flat=True)
    rows = WebhookDelivery.objects
    rows.filter(pk=arrived).update(sent_at=old)
    rows.filter(pk=given_up).update(status=OutboxStatus.FAILED, sent_at=None, due_at=old)
    rows.filter(pk=waiting).update(status=OutboxStatus.QUEUED, sent_at=None, due_at=old)
    forget_answers()
    assert statuses(endpoint) == [OutboxStatus.QUEUED, OutboxStatus.SENT]


def test_switched_on_after_months_it_still_gets_the_line_that_was_given_up(
    endpoint: WebhookEndpoint, receiver: Receiver, ada: Address
) -> None:
    receiver.answers = [410, 200]
    happen(ada, 2)
    send(endpoint)
    endpoint.deliveries.update(due_at=timezone.now() - timedelta(days=100))
    forget_answers()
    webhooks.enable(endpoint, now=timezone.now())
    assert send(endpoint) == 2
    assert statuses(endpoint) == [OutboxStatus.SENT] * 2


def test_for_a_day_both_secrets_sign_then_only_the_new_one(
    endpoint: WebhookEndpoint, receiver: Receiver, ada: Address
) -> None:
    old = endpoint.secret
    webhooks.renew_secret(endpoint, now=timezone.now())
    happen(ada)
    send(endpoint)
    assert endpoint.secret != old
    for secret in (old, endpoint.secret):
        assert len(receiver.verified(secret)) == 1
    webhooks.renew_secret(endpoint, now=timezone.now() - webhooks.OVERLAP)
    happen(ada)
    send(endpoint)
    receiver.got = receiver.got[1:]
    assert len(receiver.verified(endpoint.secret)) == 1
    with pytest.raises(WebhookVerificationError):
        receiver.verified(old)
    forget_answers()
    endpoint.refresh_from_db()
    assert endpoint.previous_secret == ""


@pytest.mark.postgresql_only("SQLite lets one write at a time")
@pytest.mark.django_db(transaction=True)
class TestAtTheSameTime:
    def test_two_workers_send_every_line_once_and_in_order(
        self, endpoint: WebhookEndpoint, receiver: Receiver, ada: Address
    ) -> None:
        at_once, most, lock = 0, 0, threading.Lock()

        def answer(body: bytes) -> int:
            nonlocal at_once, most
            with lock:
                at_once += 1
                most = max(most, at_once)
            time.sleep(0.003)
            with lock:
                at_once -= 1
            return 200

        def work() -> int:
            try:
                taken = 0
                while not over.is_set() or WebhookDelivery.objects.filter(status=OutboxStatus.QUEUED).exists():
                    taken += webhooks.send(endpoint.pk, now=timezone.now())
                return taken
            finally:
                connection.close()

        receiver.answer, over = answer, threading.Event()
        with ThreadPoolExecutor(3) as pool:
            workers = [pool.submit(work) for _ in range(3)]
            try:
                for _ in range(60):
                    happen(ada)
            finally:
                over.set()
            taken = [one.result() for one in workers]
        taken.append(send(endpoint))
        heard = [json.loads(body)["data"]["id"] for _, body in receiver.got]
        assert heard == list(ConsentEvent.objects.order_by("id").values_list("id", flat=True))
        assert len(heard) == sum(taken) == 60
        assert most == 1

    def test_one_that_takes_its_time_keeps_no_other_waiting(
        self, endpoint: WebhookEndpoint, receiver: Receiver, ada: Address
    ) -> None:
        heard, other = threading.Event(), Receiver()

        def after_the_other(body: bytes) -> int:
            return 200 if heard.wait(PATIENCE) else 500

        def heard_of(body: bytes) -> int:
            heard.set()
            return 200

        receiver.answer, other.answer = after_the_other, heard_of
        with closing(other):
            webhooks.make("Another", other.url, [], now=timezone.now())
            happen(ada)
            send_webhooks()
        assert statuses(endpoint) == [OutboxStatus.SENT]

    def test_what_goes_wrong_with_one_is_said_and_stops_no_other(
        self, endpoint: WebhookEndpoint, receiver: Receiver, ada: Address
    ) -> None:
        wrong = webhooks.make("Wrong", receiver.url, [], now=timezone.now())
        WebhookEndpoint.objects.filter(pk=wrong.pk).update(position=10**9)
        happen(ada)
        with pytest.raises(feed.BeyondTheEnd):
            send_webhooks()
        assert statuses(endpoint) == [OutboxStatus.SENT]

    def test_a_line_that_commits_after_the_endpoint_was_made_is_sent(self, receiver: Receiver, ada: Address) -> None:
        other = AddressFactory.create()  # whoever writes about one person may be waited for
        with ThreadPoolExecutor(1) as pool:

            def elsewhere(act: Any) -> None:
                pool.submit(act).result()

            try:
                elsewhere(lambda: transaction.set_autocommit(False))
                elsewhere(lambda: happen(other))
                happen(ada)
                endpoint = webhooks.make("Late", receiver.url, [], now=timezone.now())
                elsewhere(transaction.commit)
            finally:
                elsewhere(lambda: connection.close())  # noqa: PLW0108 - that thread's connection, not this one's
        assert send(endpoint) == 2
