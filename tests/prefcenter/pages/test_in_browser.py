"""The whole way in a real browser that refuses JavaScript and cookies, on every screen and in both directions."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, ViewportSize

from tests.factories import ADA
from unsubscribe import gate
from unsubscribe.choices import Outcome
from unsubscribe.links import LinkPurpose
from unsubscribe.mailing import Mailing

from . import measures
from .walker import Walker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sqlite_only]
SMALL_PHONE: ViewportSize = {"width": 360, "height": 640}


@pytest.fixture
def page(strict: BrowserContext, site: str) -> Iterator[Page]:
    """Fails on any request that leaves the site, on any cookie, and on any complaint in the console."""
    page = strict.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("request", lambda sent: complaints.extend([] if sent.url.startswith((site, "data:")) else [sent.url]))
    yield page
    page.close()
    assert complaints == []
    assert strict.cookies() == []


def walker(page: Page, site: str, settings: Any, monkeypatch: Any, *, language: str = "en") -> Walker:
    return Walker(page, site, settings, monkeypatch, language=language)


def answer_for_ada(ada: Walker) -> Outcome:
    return gate.check([ADA], Mailing(ada.news), now=timezone.now())[0].outcome


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 360, 1280])
def test_p5_the_whole_way_from_link_to_undo(
    width: int, scheme: Any, language: str, page: Page, site: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.set_viewport_size({"width": width, "height": 640})
    page.emulate_media(color_scheme=scheme)
    ada = walker(page, site, settings, monkeypatch, language=language)
    ada.link(LinkPurpose.UNSUBSCRIBE)
    url = page.url
    ada.press("unsubscribe")
    assert answer_for_ada(ada) == Outcome.UNSUBSCRIBED
    page.locator("textarea").fill("Twice a day is too much.")
    ada.press("feedback")
    assert page.locator("[role=status] h1").is_visible()
    ada.press("undo")
    assert answer_for_ada(ada) == Outcome.SEND
    assert page.url == url
    assert page.evaluate(measures.TOO_WIDE) == []


def test_p1_the_first_screen_of_a_small_phone_holds_all_that_is_needed(
    page: Page, site: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.set_viewport_size(SMALL_PHONE)
    walker(page, site, settings, monkeypatch).link(LinkPurpose.UNSUBSCRIBE)
    shown = ["Example Post", "Unsubscribe from “Product news”?", "a•••@example.com", "Weekly at most", "30 days"]
    for words in [*shown, "All preferences", "Unsubscribe from everything"]:
        box = page.get_by_text(words, exact=True).first.bounding_box()
        assert box is not None, words
        assert box["y"] + box["height"] <= SMALL_PHONE["height"], words


@pytest.mark.parametrize("language", [code for code, _ in django_settings.LANGUAGES])
def test_p1_the_button_is_in_sight_and_nothing_sticks_out_in_any_language(
    language: str, page: Page, site: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    ada = walker(page, site, settings, monkeypatch, language=language)
    for purpose in (LinkPurpose.UNSUBSCRIBE, LinkPurpose.PREFERENCES):
        ada.link(purpose)
        box = page.locator("button.primary").bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 640
        assert page.evaluate(measures.TOO_WIDE) == []
        assert page.evaluate(measures.TOO_SMALL) == []


def test_enter_saves_and_does_nothing_else(
    page: Page, site: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = walker(page, site, settings, monkeypatch)
    ada.pause(days=30)
    ada.link(LinkPurpose.PREFERENCES)
    page.locator(".switch").nth(1).uncheck()
    with page.expect_navigation():
        page.locator(".switch").nth(1).press("Enter")
    assert "You’ll no longer get “Offers” by email." in page.get_by_role("status").inner_text()
    assert answer_for_ada(ada) == Outcome.PAUSED


def test_the_preference_page_saves_what_was_touched(
    page: Page, site: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = walker(page, site, settings, monkeypatch)
    ada.link(LinkPurpose.PREFERENCES)
    page.get_by_role("checkbox", name="Product news").uncheck()
    page.get_by_label("How often: Offers").select_option(label="Weekly at most")
    with page.expect_navigation():
        page.get_by_role("button", name="Save").click()
    said = page.get_by_role("status").inner_text()
    assert "You’ll no longer get “Product news” by email." in said
    assert "“Offers” by email: at most once a week." in said
    assert answer_for_ada(ada) == Outcome.UNSUBSCRIBED


def test_p6_the_keyboard_alone_is_enough_to_leave_and_to_come_back(
    page: Page, site: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = walker(page, site, settings, monkeypatch)
    ada.link(LinkPurpose.UNSUBSCRIBE)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("status").wait_for()
    assert answer_for_ada(ada) == Outcome.UNSUBSCRIBED
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("Undone. Your previous settings are back.").wait_for()
    assert answer_for_ada(ada) == Outcome.SEND


def test_asking_for_a_link_needs_no_cookie(
    page: Page, site: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = walker(page, site, settings, monkeypatch)
    ada.open("/")
    page.locator("input[type=email]").fill(ADA)
    page.keyboard.press("Enter")
    page.get_by_text("we’ve emailed you a link").wait_for()


def test_this_browser_does_refuse_cookies_and_scripts(page: Page, site: str, client: Client) -> None:
    assert client.get(
        "/accounts/login/code/", secure=True, headers={"host": "localhost"}
    ).cookies  # so there was something to refuse
    page.goto(f"{site}/accounts/login/code/")
    page.set_content("<script>document.title = 'It ran'</script>")
    assert page.title() == ""
