"""The pages in a real browser on a phone, without JavaScript and without cookies; axe finds nothing to mend."""

import shutil
import typing
from collections.abc import Iterator
from typing import Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from prefcenter.models import FeedbackReason
from tests.factories import ADA, AddressFactory, CategoryFactory
from tests.services import missing
from unsubscribe import gate, links
from unsubscribe.choices import Answer
from unsubscribe.links import Purpose, Target
from unsubscribe.models import Category

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = {"viewport": {"width": 360, "height": 640}, "is_mobile": True, "has_touch": True}
Scheme = Literal["light", "dark"]
BEHIND_TLS = {"X-Forwarded-Proto": "https"}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        missing("There is no browser: please install Debian's package chromium.")
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


@pytest.fixture(params=[(False, "light"), (True, "dark")], ids=["no-script-light", "script-dark"])
def phone(request: pytest.FixtureRequest, chromium: Browser, site: str) -> Iterator[Page]:
    """Fails on any request that leaves the site, on any cookie, and on any complaint in the console."""
    has_script, scheme = request.param
    context = chromium.new_context(
        **PHONE, extra_http_headers=BEHIND_TLS, java_script_enabled=has_script, color_scheme=scheme
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("request", lambda sent: complaints.append(sent.url) if not sent.url.startswith((site, "data:")) else None)
    yield page
    assert complaints == []
    assert context.cookies() == []
    context.close()


@pytest.fixture
def site(live_server, settings) -> str:  # type: ignore[no-untyped-def]
    settings.DEBUG = True  # for links to plain http on localhost
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.UNSUBSCRIBE_BASE_URL = settings.SITE_URL = live_server.url
    settings.ALLOWED_HOSTS = [urlsplit(live_server.url).hostname]
    return str(live_server.url)


@pytest.fixture
def target() -> Target:
    FeedbackReason.objects.create(text="Too many mails")
    CategoryFactory(slug="offers")
    return Target(AddressFactory(text=ADA).pk, CategoryFactory().pk)


def answer_for_ada() -> Answer:
    return gate.check([ADA], category=Category.objects.get(slug="news"), now=timezone.now())[0].verdict.answer


def test_the_whole_way_from_link_to_undo_without_script(site: str, target: Target, phone: Page) -> None:
    phone.goto(links.unsubscribe_url(target, today=timezone.localdate()))
    button = phone.get_by_role("button", name="Unsubscribe", exact=True)
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert box["y"] + box["height"] <= 640
    button.click()
    assert phone.get_by_role("status").inner_text().startswith("You are unsubscribed.")
    assert answer_for_ada() == Answer.UNSUBSCRIBED
    phone.get_by_role("button", name="Undo").click()
    assert "as it was before" in phone.get_by_role("status").inner_text()
    assert answer_for_ada() == Answer.SEND


def test_the_preference_page_saves_what_was_touched(site: str, target: Target, phone: Page) -> None:
    phone.goto(links.preferences_url(target, today=timezone.localdate()))
    phone.get_by_label("News").select_option("off")
    phone.get_by_role("button", name="Save").click()
    assert "No more “News” by email." in phone.get_by_role("status").inner_text()
    assert answer_for_ada() == Answer.UNSUBSCRIBED


@pytest.mark.parametrize("scheme", typing.get_args(Scheme))
@pytest.mark.parametrize("page_name", ["unsubscribe", "done", "preferences", "expired", "unknown", "home"])
def test_axe_finds_nothing(page_name: str, scheme: Scheme, site: str, target: Target, chromium: Browser) -> None:
    today = timezone.localdate()
    unsubscribe = links.unsubscribe_url(target, today=today)
    old = links.sign(target, purpose=Purpose.PREFERENCES, today=today.replace(year=today.year - 1, day=1))
    urls = {
        "unsubscribe": unsubscribe,
        "done": unsubscribe,
        "preferences": links.preferences_url(target, today=today),
        "expired": f"{site}/p/{old}",
        "unknown": f"{site}/u/nonsense",
        "home": f"{site}/",
    }
    viewport = ViewportSize(width=320, height=640)
    context = chromium.new_context(viewport=viewport, extra_http_headers=BEHIND_TLS, color_scheme=scheme)
    page = context.new_page()
    page.goto(urls[page_name])
    if page_name == "done":
        page.get_by_role("button", name="Unsubscribe", exact=True).click()
        page.get_by_role("status").wait_for()
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    context.close()
