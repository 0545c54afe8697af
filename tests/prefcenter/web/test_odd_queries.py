"""Odd values in the URL of a page or of the API: the page, a redirect or a refusal, and never an error."""

from urllib.parse import quote

import pytest
from django.test import Client

from prefcenter.models import ImportRun
from tests.prefcenter.admin.test_reading import something_of_everything  # noqa: F401 - a fixture
from tests.prefcenter.api.conftest import Caller
from tests.staff import member, signed_in
from unsubscribe.models import Address, Category

pytestmark = pytest.mark.django_db

ODD = [
    *("", "\x00", "a\x00b", "(", "-1", "9" * 19, "9" * 40, "٣", "²", "1e400", "0001-01-01", "9999-12-31", "2026-02-30"),
    *("2026-01-01T00:00:00Z", "\ud800", "🙈" * 50, "%00", "x" * 3000),
]
PAGES = {
    "/admin/": ["days", "first", "last", "category", "campaign", "channel", "hash", "since"],
    "/admin/opt-outs/": ["category", "reason", "channel", "source", "since", "until", "page", "hash"],
    "/admin/imports/": ["page", "state"],
    "/admin/people/": ["address", "page"],
    "/admin/people/CONTACT/": ["page", "p"],
    "/admin/people/CONTACT/proof/": ["address", "at"],
    "/admin/previews/CATEGORY/": ["lang", "kind"],
    "/admin/imports/RUN/": ["page"],
    "/admin/imports/RUN/lines/": ["page", "format"],
    "/admin/jsi18n/": ["lang"],
    "/admin/login/": ["next"],
    "/admin/prefcenter/feedbacktag/add/": ["name", "_to_field", "_popup", "_changelist_filters"],
    "/admin/unsubscribe/campaign/add/": ["category", "name"],
    "/admin/prefcenter/user/add/": ["groups", "email", "is_staff"],
    "/accounts/login/code/": ["next", "lang", "email"],
    "/preferences/": ["lang", "address", "email"],
}
API = {
    "/suppressions": ["channel", "reason", "since", "cursor", "limit"],
    "/events": ["cursor", "limit", "kind", "source", "wait"],
    "/categories": ["cursor", "limit"],
    "/campaigns": ["cursor", "limit", "category", "retired"],
    "/feedback": ["cursor", "limit", "since", "until", "category"],
    "/contacts/CONTACT/preferences": ["channel"],
}
PATHS = ["/contacts/{}/preferences", "/campaigns/{}", "/categories/{}", "/campaigns/{}/figures", "/suppressions/{}"]


@pytest.fixture
def filled(something_of_everything: None, settings: object) -> dict[str, str]:  # noqa: F811 - a fixture
    contact = Address.objects.latest("id").contact_id
    rows = {"CONTACT": contact, "CATEGORY": Category.objects.latest("id").pk, "RUN": ImportRun.objects.latest("id").pk}
    return {name: str(pk) for name, pk in rows.items()}


def encoded(value: str) -> str:
    return quote(value.encode("utf-8", "surrogatepass"), safe="")


def filled_in(path: str, rows: dict[str, str]) -> str:
    for name, pk in rows.items():
        path = path.replace(name, pk)
    return path


@pytest.mark.parametrize("path", PAGES)
def test_no_page_fails(path: str, filled: dict[str, str]) -> None:
    boss = signed_in(member(is_superuser=True))
    boss.raise_request_exception = False
    client = boss if path.startswith("/admin/") else Client(headers={"host": "mail.example.com"})
    client.raise_request_exception = False
    url = filled_in(path, filled)
    assert client.get(url, secure=True).status_code in {200, 302}
    asked = [dict.fromkeys(PAGES[path], value) for value in ODD]
    asked += [{name: value} for name in PAGES[path] for value in ("\x00", "9999-12-31")]
    assert [one for one in asked if client.get(f"{url}?{query(one)}", secure=True).status_code >= 500] == []


def query(asked: dict[str, str]) -> str:
    return "&".join(f"{name}={encoded(value)}" for name, value in asked.items())


@pytest.mark.parametrize("path", API)
def test_no_list_of_the_api_fails(path: str, filled: dict[str, str]) -> None:
    caller = Caller()
    caller.client.raise_request_exception = False
    url = filled_in(path, filled)
    assert caller.get(url).status_code < 500
    asked = [(name, value) for name in API[path] for value in ODD]
    odd = {one: s for one in asked if (s := caller.get(f"{url}?{one[0]}={encoded(one[1])}").status_code) >= 500}
    assert odd == {}


@pytest.mark.parametrize("path", PATHS)
def test_no_path_of_the_api_fails(path: str, filled: dict[str, str]) -> None:
    caller = Caller()
    caller.client.raise_request_exception = False
    odd = {value: s for value in ODD if (s := caller.get(path.format(encoded(value))).status_code) >= 500}
    assert odd == {}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/suppressions/search", {"addresses": ["ODD"], "channel": "email"}),
        ("/suppressions/search", {"addresses": ["ODD"], "channel": "push"}),
        ("/suppressions", {"suppressions": [{"address": "ODD", "reason": "complaint"}]}),
        ("/suppressions", {"suppressions": [{"address": "a@example.com", "reason": "complaint"}], "note": "ODD"}),
        ("/suppressions", {"suppressions": [{"address": "a@example.com", "reason": "complaint", "said_at": "ODD"}]}),
        ("/suppressions", {"suppressions": [{"address": "a@example.com", "reason": "complaint", "category": "ODD"}]}),
        ("/contacts", {"contacts": [{"addresses": [{"address": "ODD"}], "language": "ODD"}]}),
        ("/contacts/lookup", {"addresses": ["ODD"]}),
        ("/audience", {"category": "ODD", "addresses": ["a@example.com"], "campaign": "ODD"}),
        ("/audience", {"category": "news", "addresses": ["ODD"], "campaign": "ODD", "record": True}),
    ],
)
def test_no_body_of_the_api_fails(path: str, body: dict[str, object], filled: dict[str, str]) -> None:
    caller = Caller()
    caller.client.raise_request_exception = False
    odd = {}
    for value in ODD:
        status = caller.post(path, put(body, value), Idempotency_Key="".join(filter(str.isalnum, value))[:9] or "k")
        if status.status_code >= 500:
            odd[value] = status.status_code
    assert odd == {}


def put(body: object, value: str) -> object:
    if isinstance(body, dict):
        return {name: put(one, value) for name, one in body.items()}
    if isinstance(body, list):
        return [put(one, value) for one in body]
    return value if body == "ODD" else body
