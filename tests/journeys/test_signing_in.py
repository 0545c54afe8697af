"""Signing in through a real worker: the code comes at once, and a mail server that hangs holds up nobody."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.journeys.clicks import burst
from tests.journeys.mailserver import PostOffice, silence
from tests.journeys.site import FIGURES, Running, Site, new_site
from tests.services import PATIENCE, wait_until

pytestmark = [pytest.mark.sqlite_only, pytest.mark.starts_first]

ACCOUNTS = [f"reader{number}@account.example" for number in range(15)]
MAKE = "from prefcenter.models import User\nfor email in {}: User.objects.create_user(email)"
#: Seconds that sending one mail may take: a page that waited for it would keep its reader longer than they wait.
HANGS = 600
HIDDEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
CODE = re.compile(r"\b\d{4}-\d{4}\b")


@pytest.fixture
def site(tmp_path: Path, post_office: PostOffice) -> Iterator[Site]:
    environment = {"EMAIL_URL": post_office.url, "EMAIL_TIMEOUT": str(HANGS), "TRUST_PROXY_HEADERS": "true"}
    with new_site(tmp_path, **environment) as site:
        site.shell(MAKE.format(ACCOUNTS))
        yield site


@pytest.fixture
def running(site: Site) -> Iterator[Running]:
    running = site.start()
    yield running
    running.stop()


def send(browser: requests.Session, url: str, **fields: str) -> requests.Response:
    """The form on this page, as a browser sends it."""
    browser.trust_env = False
    token = HIDDEN.findall(browser.get(url, timeout=PATIENCE).text)[0]
    form = fields | {"csrfmiddlewaretoken": token}
    return browser.post(url, form, allow_redirects=False, timeout=PATIENCE)


def ask(site: Site, email: str) -> requests.Response:
    """From a network of their own, as the proxy says."""
    with requests.Session() as browser:
        browser.headers["X-Forwarded-For"] = f"203.0.113.{ACCOUNTS.index(email)}"
        return send(browser, f"{site.url}/accounts/login/code/", email=email)


@pytest.mark.usefixtures("running")
def test_a_code_comes_at_once_and_a_mail_server_that_hangs_holds_up_no_one_click(
    site: Site, post_office: PostOffice
) -> None:
    first, *others = ACCOUNTS
    links = [row["unsubscribe_url"] for row in site.audience(others).values()]
    with requests.Session() as browser:
        asked = send(browser, f"{site.url}/accounts/login/code/", email=first)
        wait_until(lambda: post_office.to(first), what="the code")
        [code] = CODE.findall(post_office.to(first)[0].text)
        signed_in = send(browser, f"{site.url}{asked.headers['Location']}", code=code)
        assert signed_in.headers["Location"] == "/preferences/mine/"
    post_office.stop()
    with silence(post_office.port), ThreadPoolExecutor(len(others)) as pool:
        signing_in = [pool.submit(ask, site, email) for email in others]
        clicks = burst(links, [])
        asked_again = [one.result() for one in signing_in]
    post_office.start()
    slowest = max(one.seconds for one in clicks)
    FIGURES.info("%d one-clicks beside as many sign-ins, the slowest in %.2f s.", len(clicks), slowest)
    assert [one.status for one in clicks] == [200] * len(others)
    assert [one.status_code for one in asked_again] == [302] * len(others)
    kept = site.database.query("SELECT email, context FROM prefcenter_accountmessage WHERE status = 'sent'")
    assert [(email, str(context)) for email, context in kept] == [("", "{}")], "neither the code nor the address"
