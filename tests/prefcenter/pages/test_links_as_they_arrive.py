"""Every kind of link through the real URLs, with what its way has made of it (docs/decisions/token-format.md)."""

import re
from typing import Any
from urllib.parse import quote, unquote

import pytest
from django.test import Client, override_settings
from django.utils import timezone

from tests.factories import CampaignFactory
from tests.old_links import old_token
from unsubscribe import links
from unsubscribe.links import LinkPurpose, Target
from unsubscribe.models import Address, Category, ConsentEvent

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]

KINDS = [*LinkPurpose]
GLUED_ON = [
    *(".", ",", ")", "]", ">", ";", '"', "'", "%20", "%0D%0A", "%E2%80%8B", "%C2%A0", "%A0", "%00", "=", "=3D", "*"),
    *(
        "&utm_source=x",
        "?utm_source=x",
        "/",
        "//",
        "/?x",
        "/foo",
        "/foo/data",
        "%2520",
        "%E2%80%A6",
        "%EF%BC%8E",
        "%2F",
    ),
]
SHAPES = ["/{kind}/{token}", "//{kind}/{token}", "/{KIND}/{token}", "/{kind}//{token}", "/{kind}/%20{token}%20"]
SHAPES += ["/{kind}/%3C{token}%3E", "/{kind}/%E2%80%8B{token}", "/{kind}/=3D{token}", "///{KIND}//{token}.//"]
#: Broken before the token: as it stands, as browsers leave it, and where somebody marked a place to break it.
BROKEN_BEFORE = [
    "/=%0D%0A{kind}/{token}",
    "/%0A{kind}/{token}",
    "/={kind}/{token}",
    "/%E2%80%8B{kind}/%E2%80%8B{token}",
]
BROKEN_BEFORE += ["/{kind}=%0D%0A/{token}", "/{KIND}=/{token}", "/{kind}%20/{token}", "//{kind}%C2%AD//{token}."]
SHAPES += BROKEN_BEFORE


def target(ada: Address, news: Category) -> Target:
    return Target(ada.pk, news.pk, CampaignFactory.create(category=news).pk)


@pytest.fixture(params=[links.sign, old_token], ids=["new", "old"])
def tokens(request: pytest.FixtureRequest, ada: Address, news: Category) -> dict[LinkPurpose, str]:
    about, today = target(ada, news), timezone.localdate()
    return {kind: request.param(about, purpose=kind, today=today) for kind in KINDS}


def ask(client: Client, method: str, url: str, data: dict[str, str] | None = None, **options: Any) -> Any:
    """By its path as it stands: Django's client takes what follows two slashes for a host."""
    path = {"PATH_INFO": unquote(url, encoding="latin-1")} if url.startswith("//") else {}
    return getattr(client, method)("/" + url.lstrip("/"), data, **{"secure": True} | options, **path)


def page(client: Client, url: str) -> tuple[int, str]:
    answer = ask(client, "get", url)
    assert not answer.cookies
    # What a receipt or the URL of a link says differs from one look to the next.
    return answer.status_code, re.sub(r'(?<=")[^"]*/[pf]/[A-Z2-7]{40}[^"]*', "", answer.content.decode())


@pytest.mark.parametrize("kind", KINDS)
def test_a_look_shows_the_same_page_whatever_is_glued_on(
    kind: LinkPurpose, tokens: dict[LinkPurpose, str], browser_client: Client
) -> None:
    clean = page(browser_client, f"/{kind}/{tokens[kind]}")
    assert clean[0] == 200
    for more in GLUED_ON:
        assert page(browser_client, f"/{kind}/{tokens[kind]}{more}") == clean, more
    for shape in SHAPES:
        url = shape.format(kind=kind, KIND=kind.upper(), token=tokens[kind])
        assert page(browser_client, url) == clean, shape


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["get", "post", "head"])
def test_a_letter_or_digit_too_many_or_too_few_is_refused_alike(
    kind: LinkPurpose, method: str, tokens: dict[LinkPurpose, str], browser_client: Client
) -> None:
    reference = getattr(browser_client, method)(f"/{kind}/nonsense", secure=True)
    token = tokens[kind].rstrip("-_")
    others = [tokens[other] for other in KINDS if other != kind]
    for one in (f"{token}{'a' * (41 - len(token))}", token[:37], token[1:], f"7{token}", "", ".", "data", *others):
        answer = getattr(browser_client, method)(f"/{kind}/{one}", secure=True)
        assert (answer.status_code, answer.content) == (404, reference.content), one
    assert not ConsentEvent.objects.exists()


@pytest.mark.parametrize(
    "shape",
    [
        *("/u/{}.", "//u/{}", "/U/{}", "/u/{}/foo", "/u/%20{}%0D%0A", "/u/{}=", "/u/{}&x=1"),
        *(shape.format(kind="u", KIND="U", token="{}") for shape in BROKEN_BEFORE),
    ],
)
@pytest.mark.parametrize("scheme", [True, False], ids=["https", "http"])
@pytest.mark.parametrize("host", ["mail.example.com", "old-name.example.net"])
def test_a_one_click_acts_and_is_not_redirected(
    shape: str, scheme: bool, host: str, tokens: dict[LinkPurpose, str], browser_client: Client
) -> None:
    url = shape.format(tokens[LinkPurpose.UNSUBSCRIBE])
    data = {"List-Unsubscribe": "One-Click"}
    answer = ask(browser_client, "post", url, data, secure=scheme, headers={"host": host})
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert not answer.cookies
    assert ConsentEvent.objects.count() == 1


