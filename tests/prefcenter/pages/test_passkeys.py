"""Staff set up a second factor and come in with it: a passkey, in a virtual authenticator, and an app's codes.

`pytest tests/prefcenter/pages/test_passkeys.py --screenshots screenshots` puts a picture of each page into a folder.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from prefcenter.accounts import outbox as account_outbox
from prefcenter.models import User
from tests.staff import shown_by_the_app

from . import axe, measures
from .test_every_page import RULES, SCHEMES, WIDTHS, _serious, _stays

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sqlite_only]

BOSS = "boss@example.com"
KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Boss:
    """The first of the staff at a browser."""

    def __init__(self, page: Page, site: str) -> None:
        self.page, self.site, self.complaints = page, site, list[str]()
        self.user = User.objects.create_superuser(BOSS)
        page.on("console", lambda said: self.complaints.extend(_serious(said.text)))
        page.on("request", lambda sent: self.complaints.extend([] if _stays(sent.url, site) else [sent.url]))

    def has_a_key(self) -> None:
        devtools = self.page.context.new_cdp_session(self.page)
        devtools.send("WebAuthn.enable")
        devtools.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})

    def signs_in(self) -> None:
        """With the code from the mail; from the admin, and with all that this browser knew forgotten."""
        self.page.context.clear_cookies()
        self.page.goto(f"{self.site}/admin/")
        self.page.get_by_label("Email address").fill(BOSS)
        self.press("Email me a code")
        account_outbox.sweep(now=timezone.now())
        [code] = re.findall(r"(?m)^\d{4}-\d{4}$", str(mail.outbox[-1].body))
        self.page.get_by_label("Code").fill(code)
        self.press("Sign in")

    def press(self, name: str) -> None:
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name).click()

    def follows(self, name: str) -> None:
        with self.page.expect_navigation():
            self.page.get_by_role("link", name=name, exact=True).click()

    def sets_up_a_passkey(self) -> None:
        self.has_a_key()
        self.signs_in()
        self.follows("Set up a passkey")
        self.press("Set up")

    def opens(self, page: str = "") -> None:
        self.page.goto(f"{self.site}/accounts/second-factor/{page}")

    def sees(self, title: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(title)

    def is_in(self) -> bool:
        self.page.goto(f"{self.site}/admin/prefcenter/user/")
        return self.page.url.endswith("/admin/prefcenter/user/")


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(has_touch=True, extra_http_headers={"X-Forwarded-Proto": "https"})
    yield context
    context.close()


@pytest.fixture
def boss(context: BrowserContext, site: str) -> Boss:
    return Boss(context.new_page(), site)


def test_a_passkey_is_set_up_and_signs_in_again(boss: Boss) -> None:
    boss.has_a_key()
    boss.signs_in()
    boss.sees("Set up two-step sign-in")
    assert not boss.is_in()
    boss.follows("Set up a passkey")
    boss.press("Set up")
    boss.sees("Recovery codes")
    assert len(boss.page.locator(".codes li").all()) == 10
    boss.follows("I’ve saved them. Continue")
    assert boss.is_in()
    boss.signs_in()
    boss.sees("Verify it’s you")
    boss.press("Use a passkey")
    assert boss.page.url == f"{boss.site}/admin/"
    assert boss.complaints == []


def test_an_app_is_set_up_and_its_code_signs_in(boss: Boss) -> None:
    boss.signs_in()
    boss.follows("Set up an authenticator app")
    boss.page.get_by_text("Enter the key instead").click()
    secret = boss.page.locator("code").inner_text()
    boss.page.get_by_label("Code from the app").fill(shown_by_the_app(secret))
    boss.press("Set up")
    boss.sees("Recovery codes")
    boss.follows("I’ve saved them. Continue")
    assert boss.is_in()
    boss.signs_in()
    boss.page.get_by_label("Code from your authenticator app").fill(shown_by_the_app(secret))
    boss.press("Continue")
    assert boss.page.url == f"{boss.site}/admin/"
    assert boss.complaints == []


def test_a_device_that_holds_one_already_is_told_so(boss: Boss) -> None:
    boss.sets_up_a_passkey()
    boss.opens("passkey/")
    boss.page.get_by_role("button", name="Set up").click()
    expect(boss.page.get_by_role("alert")).to_contain_text("No passkey was set up.")
    assert Authenticator.objects.filter(type="webauthn").count() == 1


def test_another_device_shows_nothing_and_a_recovery_code_is_enough(boss: Boss, chromium: Browser) -> None:
    boss.sets_up_a_passkey()
    code = boss.page.locator(".codes code").first.inner_text()
    elsewhere = chromium.new_context(extra_http_headers={"X-Forwarded-Proto": "https"}, java_script_enabled=False)
    boss.page = elsewhere.new_page()
    boss.signs_in()
    expect(boss.page.get_by_role("button", name="Use a passkey")).to_be_hidden()
    expect(boss.page.get_by_text("This browser doesn’t support passkeys, or JavaScript is turned off.")).to_be_visible()
    boss.page.get_by_label("Or enter a recovery code").fill(code)
    boss.press("Continue")
    assert boss.page.url == f"{boss.site}/admin/"
    elsewhere.close()


def every_page(boss: Boss, settings: Any) -> Iterator[str]:
    """Opens one after the other, and says which it is."""
    boss.has_a_key()
    boss.signs_in()
    yield "overview"
    settings.DEMO = True
    boss.page.reload()
    yield "overview_in_the_demo"
    settings.DEMO = False
    boss.follows("Set up an authenticator app")
    yield "app"
    boss.page.get_by_label("Code from the app").fill("12345")
    boss.press("Set up")
    yield "app_with_a_wrong_code"
    boss.opens("passkey/")
    yield "passkey"
    boss.press("Set up")
    yield "codes"
    boss.page.reload()
    yield "codes_seen_before"
    boss.follows("Create new codes")
    yield "new_codes"
    boss.opens()
    yield "what_there_is"
    boss.follows("Remove Passkey 1")
    yield "remove"
    boss.signs_in()
    yield "show"
    boss.page.get_by_label("Or enter a recovery code").fill("1")
    boss.press("Continue")
    yield "show_with_a_wrong_code"


def test_each_page_is_fit_for_everybody(boss: Boss, settings: Any, screenshots: Path | None) -> None:
    page = boss.page
    for name in every_page(boss, settings):
        assert boss.complaints == [], name
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 640})
                assert page.evaluate(measures.TOO_WIDE) == [], name
                assert page.evaluate(measures.TOO_SMALL) == [], name
                if screenshots:
                    page.screenshot(path=screenshots / f"staff-{name}-{scheme}-{width}.png", full_page=True)
            rules = {"runOnly": ["color-contrast"]} if scheme == "dark" else RULES
            assert axe.faults(page, rules) == [], name
        assert page.evaluate("document.documentElement.lang") == "en"
        boss.complaints.clear()  # what axe itself adds to a page
