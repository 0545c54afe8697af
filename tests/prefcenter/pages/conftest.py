"""A real browser on the running site: what every test of a page in it can ask for."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

from tests.services import missing

FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]
#: What a careful person sets in the browser: 2 is "block".
REFUSES = {"profile": {"default_content_setting_values": {"cookies": 2, "javascript": 2}}}


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def path() -> str:
    path = shutil.which("chromium")
    if path is None:
        missing("There is no browser: please install Debian's package chromium.")
    return path


@pytest.fixture(scope="session")
def chromium(playwright: Playwright, path: str) -> Iterator[Browser]:
    # The same without a window's trimmings, where it is there: pages open in two thirds of the time.
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium-headless-shell") or path, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def strict(playwright: Playwright, path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """A browser that refuses cookies and JavaScript."""
    profile = tmp_path_factory.mktemp("profile")
    (profile / "Default").mkdir()
    (profile / "Default" / "Preferences").write_text(json.dumps(REFUSES))
    context = playwright.chromium.launch_persistent_context(
        profile,
        executable_path=path,
        args=FLAGS,
        has_touch=True,
        java_script_enabled=False,
        extra_http_headers={"X-Forwarded-Proto": "https"},
    )
    context.set_default_timeout(30_000)
    yield context
    context.close()


@pytest.fixture
def site(live_server, settings) -> str:  # type: ignore[no-untyped-def]
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