@pytest.mark.parametrize("kind", [LinkPurpose.PREFERENCES, LinkPurpose.FRESH])
@pytest.mark.parametrize(
    "tail", ["/data", "/data/", "/DATA", "/data.", "/data%20", "//data", "./data", "%20/data)", "/data?x"]
)
def test_what_is_kept_stays_below_the_token(
    kind: LinkPurpose, tail: str, tokens: dict[LinkPurpose, str], browser_client: Client
) -> None:
    shown = page(browser_client, f"/{kind}/{tokens[kind]}{tail}")
    assert shown == page(browser_client, f"/{kind}/{tokens[kind]}/data")
    assert shown != page(browser_client, f"/{kind}/{tokens[kind]}")
    assert page(browser_client, f"/{kind}/{tokens[kind]}/database") == page(browser_client, f"/{kind}/{tokens[kind]}")


@pytest.mark.parametrize("kind", [LinkPurpose.UNSUBSCRIBE, LinkPurpose.PREFERENCES, LinkPurpose.FRESH])
@pytest.mark.parametrize("tail", ["", ".", "/foo", "%20%E2%80%8B"])
def test_the_page_leads_on_by_clean_links_of_today(
    kind: LinkPurpose, tail: str, tokens: dict[LinkPurpose, str], browser_client: Client, ada: Address, news: Category
) -> None:
    for url in (f"/{kind}/{tokens[kind]}{tail}", f"//{kind.upper()}/{tokens[kind]}{tail}"):
        for answer in (
            ask(browser_client, "get", url),
            ask(browser_client, "post", url, {"do": "everything"}),
        ):
            led = re.findall(r'href="([^"]*/[pfPF]/[^"]*)"', answer.content.decode())
            assert led
            for one in led:
                assert re.fullmatch(r"https://mail\.example\.com/[pf]/[A-Z2-7]{40}(/data)?", one)
                assert browser_client.get(one.removeprefix("https://mail.example.com"), secure=True).status_code == 200


def test_a_link_broken_by_a_soft_line_break_is_whole_again(
    tokens: dict[LinkPurpose, str], browser_client: Client
) -> None:
    token = tokens[LinkPurpose.UNSUBSCRIBE]
    clean = page(browser_client, f"/u/{token}")
    for between in ("=\r\n", "=\n", "\r\n", "\n", "=0D=0A", "=3D\r\n", "\u200b", "\ufeff", "\u00ad"):
        for at in (1, 20, 39):
            assert page(browser_client, f"/u/{token[:at]}{quote(between)}{token[at:]}") == clean
            assert page(browser_client, f"/u/{token[:at]}{quote(quote(between))}{token[at:]}") == clean
            # As browsers and Python's urlsplit do, the client takes line breaks out of a URL and leaves the "=".
            assert page(browser_client, f"/u/{token[:at]}{between}{token[at:]}") == clean


def test_another_letter_case_is_the_same_link(browser_client: Client, ada: Address, news: Category) -> None:
    token = links.sign(target(ada, news), today=timezone.localdate())
    clean = page(browser_client, f"/u/{token}")
    assert page(browser_client, f"/U/{token.lower()}") == page(browser_client, f"/u/{token.swapcase()}.") == clean
    assert browser_client.post(f"/U/{token.lower()}", secure=True).status_code == 200
    assert ConsentEvent.objects.count() == 1


@pytest.mark.parametrize(
    "path", ["/preferences/", "/perhaps", "/ubuntu", "/start", "/u-turn", "/p.html", "/xu/{}", "/u={}", "/=", "/.u/{}"]
)
def test_other_paths_are_no_links(path: str, tokens: dict[LinkPurpose, str], browser_client: Client) -> None:
    answer = browser_client.get(path.format(tokens[LinkPurpose.UNSUBSCRIBE]), secure=True)
    assert b"Unsubscribe from" not in answer.content
    assert answer.status_code == (200 if path == "/preferences/" else 404)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cookie", ["sessionid=of-yesterday", "csrftoken=y", "messages=x; sessionid=y; csrftoken=z"])
def test_no_link_answers_with_a_cookie_whatever_cookies_come_along(
    kind: LinkPurpose, cookie: str, tokens: dict[LinkPurpose, str], browser_client: Client
) -> None:
    """A stale session would be taken away, and an odd CSRF token renewed, by an answer that needs neither (law 5)."""
    for url in (f"/{kind}/{tokens[kind]}", f"//{kind.upper()}/{tokens[kind]}.", f"/{kind}/nonsense", "/s/nonsense"):
        for method in ("get", "head", "post"):
            answer = ask(browser_client, method, url, HTTP_COOKIE=cookie)
            assert not answer.cookies, (method, url)


@pytest.mark.parametrize("kind", KINDS)
def test_no_link_is_redirected_from_http(
    kind: LinkPurpose, tokens: dict[LinkPurpose, str], browser_client: Client
) -> None:
    with override_settings(SECURE_SSL_REDIRECT=True):
        for shape in ["/{kind}/{token}", *BROKEN_BEFORE]:
            url = shape.format(kind=kind, KIND=kind.upper(), token=tokens[kind])
            assert ask(browser_client, "get", url, secure=False).status_code == 200
