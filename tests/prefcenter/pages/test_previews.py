"""A preview in a real browser: its frames show the pages in their own dress, and nothing in them can be done."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, FrameLocator, Page

from prefcenter.web.preview_data import PreviewKind
from tests.prefcenter.pages.test_every_page import SCHEMES
from tests.staff import member, sign_in
from unsubscribe.models import Address, Contact

from . import axe, measures
from .walker import Walker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sqlite_only]

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "iframes": False}


@pytest.fixture
def admin_page(chromium: Browser, site: str) -> Iterator[Page]:
    """Somebody of the staff. Fails on any complaint in the console and on any request that is not a look."""
    client = Client()
    sign_in(client, member("view_category"))
    context = chromium.new_context(reduced_motion="reduce", extra_http_headers={"X-Forwarded-Proto": "https"})
    name = django_settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": site}])
    context.route("**/favicon.ico", lambda route: route.fulfill(status=204))
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("request", lambda sent: complaints.extend([] if sent.method == "GET" else [f"{sent.method} {sent.url}"]))
    yield page
    context.close()
    assert [said for said in complaints if "sandbox" not in said] == []


@pytest.fixture
def cast(admin_page: Page, site: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Walker:
    walker = Walker(admin_page, site, settings, monkeypatch, language="en")
    Address.objects.all().delete()
    Contact.objects.all().delete()
    return walker


def frame(page: Page) -> FrameLocator:
    return page.frame_locator("iframe").first


def test_what_is_pressed_in_a_frame_does_nothing(admin_page: Page, cast: Walker) -> None:
    cast.open(reverse("admin:unsubscribe_category_preview_kind", args=[cast.news.pk, PreviewKind.UNSUBSCRIBE]))
    frame(admin_page).get_by_role("button", name="Unsubscribe", exact=True).click()
    frame(admin_page).get_by_role("link", name="All preferences").click()
    assert frame(admin_page).get_by_role("heading", level=1).inner_text() == "Unsubscribe from “Product news”?"


def test_the_switch_of_languages_works_within_the_frame(admin_page: Page, cast: Walker) -> None:
    cast.open(reverse("admin:unsubscribe_category_preview_kind", args=[cast.news.pk, PreviewKind.UNSUBSCRIBE]))
    frame(admin_page).locator("summary").click()
    frame(admin_page).get_by_role("link", name="العربية").click()
    frame(admin_page).locator("html[dir=rtl]").wait_for()
    assert "أخبار المنتجات" in frame(admin_page).get_by_role("heading", level=1).inner_text()


@pytest.mark.parametrize("kind", list(PreviewKind))
def test_every_preview_fits_its_screen_and_wears_its_dress(
    kind: PreviewKind, admin_page: Page, cast: Walker, screenshots: Path | None
) -> None:
    cast.query = "?lang=ar"
    cast.open(reverse("admin:unsubscribe_category_preview_kind", args=[cast.news.pk, kind]))
    body = frame(admin_page).locator("body")
    assert body.evaluate("body => document.documentElement.dir") == "rtl"
    # The stylesheet of the pages, and the styles that a mail carries with it.
    assert body.evaluate("body => getComputedStyle(body).fontFamily").startswith(("system-ui", "-apple-system"))
    for scheme, width in product(SCHEMES, (1280, 400)):
        admin_page.emulate_media(color_scheme=scheme)
        admin_page.set_viewport_size({"width": width, "height": 900})
        assert admin_page.evaluate(measures.TOO_WIDE) == []
        if screenshots:
            admin_page.screenshot(path=screenshots / f"preview-{kind}-{scheme}-{width}.png", full_page=True)
        if kind == PreviewKind.CONFIRMATION:  # it has all the parts that there are
            assert axe.faults(admin_page, RULES) == []
