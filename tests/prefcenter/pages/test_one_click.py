"""The one-click endpoint through the real URLs and middleware, in production's settings: requirements E1 to E13."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from kombu import Connection

from tests import commands
from tests.factories import CampaignFactory, CategoryFactory
from unsubscribe import actions, gate, links, tasks
from unsubscribe.actions import Origin
from unsubscribe.choices import Outcome, Source
from unsubscribe.links import LinkPurpose, Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category, ConsentEvent, OutboxMessage, Preference, Suppression

pytestmark = pytest.mark.django_db

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
URLENCODED = "application/x-www-form-urlencoded"


@pytest.fixture
def provider() -> Client:
    """Gmail, Yahoo or Apple: no cookie, no CSRF token, no Origin, over https."""
    return Client(enforce_csrf_checks=True, headers={"host": "mail.example.com"})


@pytest.fixture
def url(ada: Address, news: Category) -> str:
    campaign = CampaignFactory.create(category=news)
    token = links.sign(Target(ada.pk, news.pk, campaign.pk), today=timezone.localdate())
    return f"/u/{token}"


def is_out(address: Address, category: Category) -> bool:
    return gate.check([address.value], Mailing(category), now=timezone.now())[0].outcome != Outcome.SEND


def nothing_changed() -> bool:
    return not (ConsentEvent.objects.exists() or Preference.objects.exists() or Suppression.objects.exists())


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"List-Unsubscribe=One-Click", URLENCODED),
        (
            b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
    ],
)
def test_e1_a_one_click_post_acts_at_once(
    body: bytes, content_type: str, provider: Client, url: str, ada: Address, news: Category
) -> None:
    answer = provider.post(url, body, content_type=content_type, secure=True)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert is_out(ada, news)
    event = ConsentEvent.objects.get()
    assert (event.source, event.campaign_id) == (Source.ONE_CLICK, news.campaigns.get().pk)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", URLENCODED),
        (b"", ""),
        (b"", "multipart/form-data; boundary=x"),
        (b"garbage", "multipart/form-data; boundary=x"),
        (b"garbage", "multipart/form-data"),
        (b"\xff\xfe=%zz&&&", URLENCODED),
        (b"a=1", "application/x-www-form-urlencoded; charset=latin-1"),
        (b"{}", "application/json"),
        (b"&".join(b"a%d=1" % number for number in range(1001)), URLENCODED),
        *(
            (b"--x--", f"multipart/form-data; boundary=x; charset={name}")
            for name in ("rot13", "base64", "idna", "nope")
        ),
        (b"List-Unsubscribe=One-Click&do=less&frequency=weekly", URLENCODED),
    ],
)
def test_e2_an_empty_or_odd_body_acts_too(
    body: bytes, content_type: str, provider: Client, url: str, ada: Address, news: Category
) -> None:
    assert provider.generic("POST", url, body, content_type=content_type, secure=True).status_code == 200
    assert is_out(ada, news)


def test_e3_no_cookie_is_needed_and_none_is_set(provider: Client, url: str) -> None:
    for answer in (provider.get(url, secure=True), provider.post(url, ONE_CLICK, secure=True)):
        assert answer.status_code == 200
        assert not answer.cookies
        assert "Cookie" not in answer.get("Vary", "")


def test_e3_a_foreign_origin_and_referer_do_not_matter(provider: Client, url: str) -> None:
    headers = {"origin": "null", "referer": "https://mail.google.com/"}
    assert provider.post(url, ONE_CLICK, secure=True, headers=headers).status_code == 200


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("secure", [True, False])
@pytest.mark.parametrize("host", ["mail.example.com", "old-name.example.net", "203.0.113.7:8080", "bad host\x00"])
def test_e4_no_redirect_whatever_the_slash_the_scheme_or_the_host(
    slash: str, secure: bool, host: str, provider: Client, url: str, ada: Address, news: Category
) -> None:
    answer = provider.post(url + slash, ONE_CLICK, secure=secure, headers={"host": host})
    assert answer.status_code == 200
    assert is_out(ada, news)


def test_e4_no_redirect_for_plain_http_behind_a_proxy(
    provider: Client, url: str, settings: Any, ada: Address, news: Category
) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    headers = {"x-forwarded-proto": "http", "accept-language": "de"}
    assert provider.post(url, ONE_CLICK, headers=headers).status_code == 200
    assert is_out(ada, news)


def test_e4_further_host_names_do_not_take_the_place_of_ours(tmp_path: Path) -> None:
    script = "from django.conf import settings; print(settings.ALLOWED_HOSTS)"
    environment = {"PATH": "/usr/bin:/bin", "DATA_DIR": str(tmp_path), "SECRET_KEY": "s" * 50}
    environment |= {"UNSUBSCRIBE_ADDRESS_KEY": "a" * 50, "SITE_URL": "https://mail.example.com"}
    environment |= {"ALLOWED_HOSTS": "admin.internal"}
    said = commands.run("shell", "-v0", "-c", script, environment=environment)
    assert said.stdout.strip() == "['mail.example.com', 'admin.internal']"


def test_e4_the_bare_path_is_answered_like_any_wrong_link(provider: Client) -> None:
    assert provider.post("/u", secure=False).status_code == 404


def test_e4_the_rest_of_the_site_keeps_its_redirect_and_its_hosts(provider: Client) -> None:
    assert provider.get("/").status_code == 301
    assert provider.get("/", secure=True, headers={"host": "old-name.example.net"}).status_code == 400


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_e5_looking_changes_nothing(method: str, provider: Client, url: str) -> None:
    answer = getattr(provider, method)(url, secure=True)
    assert answer.status_code == (204 if method == "options" else 200)
    assert nothing_changed()


def test_e5_get_shows_a_page_that_does_not_look_as_if_it_had_acted(provider: Client, url: str) -> None:
    page = provider.get(url, secure=True).content.decode()
    assert "Unsubscribe from “News”?" in page
    assert "unsubscribed" not in page


def test_e6_the_second_post_is_the_same_as_the_first(provider: Client, url: str) -> None:
    first = provider.post(url, ONE_CLICK, secure=True)
    event = ConsentEvent.objects.get()
    second = provider.post(url, ONE_CLICK, secure=True)
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert ConsentEvent.objects.get().at == event.at
    assert OutboxMessage.objects.count() == 1


def wrong_tokens(good: str) -> Iterator[str]:
    yield good[:-1]
    yield good + "A"
    yield good[:20] + ("A" if good[20] != "A" else "B") + good[21:]
    yield "A" * 40
    yield "x"
    yield ""
    yield "%00" * 40
    yield "ä" * 40
    yield good.replace(good[0], "=", 1)
    yield good[:39] + "%0A"


@pytest.mark.parametrize("number", range(10))
@pytest.mark.parametrize("method", ["get", "post"])
def test_e7_every_wrong_token_gets_the_same_answer(number: int, method: str, provider: Client, url: str) -> None:
    good = url.removeprefix("/u/")
    reference = getattr(provider, method)("/u/nonsense", secure=True)
    answer = getattr(provider, method)(f"/u/{list(wrong_tokens(good))[number]}", secure=True)
    assert (answer.status_code, answer.content) == (404, reference.content)
    assert answer["Cache-Control"] == "no-store"
    assert nothing_changed()


def test_e7_a_good_token_for_an_address_that_is_gone_gets_that_answer_too(provider: Client, ada: Address) -> None:
    token = links.sign(Target(ada.pk + 1, None), today=timezone.localdate())
    assert provider.post(f"/u/{token}", secure=True).content == provider.post("/u/nonsense", secure=True).content
    assert provider.get(f"/u/{token}", secure=True).status_code == 404


def test_e7_a_preferences_token_unsubscribes_nobody(provider: Client, ada: Address) -> None:
    token = links.sign(Target(ada.pk), purpose=LinkPurpose.PREFERENCES, today=timezone.localdate())
    assert provider.post(f"/u/{token}", secure=True).status_code == 404


def test_e8_a_link_of_years_ago_still_stops_mail(provider: Client, ada: Address, news: Category, settings: Any) -> None:
    long_ago = timezone.localdate() - timedelta(days=2000)
    token = links.sign(Target(ada.pk, news.pk), today=long_ago)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the-key-of-today-" + "0123456789" * 5
    assert provider.post(f"/u/{token}", secure=True).status_code == 200
    assert is_out(ada, news)


def test_e9_it_removes_from_the_category_of_the_message_only(
    provider: Client, url: str, ada: Address, news: Category
) -> None:
    provider.post(url, ONE_CLICK, secure=True)
    assert not is_out(ada, CategoryFactory.create(slug="offers"))


def test_e9_a_setting_widens_it_to_everything(provider: Client, url: str, ada: Address, settings: Any) -> None:
    settings.UNSUBSCRIBE_ONE_CLICK_SCOPE = "everything"
    provider.post(url, ONE_CLICK, secure=True)
    assert is_out(ada, CategoryFactory.create(slug="offers"))


def test_e10_a_broker_that_is_away_does_not_matter(
    provider: Client,
    url: str,
    ada: Address,
    news: Category,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Any,
) -> None:
    nowhere = Connection("redis://127.0.0.1:1/0", transport_options={"max_retries": 0})
    monkeypatch.setattr(tasks.deliver, "apply_async", partial(tasks.deliver.apply_async, connection=nowhere))
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        answer = provider.post(url, ONE_CLICK, secure=True)
    assert len(callbacks) == 1
    assert answer.status_code == 200
    assert is_out(ada, news)
    assert OutboxMessage.objects.count() == 1
    assert "No broker" in caplog.text


def test_e11_a_burst_from_one_address_is_let_through(provider: Client, url: str) -> None:
    answers = [provider.post(url, ONE_CLICK, secure=True, REMOTE_ADDR="203.0.113.9") for _ in range(100)]
    assert {answer.status_code for answer in answers} == {200}


@pytest.mark.parametrize(
    "path", ["good", "/u/nonsense", "/p/nonsense", "/p/nonsense/data", "/i/nonsense", "/e/nonsense"]
)
@pytest.mark.parametrize("method", ["get", "post", "put"])
def test_e13_nothing_behind_a_token_is_kept_listed_or_told(path: str, method: str, provider: Client, url: str) -> None:
    answer: HttpResponse = getattr(provider, method)(url if path == "good" else path, secure=True)
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["Cache-Control"] == "no-store"
    assert "noindex" in answer["X-Robots-Tag"]


def test_a_wrong_method_is_told_which_are_right(provider: Client, url: str) -> None:
    for method in ("put", "delete", "patch", "trace"):
        answer = getattr(provider, method)(url, secure=True)
        assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, POST, OPTIONS")
    assert nothing_changed()


def test_a_body_nobody_means_is_refused_and_changes_nothing(provider: Client, url: str) -> None:
    answer = provider.post(url, b"x" * 70_000, content_type=URLENCODED, secure=True)
    assert answer.status_code == 413
    assert nothing_changed()


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_database_that_is_away_is_503_and_never_a_false_done(method: str, provider: Client, url: str) -> None:
    def away(*args: Any) -> None:
        raise OperationalError("connection refused")

    with connection.execute_wrapper(away):
        answer = getattr(provider, method)(url, secure=True)
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert "unsubscribed" not in answer.content.decode()
    assert nothing_changed()


def test_the_one_click_stays_quick_work_for_the_database(
    provider: Client, url: str, django_assert_max_num_queries: Any
) -> None:
    # Three of them look whether the address has moved to another contact while its own was locked.
    with django_assert_max_num_queries(15):
        provider.post(url, ONE_CLICK, secure=True)


def test_a_category_that_became_transactional_makes_the_answer_true_all_the_same(
    provider: Client, ada: Address, news: Category
) -> None:
    receipts = CategoryFactory.create(transactional=True)
    token = links.sign(Target(ada.pk, receipts.pk), today=timezone.localdate())
    assert provider.post(f"/u/{token}", secure=True).status_code == 200
    assert is_out(ada, news)
    assert not is_out(ada, receipts)


def test_an_erased_contact_can_still_say_no(provider: Client, url: str, ada: Address) -> None:
    actions.erase([ada.contact_id], Origin(Source.PAGE, timezone.now()))
    assert provider.get(url, secure=True).status_code == 200
    assert provider.post(url, secure=True).status_code == 200
