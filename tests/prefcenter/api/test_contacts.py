"""People handed over: who they are in the end, what it costs, and what it never starts."""

import random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import ADA, BOB, CLEO, AddressFactory, CategoryFactory
from tests.settings import ON_POSTGRESQL
from tests.unsubscribe.actions.test_bulk import needs_postgresql
from tests.unsubscribe.actions.test_concurrency import at_once
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.choices import Source
from unsubscribe.links import Target
from unsubscribe.models import Address, Category, Contact, Preference

from .conftest import Caller

pytestmark = pytest.mark.django_db
#: Django splits larger inserts on SQLite, which takes 999 values at a time.
SIZES = (20, 200) if ON_POSTGRESQL else (4, 30)
EVIDENCE = {"given_at": "2026-01-01T10:00:00+01:00", "wording": "Yes, send me the news.", "where": "Form at the till"}


def person(*addresses: str, **more: Any) -> dict[str, Any]:
    return {"addresses": [{"address": one} for one in addresses]} | more


def hand_over(caller: Caller, *people: dict[str, Any]) -> list[dict[str, Any]]:
    answer = caller.post("/contacts", {"contacts": people})
    assert answer.status_code == 200
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def verdicts(caller: Caller, slug: str, *addresses: str) -> list[str]:
    answer = caller.post("/audience", {"category": slug, "addresses": addresses})
    return [one["verdict"] for one in answer.json()["results"]]


def test_the_numbers_are_those_after_addresses_have_joined(caller: Caller) -> None:
    for _ in range(2):
        results = hand_over(caller, person(ADA, BOB), person(BOB, language="de"))
        assert {one["contact_id"] for one in results} == {Address.objects.get(value=ADA).contact_id}
        assert [one["problem"] for one in results] == [None, None]
    assert Address.objects.get(value=BOB).contact.language == "de"


def test_in_a_chain_each_number_is_that_of_the_first_address(caller: Caller) -> None:
    results = hand_over(caller, person(ADA, BOB), person(BOB, CLEO))
    owners = [Address.objects.get(value=text).contact_id for text in (ADA, BOB)]
    assert [one["contact_id"] for one in results] == owners
    assert results[0]["problem"]
    assert results[1]["problem"] is None
    for one in results:
        assert caller.get(f"/contacts/{one['contact_id']}/preferences").status_code == 200


def test_it_takes_as_many_queries_for_many_as_for_a_few(caller: Caller, news: Category) -> None:
    counts = []
    hand_over(caller, person(CLEO))  # what is read once
    for size in SIZES:
        readers = [AddressFactory.create() for _ in range(size)]
        actions.opt_out([Target(one.pk) for one in readers[::2]], Origin(Source.PAGE, timezone.now()))
        people = [
            person(one.value, f"also-{one.value}", f"x@y{size}-{n}.example", language="de")
            for n, one in enumerate(readers)
        ]
        people += [person(f"new{size}-{n}@example.com", f"new{size}-{n}@example.org") for n in range(size)]
        with CaptureQueriesContext(connection) as queries:
            assert not any(one["problem"] for one in hand_over(caller, *people))
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("is_known", [True, False])
def test_an_opt_in_is_not_handed_on_to_another_address_and_it_is_said(
    is_known: bool, caller: Caller, ada: Address
) -> None:
    partners = CategoryFactory.create(opt_in=True)
    actions.opt_in([Target(ada.pk, partners.pk)], Origin(Source.PAGE, timezone.now(), wording="Yes"))
    if is_known:
        AddressFactory.create(text=BOB)
    [one] = hand_over(caller, person(ADA, BOB))
    assert "opted in" in one["problem"]
    assert verdicts(caller, "partners", ADA, BOB) == ["send", "unsubscribed"]


class TestErased:
    @pytest.fixture(autouse=True)
    def _erased(self, ada: Address) -> None:
        actions.erase([ada.contact_id], Origin(Source.PAGE, timezone.now()))

    def test_they_learn_nothing_anew(self, caller: Caller, ada: Address) -> None:
        [one] = hand_over(caller, person(ADA, BOB, language="de"))
        assert one["contact_id"] == ada.contact_id
        assert "erased" in one["problem"]
        assert list(ada.contact.addresses.values_list("value", flat=True)) == [""]
        ada.contact.refresh_from_db()
        assert ada.contact.language == ""

    @pytest.mark.parametrize("is_subscribed", [True, False])
    def test_their_preferences_stay_as_they_are(
        self, is_subscribed: bool, caller: Caller, ada: Address, news: Category
    ) -> None:
        body = {"preferences": [{"category": "news", "is_subscribed": is_subscribed}], "evidence": EVIDENCE}
        answer = caller.patch(f"/contacts/{ada.contact_id}/preferences", body)
        assert answer.status_code == 409
        assert "erased" in answer.json()["detail"]
        assert not Preference.objects.exists()


@pytest.mark.parametrize(
    ("given", "kept"),
    [("de", "de"), ("de-DE", "de"), ("DE_at", "de"), (" fr ", "fr"), ("", ""), ("tlh", ""), ("what?", ""), ("-", "")],
)
def test_a_language_is_the_nearest_we_speak_and_an_unknown_one_is_reported(
    given: str, kept: str, caller: Caller, ada: Address
) -> None:
    [one] = hand_over(caller, person(ADA, language=given))
    ada.contact.refresh_from_db()
    assert ada.contact.language == kept
    assert (one["status"], one["contact_id"]) == ("known", ada.contact_id)
    assert ("language" in (one["problem"] or "")) == bool(given.strip() and not kept)


@needs_postgresql
@pytest.mark.parametrize("is_keyed", [True, False])
def test_who_is_the_first_address_for_one_and_a_further_one_for_the_other_is_waited_for_in_no_circle(
    is_keyed: bool, caller: Caller
) -> None:
    firsts, others = ([f"{name}{n}@example.com" for n in range(60)] for name in "pq")
    people = [person(*some) for some in zip(firsts, others, strict=True)]
    swapped = [person(*some) for some in zip(others, firsts, strict=True)]

    def act(number: int) -> None:
        headers = {"idempotency_key": str(number)} if is_keyed else {}
        answers.append(caller.post("/contacts", {"contacts": swapped if number % 2 else people}, **headers).status_code)

    answers: list[int] = []
    at_once(act)
    assert set(answers) == {200}
    assert {one.addresses.count() for one in Contact.objects.all()} == {2}


@needs_postgresql
def test_the_same_people_handed_over_in_any_order_wait_for_each_other_in_no_circle(caller: Caller) -> None:
    people = [person(f"p{n}@example.com", f"q{n}@example.com", language="de" if n % 2 else "fr") for n in range(40)]
    dice = random.Random(1)
    orders = [dice.sample(people, len(people)) for _ in range(8)]
    hand_over(caller, *[one | {"addresses": one["addresses"][:1]} for one in people[::2]])
    answers: list[dict[str, Any]] = []
    at_once(lambda number: answers.extend(hand_over(caller, *orders[number])))
    assert {one["problem"] for one in answers} == {None}
    assert {one.addresses.count() for one in Contact.objects.all()} == {2}
