"""A write that comes again under the same Idempotency-Key is answered as before, and done once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from prefcenter.accounts import api_keys
from prefcenter.models import IdempotentAnswer
from tests.factories import ADA, BOB
from tests.unsubscribe.actions.test_bulk import needs_postgresql
from tests.unsubscribe.actions.test_concurrency import at_once
from unsubscribe import actions
from unsubscribe.addresses import normalise
from unsubscribe.models import Address, Category, ConsentEvent

from .conftest import Caller

pytestmark = pytest.mark.django_db

BODY = {"suppressions": [{"address": ADA}]}


def test_the_second_request_gets_the_answer_of_the_first(caller: Caller) -> None:
    first = caller.post("/suppressions", BODY, idempotency_key="a")
    again = caller.post("/suppressions", BODY, idempotency_key="a")
    assert first.json() == again.json() == {"new": 1, "already": 0, "overtaken": 0, "invalid": []}
    assert (first.get("Idempotent-Replayed"), again.get("Idempotent-Replayed")) == (None, "true")
    assert ConsentEvent.objects.count() == 1


def test_with_another_body_it_is_refused(caller: Caller) -> None:
    caller.post("/suppressions", BODY, idempotency_key="a")
    answer = caller.post("/suppressions", {"suppressions": [{"address": BOB}]}, idempotency_key="a")
    assert answer.status_code == 422
    assert "a different request" in answer.json()["detail"]
    assert ConsentEvent.objects.count() == 1


def test_another_caller_may_use_the_same_key(caller: Caller) -> None:
    caller.post("/suppressions", BODY, idempotency_key="a")
    answer = Caller().post("/suppressions", {"suppressions": [{"address": BOB}]}, idempotency_key="a")
    assert answer.json()["new"] == 1


def test_a_refused_write_leaves_nothing_behind_and_may_be_tried_again(
    caller: Caller, ada: Address, news: Category
) -> None:
    path = f"/contacts/{ada.contact_id}/preferences"
    caller.patch(path, {"preferences": [{"category": "news", "is_subscribed": False}]})
    evidence = {"given_at": "2026-01-01T00:00:00Z", "wording": "Yes, please", "where": "Shop"}
    body = {"preferences": [{"category": "news", "is_subscribed": True}], "evidence": evidence}
    for _ in range(2):
        assert caller.patch(path, body, idempotency_key="b").status_code == 409
    assert not IdempotentAnswer.objects.exists()


def test_an_audience_is_asked_anew_because_somebody_may_have_left_since(
    caller: Caller, ada: Address, news: Category
) -> None:
    body = {"category": "news", "campaign": "June", "addresses": [ADA], "record": True}
    first = caller.post("/audience", body, idempotency_key="c").json()
    caller.post("/suppressions", BODY)
    again = caller.post("/audience", body, idempotency_key="c").json()
    assert [one["results"][0]["verdict"] for one in (first, again)] == ["send", "suppressed"]
    assert caller.post("/audience", body | {"record": False}, idempotency_key="c").status_code == 422
    assert news.sent_counts.get().count == 1


def test_answers_hold_no_address_and_are_forgotten_after_a_day(caller: Caller) -> None:
    caller.post("/contacts", {"contacts": [{"addresses": [{"address": ADA}]}]}, idempotency_key="d")
    row = IdempotentAnswer.objects.get()
    assert ADA not in str(row.body)
    api_keys.forget_answers(now=timezone.now())
    assert IdempotentAnswer.objects.exists()
    api_keys.forget_answers(now=timezone.now() + timedelta(hours=25))
    assert not IdempotentAnswer.objects.exists()


def test_a_key_nobody_means_is_refused(caller: Caller) -> None:
    assert caller.post("/suppressions", BODY, idempotency_key="x" * 256).status_code == 422


def test_a_refused_audience_does_not_use_up_the_key(caller: Caller, news: Category) -> None:
    wrong, right = ({"category": slug, "addresses": [ADA]} for slug in ("nwes", "news"))
    assert caller.post("/audience", wrong, idempotency_key="e").status_code == 422
    assert caller.post("/audience", right, idempotency_key="e").status_code == 200


def test_a_failure_at_the_second_kind_leaves_nothing_of_the_first(caller: Caller, monkeypatch: Any) -> None:
    """The database goes away in the middle."""

    def take(*arguments: Any, **options: Any) -> actions.ImportedCounts:
        if options["reason"] == "hard_bounce":
            raise OperationalError
        return taken(*arguments, **options)

    taken = actions.import_opt_outs
    monkeypatch.setattr(actions, "import_opt_outs", take)
    both = [{"address": ADA, "reason": "complaint"}, {"address": BOB, "reason": "hard_bounce"}]
    answer = caller.post("/suppressions", {"suppressions": both})
    assert answer.status_code == 503
    assert "Nothing was changed" in answer.json()["detail"]
    assert not ConsentEvent.objects.exists()


@needs_postgresql
@pytest.mark.parametrize("is_keyed", [True, False])
@pytest.mark.parametrize("are_known", [True, False])
def test_calls_with_many_reasons_for_the_same_people_wait_for_each_other_in_no_circle(
    is_keyed: bool, are_known: bool, caller: Caller
) -> None:
    people = [f"reader{n}@example.com" for n in range(600)]
    if are_known:
        actions.learn_many([normalise(one) for one in people], now=timezone.now())
    reasons = ["complaint", "hard_bounce", "manual", "unsubscribed_all"]

    def act(number: int) -> None:
        items = [{"address": one, "reason": reasons[(n + number) % 4]} for n, one in enumerate(people)]
        headers = {"idempotency_key": str(number)} if is_keyed else {}
        answers.append(caller.post("/suppressions", {"suppressions": items}, **headers))

    answers: list[Any] = []
    at_once(act)
    assert [one.status_code for one in answers] == [200] * 8
    assert sum(one.json()["new"] for one in answers) == ConsentEvent.objects.count() == 4 * 600


@pytest.mark.postgresql_only("SQLite in memory lets nobody wait")
@pytest.mark.django_db(transaction=True)
def test_two_at_once_are_one(caller: Caller) -> None:
    def post(_: int) -> Any:
        try:
            return caller.post("/suppressions", BODY, idempotency_key="f").json()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(post, range(4)))
    assert answers == [answers[0]] * 4
    assert answers[0]["new"] == 1
    assert ConsentEvent.objects.count() == 1
