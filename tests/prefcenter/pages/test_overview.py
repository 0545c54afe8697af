"""The admin's front page in a real browser: under the site's policy, on a phone and a desktop, light and dark.

`pytest tests/prefcenter/pages/test_overview.py --screenshots screenshots` puts a picture of each into a folder.
"""

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser

from tests.prefcenter import busy_days
from tests.staff import member, signed_in

from . import axe, measures

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sqlite_only]

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


@pytest.mark.parametrize("query", ["", "?days=365", "?first=2020-01-01&last=2020-01-31"], ids=str)
def test_p6_the_front_page_is_fit_for_everybody(
    query: str, chromium: Browser, site: str, screenshots: Path | None, settings: Any
) -> None:
    busy_days.live(timezone.now())
    session = signed_in(member(is_superuser=True)).cookies[settings.SESSION_COOKIE_NAME].value
    context = chromium.new_context(reduced_motion="reduce", extra_http_headers={"X-Forwarded-Proto": "https"})
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site}])
    browser = context.new_page()
    complaints: list[str] = []
    browser.on("console", lambda said: complaints.append(said.text) if "favicon" not in said.location["url"] else None)
    browser.on("request", lambda sent: complaints.extend([] if sent.url.startswith((site, "data:")) else [sent.url]))
    browser.goto(f"{site}/admin/{query}")
    assert browser.title().startswith("Overview")
    assert complaints == []
    for scheme in ("light", "dark"):
        browser.emulate_media(color_scheme=scheme)
        for width in (320, 400, 1280):
            browser.set_viewport_size({"width": width, "height": 900})
            assert browser.evaluate(measures.TOO_WIDE) == []
            if screenshots:
                browser.screenshot(path=screenshots / f"overview{query}-{scheme}-{width}.png", full_page=True)
        assert axe.faults(browser, RULES) == []
    context.close()
