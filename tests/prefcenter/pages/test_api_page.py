"""The API's page to try it at, in a real browser under the strict CSP."""

import pytest
from playwright.sync_api import Browser

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sqlite_only]


def test_it_shows_every_endpoint_and_asks_nobody_else(chromium: Browser, site: str) -> None:
    complaints: list[str] = []
    with chromium.new_context(extra_http_headers={"X-Forwarded-Proto": "https"}) as context:
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text))
        page.on("request", lambda sent: complaints.extend([] if sent.url.startswith((site, "data:")) else [sent.url]))
        page.goto(f"{site}/api/v1/docs")
        page.get_by_text("/api/v1/audience").first.click()
        page.get_by_text("Check who may be sent a mailing").first.wait_for()
        assert page.locator(".opblock").count() >= 14
    assert complaints == []
