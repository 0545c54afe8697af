"""What holds at every endpoint: who gets in, and how it says no."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from prefcenter.accounts import api_keys
from prefcenter.accounts.api_keys import Scope
from prefcenter.api.site import api
from prefcenter.models import ApiKey
from tests.factories import ADA
from tests.prefcenter.test_settings import check
from tests.processor import work
from unsubscribe.models import Address, Category, ConsentEvent

from .conftest import Caller

pytestmark = pytest.mark.django_db

ENDPOINTS: list[tuple[str, str, Scope, Any]] = [
    ("POST", "/audience", Scope.AUDIENCE, {"category": "news", "addresses": [ADA]}),
    ("POST", "/contacts", Scope.CONTACTS_WRITE, {"contacts": [{"addresses": [{"address": ADA}]}]}),
    ("POST", "/contacts/lookup", Scope.CONTACTS_READ, {"addresses": [ADA]}),
    ("GET", "/contacts/{id}/preferences", Scope.CONTACTS_READ, None),
    (
        "PATCH",
        "/contacts/{id}/preferences",
        Scope.CONTACTS_WRITE,
        {"preferences": [{"category": "news", "is_subscribed": False}]},
    ),
    ("POST", "/suppressions", Scope.SUPPRESSIONS_WRITE, {"suppressions": [{"address": ADA}]}),
    ("GET", "/suppressions", Scope.SUPPRESSIONS_READ, None),
    ("POST", "/suppressions/search", Scope.SUPPRESSIONS_READ, {"addresses": [ADA]}),
    ("POST", "/suppressions/lift", Scope.SUPPRESSIONS_WRITE, {"address": ADA, "reason": "hard_bounce", "note": "Back"}),
    ("POST", "/domains", Scope.DOMAINS_WRITE, {"domains": [{"domain": "corp.example"}]}),
    ("GET", "/domains", Scope.DOMAINS_READ, None),
    ("POST", "/domains/lift", Scope.DOMAINS_WRITE, {"domain": "corp.example", "note": "Back"}),
    ("GET", "/events", Scope.EVENTS_READ, None),
    ("GET", "/categories", Scope.CATALOGUE_READ, None),
    ("GET", "/campaigns", Scope.CATALOGUE_READ, None),
    ("GET", "/campaigns/{campaign}/stats", Scope.CATALOGUE_READ, None),
    ("GET", "/feedback", Scope.FEEDBACK_READ, None),
]
each = pytest.mark.parametrize(
    ("method", "path", "scope", "body"), ENDPOINTS, ids=[f"{method} {path}" for method, path, _, _ in ENDPOINTS]
)


@pytest.fixture
def place(ada: Address, news: Category) -> dict[str, int]:
    campaign = news.campaigns.create(name="June", created_at=timezone.now())
    return {"id": ada.contact_id, "campaign": campaign.pk}


def is_problem(answer: Any, status: int) -> bool:
    body = answer.json()
    assert answer["Content-Type"] == "application/problem+json"
    assert (answer.status_code, body["status"]) == (status, status), body
    assert body["detail"].endswith((".", "”.")), "a sentence"
    return True


@each
def test_the_one_scope_it_needs_opens_it(
    method: str, path: str, scope: Scope, body: Any, place: dict[str, int]
) -> None:
    answer = Caller(scope).ask(method, path.format(**place), body)
    assert answer.status_code == 200, answer.content


@each
def test_all_other_scopes_together_do_not(
    method: str, path: str, scope: Scope, body: Any, place: dict[str, int]
) -> None:
    answer = Caller(*sorted(set(Scope) - {scope})).ask(method, path.format(**place), body)
    assert is_problem(answer, 403)
    assert scope in answer.json()["detail"]
    assert not ConsentEvent.objects.exists()


@each
def test_nobody_gets_in_without_a_key(method: str, path: str, scope: Scope, body: Any, place: dict[str, int]) -> None:
    stranger = Caller(scope)
    for key in ("", "nonsense", stranger.key[:-1]):
        stranger.key = key
        answer = stranger.ask(method, path.format(**place), body)
        assert is_problem(answer, 401)
        assert answer["WWW-Authenticate"] == "Bearer"
    assert not ConsentEvent.objects.exists()


def test_every_endpoint_is_in_this_list() -> None:
    documented = {
        (
            method.upper(),
            path.removeprefix("/api/v1").replace("{contact_id}", "{id}").replace("{campaign_id}", "{campaign}"),
        )
        for path, methods in api.get_openapi_schema()["paths"].items()
        for method in methods
    }
    assert documented == {(method, path) for method, path, _, _ in ENDPOINTS}


def test_a_key_in_the_url_is_refused_even_if_it_is_valid(caller: Caller) -> None:
    key = caller.key
    for query in (f"key={key}", "api_key=x", "token=x", "Access_Token=x", f"k={key}", f"limit=1&bearer={key}", key):
        answer = caller.get(f"/categories?{query}")
        assert is_problem(answer, 401)
        assert caller.key not in answer.content.decode()


def test_an_expired_key_and_a_revoked_one_open_nothing(caller: Caller) -> None:
    now = timezone.now()
    old, key = api_keys.make("Old", list(Scope), now=now, expires_at=now - timedelta(seconds=1))
    assert old.pk
    assert caller.get("/categories").status_code == 200
    api_keys.revoke(caller.row, now=now)
    assert is_problem(caller.get("/categories"), 401)
    caller.key = key
    assert is_problem(caller.get("/categories"), 401)


def test_of_the_key_only_a_hash_is_kept_and_its_use_is_noted(caller: Caller) -> None:
    caller.row.refresh_from_db()
    kept = " ".join(map(str, vars(caller.row).values()))
    assert caller.key not in kept
    assert caller.row.last_used_at is None
    caller.get("/categories")
    caller.row.refresh_from_db()
    assert caller.row.last_used_at


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param("{", 400, id="half"),
        pytest.param(b"\xff\xfe", 400, id="no UTF-8"),
        pytest.param("[]", 422, id="a list"),
        pytest.param("null", 422, id="null"),
        pytest.param({"category": "news"}, 422, id="no addresses"),
        pytest.param({"category": "news", "addresses": "x"}, 422, id="a text for a list"),
        pytest.param({"category": "news", "addresses": [1]}, 422, id="a number for a text"),
        pytest.param({"category": "nowhere", "addresses": []}, 422, id="unknown category"),
        pytest.param({"category": "news", "channel": "pigeon", "addresses": []}, 422, id="unknown channel"),
        pytest.param({"category": "news", "campaign": "a\u0000b", "addresses": []}, 422, id="NUL"),
        pytest.param({"category": "news", "addresses": [], "record": True}, 422, id="recorded without a name"),
        pytest.param({"category": "news", "addresses": ["x"] * 50_001}, 422, id="50,001 addresses"),
    ],
)
def test_a_body_that_is_wrong_is_a_problem_and_never_a_500(
    body: Any, status: int, caller: Caller, news: Category
) -> None:
    assert is_problem(caller.post("/audience", body), status)


def test_a_refusal_quotes_no_address(caller: Caller, news: Category) -> None:
    for wrong in (
        {"addresses": [[ADA]], "channel": ADA},
        {"addresses": [], ADA: 1},
        {"addresses": [], "include": {ADA: 1}},
        {"addresses": [], "category": ADA},
    ):
        answer = caller.post("/audience", {"category": "news"} | wrong)
        assert is_problem(answer, 422)
        assert ADA not in answer.content.decode()


def test_a_refusal_names_the_place_in_the_words_of_the_document(caller: Caller) -> None:
    item = {"address": ADA, ADA: 1, "said_at": "yesterday"}
    errors = caller.post("/suppressions", {"suppressions": [item], "mroe": 1}).json()["errors"]
    assert [one["at"] for one in errors] == ["suppressions.0.said_at", "suppressions.0", "body"]
    assert caller.get("/suppressions?limit=x").json()["errors"][0]["at"] == "limit"


@pytest.mark.parametrize(
    ("path", "body", "detail"),
    [
        ("/audience", {"links": True}, "Unknown field “links”. Did you mean include.links?"),
        ("/audience", {"adresses": []}, "Unknown field “adresses”. Did you mean addresses?"),
        ("/audience", {"include": {"link": True}}, "Unknown field “link”. Did you mean include.links?"),
        ("/audience", {"include": {"x": 1}}, "Unknown field. Known fields here: links, headers."),
        (
            "/suppressions",
            {"suppressions": [{"adress": ADA}]},
            "Unknown field “adress”. Did you mean suppressions.address?",
        ),
        ("/suppressions", {"links": True}, "Unknown field. Known fields here: suppressions, note."),
    ],
)
def test_a_field_that_is_unknown_is_answered_with_the_one_that_was_meant(
    path: str, body: Any, detail: str, caller: Caller
) -> None:
    assert detail in [one["detail"] for one in caller.post(path, body).json()["errors"]]


def test_a_body_over_the_limit_is_refused(caller: Caller, settings: Any) -> None:
    settings.API_LARGEST_BODY = 1000
    assert is_problem(caller.post("/audience", "x" * 1001), 413)


def test_what_is_not_there_and_what_cannot_be_done_is_said_in_the_same_shape(caller: Caller) -> None:
    assert is_problem(caller.get("/nowhere"), 404)
    assert is_problem(caller.get("/contacts/99/preferences"), 404)
    assert is_problem(caller.get(f"/contacts/{10**30}/preferences"), 404)
    assert is_problem(caller.get(f"/campaigns/{10**30}/stats"), 404)
    for path in ("/api", "/api/", "/api/v1", "/api/v1/", "/api/v1/docs/", "/api/v2/audience"):
        for method in ("GET", "POST"):
            assert is_problem(caller.client.generic(method, path, secure=True), 404)
    answer = caller.ask("DELETE", "/suppressions")
    assert is_problem(answer, 405)
    assert "POST" in answer["Allow"]


def test_too_many_calls_of_one_key_are_told_when_to_come_again(caller: Caller, settings: Any) -> None:
    settings.API_RATE = "2/h"
    ApiKey.objects.update(period_at=timezone.now() - timedelta(hours=2), calls=2)
    assert [caller.get("/categories").status_code for _ in range(2)] == [200, 200], "a new hour"
    ApiKey.objects.update(calls=2)
    answer = caller.get("/categories")
    assert is_problem(answer, 429)
    assert 0 < int(answer["Retry-After"]) <= 3600
    assert Caller().get("/categories").status_code == 200, "another key is another caller"


@pytest.mark.parametrize("rate", ["600", "600/min", "10/d", "0/m"])
def test_a_rate_that_cannot_be_read_stops_the_start_and_names_what_can(rate: str, tmp_path: Path) -> None:
    done = check(tmp_path, DEBUG="true", API_RATE=rate)
    assert done.returncode != 0
    last_line = done.stderr.strip().splitlines()[-1]
    assert rate in last_line
    assert "10/s, 600/m, 5000/h" in last_line


def test_plain_http_is_refused_and_not_redirected(caller: Caller, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    headers = {"authorization": f"Bearer {caller.key}"}
    answer = caller.client.post("/api/v1/suppressions", "{}", "application/json", headers=headers)
    assert is_problem(answer, 403)
    assert "revoke" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("header", "status"), [({"transfer_encoding": "chunked"}, 411), ({"content_encoding": "gzip"}, 415)], ids=str
)
def test_a_body_that_would_be_read_as_empty_is_refused(header: dict[str, str], status: int, caller: Caller) -> None:
    assert is_problem(caller.post("/suppressions", {"suppressions": []}, **header), status)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/audience", {"category": "news", "addresses": [], "recrod": True}),
        ("/audience", {"category": "news", "addresses": [], "record": "off"}),
        ("/suppressions", {"suppressions": [{"address": ADA, "resaon": "hard_bounce"}]}),
        ("/contacts", {"contacts": [{"addresses": [{"adress": ADA}]}]}),
        ("/suppressions?chanel=sms", {"suppressions": [{"address": ADA}]}),
    ],
    ids=["record", "a word for yes", "reason", "address", "URL"],
)
def test_a_mistyped_field_does_not_pass_for_a_wish_that_was_taken(
    path: str, body: Any, caller: Caller, news: Category
) -> None:
    assert is_problem(caller.post(path, body), 422)
    assert not ConsentEvent.objects.exists()


@each
def test_a_mistyped_filter_does_not_pass_for_the_whole_list(
    method: str, path: str, scope: Scope, body: Any, place: dict[str, int]
) -> None:
    answer = Caller(scope).ask(method, f"{path.format(**place)}?chanel={ADA}&{ADA}=1", body)
    assert is_problem(answer, 422)
    assert ADA not in answer.content.decode()
    assert not ConsentEvent.objects.exists()


@pytest.mark.parametrize(
    "moment",
    [
        "0001-01-01T00:00:00+14:00",
        "0001-01-01T00:00:00Z",
        "1969-12-31T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
        "9999-12-31T23:59:59Z",
        "2999-01-01T00:00:00Z",
    ],
)
def test_a_moment_that_has_not_been_is_refused_everywhere(
    moment: str, caller: Caller, ada: Address, news: Category
) -> None:
    assert is_problem(caller.post("/suppressions", {"suppressions": [{"address": ADA, "said_at": moment}]}), 422)
    evidence = {"given_at": moment, "wording": "Yes, please", "where": "Shop"}
    body = {"preferences": [{"category": "news", "is_subscribed": True}], "evidence": evidence}
    assert is_problem(caller.patch(f"/contacts/{ada.contact_id}/preferences", body), 422)
    assert not ConsentEvent.objects.exists()


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_the_calendar_are_days_like_others(day: str, caller: Caller) -> None:
    assert caller.get(f"/suppressions?since={day}").status_code == 200


def test_a_clock_that_is_a_little_ahead_is_no_future(caller: Caller) -> None:
    said_at = (timezone.now() + timedelta(seconds=30)).isoformat()
    assert caller.post("/suppressions", {"suppressions": [{"address": ADA, "said_at": said_at}]}).status_code == 200


def test_a_change_that_changes_nothing_is_refused(caller: Caller, ada: Address, news: Category) -> None:
    path = f"/contacts/{ada.contact_id}/preferences"
    for change in ({"category": "news"}, {"category": "news", "subscribed": False}):
        assert is_problem(caller.patch(path, {"preferences": [change]}), 422)


def test_a_long_list_of_nonsense_costs_little(caller: Caller) -> None:
    nonsense = {"suppressions": [1] * 49_999}
    assert work(lambda: is_problem(caller.post("/suppressions", nonsense), 422)) < 20


def test_the_document_and_its_page_are_open_and_fetch_nothing_from_elsewhere() -> None:
    client = Client(headers={"host": "mail.example.com"})
    document = client.get("/api/v1/openapi.json", secure=True).json()
    assert document["openapi"].startswith("3.1")
    page = client.get("/api/v1/docs", secure=True).content.decode()
    assert "http://" not in page
    assert "https://" not in page
    assert "style=" not in page


def test_what_the_document_says_of_a_list_of_words_is_for_its_readers() -> None:
    """The docstring of an enum is its description there: no name of a module, and no word of the code alone."""
    schemas = api.get_openapi_schema()["components"]["schemas"]
    said = {name: one["description"] for name, one in schemas.items() if "enum" in one and "description" in one}
    assert {"Channel", "Frequency", "Source"} <= set(said)
    assert [name for name, text in said.items() if re.search(r"\bdoor|\bsomebody\b|the gate|`pace`|\w\.\w", text)] == []
