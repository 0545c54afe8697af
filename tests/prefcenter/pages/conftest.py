"""A real browser on the running site: what every test of a page in it can ask for."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.services import PATIENCE, missing

FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]
#: Pages are walked in the widest of the fonts that people have, so that what fits here fits elsewhere, and so that a
#: test does not depend on what else is installed. TEST_FONT="Noto Sans" walks them in another one.
FONT = os.environ.get("TEST_FONT", "DejaVu Sans")
FONTS = Path("/usr/share/fonts")
#: Every family a style sheet asks for becomes FONT; what it has no letters for comes from any other.
FONTCONFIG = f"""<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>{FONTS}</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <match target="pattern"><edit name="family" mode="assign" binding="strong"><string>{FONT}</string></edit></match>
</fontconfig>
"""
#: What a careful person sets in the browser: 2 is "block".
REFUSES = {"profile": {"default_content_setting_values": {"cookies": 2, "javascript": 2}}}


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def path() -> str:
    path = shutil.which("chromium")
    if path is None:
        missing("There is no browser: please install Debian's package chromium.")
    return path


@pytest.fixture(scope="session")
def fonts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | float | bool]:
    """The environment of a browser that draws everything in FONT."""
    if not any(FONTS.rglob(f"{FONT.replace(' ', '')}*.[ot]tf")):
        missing(f"The font {FONT} is not installed: please install it (Debian: 'fonts-dejavu-core').")
    file = tmp_path_factory.mktemp("fonts") / "fonts.conf"
    file.write_text(FONTCONFIG)
    return {**os.environ, "FONTCONFIG_FILE": str(file)}


@pytest.fixture(scope="session")
def chromium(playwright: Playwright, path: str, fonts: dict[str, str | float | bool]) -> Iterator[Browser]:
    # The same without a window's trimmings, where it is there: pages open in two thirds of the time.
    program = shutil.which("chromium-headless-shell") or path
    browser = playwright.chromium.launch(executable_path=program, args=FLAGS, env=fonts, timeout=PATIENCE * 1000)
    new_context = browser.new_context

    def patient(**options: Any) -> BrowserContext:
        return _patient(new_context(**options))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(browser, "new_context", patient)
        yield browser
    browser.close()


def _patient(context: BrowserContext) -> BrowserContext:
    """On a busy machine a page may take longer than the half minute that Playwright waits for it."""
    context.set_default_timeout(PATIENCE * 1000)
    return context


@pytest.fixture(scope="module")
def strict(
    playwright: Playwright, path: str, fonts: dict[str, str | float | bool], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """A browser that refuses cookies and JavaScript."""
    profile = tmp_path_factory.mktemp("profile")
    (profile / "Default").mkdir()
    (profile / "Default" / "Preferences").write_text(json.dumps(REFUSES))
    context = playwright.chromium.launch_persistent_context(
        profile,
        executable_path=path,
        args=FLAGS,
        env=fonts,
        timeout=PATIENCE * 1000,
        has_touch=True,
        java_script_enabled=False,
        extra_http_headers={"X-Forwarded-Proto": "https"},
    )
    yield _patient(context)
    context.close()


@pytest.fixture
def site(live_server: LiveServer, settings: Any) -> str:
    settings.DEBUG = True  # for links to plain http on localhost
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.UNSUBSCRIBE_BASE_URL = settings.SITE_URL = live_server.url
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
    settings.ALLOWED_HOSTS = [urlsplit(live_server.url).hostname]
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    return str(live_server.url)


@pytest.fixture
def screenshots(request: pytest.FixtureRequest) -> Path | None:
    """Where to put a picture of each page; `pytest --screenshots` asks for them."""
    folder = request.config.getoption("--screenshots")
    return Path(folder) if folder else None
