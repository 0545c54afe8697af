"""Every page, on a small phone, a phone and a desktop, light and dark, left to right and right to left.

`pytest tests/prefcenter/pages/test_every_page.py --screenshots screenshots` puts a picture of each into a folder.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from playwright.sync_api import Browser, Page, Response

from prefcenter.models import FeedbackReason
from unsubscribe.models import Category, CategoryGroup

from . import axe, measures
from .walker import EVERY_PAGE, Walker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sqlite_only, pytest.mark.starts_first]

WIDTHS = (320, 360, 1280)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
FIRST_SEEN: Any = {"width": 1280, "height": 720}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
#: A mail is read in a mail program, which brings its own landmarks and its own sizes.
MAIL_RULES = {"rules": {"region": {"enabled": False}, "landmark-one-main": {"enabled": False}}}
LARGEST_PAGE = 20_000
#: What the cast is called, and what nobody translates.
UNTRANSLATED = """Example Post, 1 Main Street, Springfield, hello@example.com. Offers: Discounts and last copies.
Events. From the shop. Receipts. Too many mails. Something else. no address. WhatsApp. English."""


@pytest.fixture(scope="module")
def window(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(
        has_touch=True, reduced_motion="reduce", extra_http_headers={"X-Forwarded-Proto": "https"}
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def browser(window: Page) -> Iterator[Page]:
    """As if it had just been opened, which takes longer than a page does."""
    window.emulate_media(color_scheme="light")
    window.set_viewport_size(FIRST_SEEN)
    yield window
    window.unroute_all()
    window.context.clear_cookies()


@pytest.fixture
def complaints(browser: Page, site: str) -> Iterator[list[str]]:
    """The console's, requests that leave the site, and what is too large."""
    complaints: list[str] = []
    heard: dict[Any, Callable[[Any], None]] = {
        "console": lambda said: complaints.extend(_serious(said.text)),
        "request": lambda sent: complaints.extend([] if _stays(sent.url, site) else [sent.url]),
        "response": lambda answer: complaints.extend(_too_large(answer)),
    }
    for event, hear in heard.items():
        browser.on(event, hear)
    yield complaints
    for event, hear in heard.items():
        browser.remove_listener(event, hear)


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("name", EVERY_PAGE)
def test_p6_every_page_is_fit_for_everybody(
    name: str,
    language: str,
    browser: Page,
    complaints: list[str],
    site: str,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    screenshots: Path | None,
) -> None:
    EVERY_PAGE[name](Walker(browser, site, settings, monkeypatch, language=language))
    assert complaints == []
    is_mail = name.startswith("mail_")
    for scheme in SCHEMES:
        browser.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            browser.set_viewport_size({"width": width, "height": 640})
            assert browser.evaluate(measures.TOO_WIDE if is_mail else measures.UNFIT) == []
            if screenshots:
                browser.screenshot(path=screenshots / f"{name}-{language}-{scheme}-{width}.png", full_page=True)
        if language == "en":
            # What the scheme and the direction cannot change is asked once; the colours, in each scheme.
            rules = {"runOnly": ["color-contrast"]} if scheme == "dark" else RULES | (MAIL_RULES if is_mail else {})
            assert axe.faults(browser, rules) == []
    assert browser.evaluate("document.documentElement.lang") == language
    assert browser.evaluate("document.documentElement.dir") == ("rtl" if language == "ar" else "ltr")
    if language == "ar":
        assert _latin(browser.evaluate(measures.WORDS)) <= _latin(UNTRANSLATED)
    elif not is_mail:
        _reaches_everything_by_keyboard(browser)


def test_what_is_wrong_with_a_page_is_found(browser: Page) -> None:
    browser.set_content("<!DOCTYPE html><html lang=en><title>Poor</title><main><h1>Poor</h1><img src=data:,></main>")
    assert [fault.partition(":")[0] for fault in axe.faults(browser, RULES)] == ["image-alt"]
    browser.set_content("<!DOCTYPE html><html lang=en><title>Pale</title><main><h1 style=color:#ddd>Pale</h1></main>")
    assert [fault.partition(":")[0] for fault in axe.faults(browser, RULES)] == ["color-contrast"]


def _reaches_everything_by_keyboard(browser: Page) -> None:
    """With Tab alone, in the order in which it stands on the page; of radio buttons the group counts."""
    browser.evaluate("document.body.tabIndex = -1, document.body.focus(), document.body.removeAttribute('tabindex')")
    expected = browser.evaluate(measures.REACHABLE)
    reached = []
    for _ in expected:
        browser.keyboard.press("Tab")
        reached.append(browser.evaluate(measures.FOCUSED))
    assert reached == expected


def _latin(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z]{3,}", text))


def _serious(complaint: str) -> list[str]:
    """What the console says of a page; that an error page has the status of an error is as it should be."""
    return [] if "Failed to load resource" in complaint else [complaint]


def _stays(url: str, site: str) -> bool:
    return url.startswith((f"{site}/", "data:"))


def _too_large(answer: Response) -> list[str]:
    """20 kB before compression for a page, 12 kB for the stylesheet."""
    if answer.request.resource_type not in {"document", "stylesheet"} or answer.status in range(300, 400):
        return []
    most = LARGEST_PAGE if answer.request.resource_type == "document" else 12_000
    size = len(answer.body())
    return [f"{urlsplit(answer.url).path}: {size} bytes"] if size > most else []


LONG_WORD = "Kundenzufriedenheitsumfrage"
#: What people operate and cannot see whole.
OFF_SCREEN = """() => [...document.querySelectorAll('.switch, button:not([tabindex]), [type=radio], select')]
    .filter(one => one.checkVisibility()).map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
    .filter(([html, box]) => box.left < 0 || box.right > innerWidth || box.width < 24)
    .map(([html, box]) => `${html}: ${box.left} to ${box.right}`)"""


@pytest.mark.parametrize("language", [code for code, _ in django_settings.LANGUAGES])
@pytest.mark.parametrize(
    "name",
    [
        *("unsubscribe", "unsubscribed", "preferences", "preferences_of_two_channels_and_pauses", "question_opt_in"),
        *("mail_confirmation", "mail_opt_in"),
    ],
)
def test_p6_long_words_leave_switches_and_buttons_on_the_screen(
    name: str,
    language: str,
    browser: Page,
    site: str,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    screenshots: Path | None,
) -> None:
    browser.set_viewport_size({"width": 320, "height": 640})
    walker = Walker(browser, site, settings, monkeypatch, language=language)
    longer = f"{LONG_WORD}{LONG_WORD.lower()}"
    Category.objects.update(name=longer if name.startswith("mail_") else LONG_WORD, description=longer, translations={})
    CategoryGroup.objects.update(name=longer)
    FeedbackReason.objects.update(text=longer)
    settings.UNSUBSCRIBE_SENDER_NAME = settings.UNSUBSCRIBE_SENDER_POSTAL_ADDRESS = longer
    EVERY_PAGE[name](walker)
    assert LONG_WORD in browser.content()
    assert browser.evaluate(measures.TOO_WIDE) == []
    assert browser.evaluate(OFF_SCREEN) == []
    if screenshots:
        browser.screenshot(path=screenshots / f"long-{name}-{language}.png", full_page=True)
