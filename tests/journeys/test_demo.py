"""The demo as a visitor runs it: one command, a mailbox, the Unsubscribe button, and the next newsletter."""

import html
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import requests

from tests.journeys.clicks import one_click, request
from tests.journeys.site import Running, run, surroundings
from tests.services import PATIENCE, free_port, wait_until

COMMAND = """
import sys
from prefcenter.management.demo_environment import prepare
prepare(["--port", sys.argv[1], "--dir", sys.argv[2]])
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", *sys.argv[3:]])
"""
ONE_CLICK_LINK = re.compile(rb"(?m)^List-Unsubscribe: <(http://[^>]+)>")
pytestmark = [pytest.mark.sqlite_only("The demo always runs on its own SQLite file"), pytest.mark.starts_first]


class Demo:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self._arguments = ("--port", str(self.port), "--dir", str(folder / "demo"))
        self._environment = surroundings(folder)

    def start(self) -> Running:
        running = Running(self._environment, self.folder / "log", "demo", *self._arguments)
        running.wait_until_ready()
        return running

    def run(self) -> "subprocess.CompletedProcess[str]":
        """To its end, where it does not stay."""
        return run([sys.executable, "manage.py", "demo", *self._arguments], self._environment)

    def mails(self) -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in sorted((self.folder / "demo" / "mail").glob("*.eml"))}

    def newsletters(self) -> dict[str, bytes]:
        """By recipient: the latest mailing's."""
        return {_to(raw): raw for raw in self.mails().values() if b"\nAuto-Submitted:" not in raw}

    def confirmations(self) -> list[str]:
        return [_to(raw) for raw in self.mails().values() if b"\nAuto-Submitted:" in raw]

    def verdicts(self) -> dict[str, str]:
        """`manage.py audience` beside the running demo, over the demo's own twelve addresses."""
        addresses = "\n".join(["email", *self.newsletters()])
        command = [sys.executable, "-c", COMMAND, str(self.port), str(self.folder / "demo")]
        done = run([*command, "audience", "--category", "news"], self._environment, addresses)
        assert done.returncode == 0, done.stderr
        return dict(line.split(",")[:2] for line in done.stdout.splitlines()[1:])


class Browser:
    """With cookies, with the page's CSRF token, and with the Origin that browsers send."""

    def __init__(self, demo: Demo, session: requests.Session) -> None:
        self._demo = demo
        self._session = session
        session.trust_env = False

    def get(self, path: str) -> str:
        answer = self._session.get(self._demo.url + path, timeout=PATIENCE, allow_redirects=False)
        assert answer.status_code == 200, answer.text
        return answer.text

    def press(self, page: str, path: str) -> requests.Response:
        """The form on `page` that posts to `path`."""
        form = re.search(rf'<form method="post" action="{re.escape(path)}">.*?</form>', page, re.DOTALL)
        assert form, page
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form[0])
        assert token, form[0]
        return self._session.post(
            self._demo.url + path,
            data={"csrfmiddlewaretoken": token[1]},
            headers={"Origin": self._demo.url},
            timeout=PATIENCE,
            allow_redirects=False,
        )


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    return Demo(tmp_path)


@pytest.fixture
def running(demo: Demo) -> Iterator[Running]:
    running = demo.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def in_use(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """It runs for several tests."""
    demo = Demo(tmp_path_factory.mktemp("in-use"))
    running = demo.start()
    yield demo
    running.stop()


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


@pytest.fixture
def browser(demo: Demo, session: requests.Session) -> Browser:
    return Browser(demo, session)


def _to(raw: bytes) -> str:
    return str(message_from_bytes(raw, policy=policy.default)["To"])


def _link(raw: bytes) -> str:
    found = ONE_CLICK_LINK.search(raw)
    assert found
    return found[1].decode()


def _path_of_mail_to(address: str, inbox: str) -> str:
    listed: list[tuple[str, str]] = re.findall(r'<a href="(/demo/[0-9-]+/)">\s*<strong>([^<]+)</strong>', inbox)
    return next(path for path, to in listed if html.unescape(to) == address)


@pytest.mark.usefixtures("running")
def test_from_the_first_newsletter_through_the_button_to_the_one_that_is_not_sent(demo: Demo, browser: Browser) -> None:
    assert len(demo.mails()) == len(demo.newsletters()) == 12
    inbox = browser.get("/demo/")
    assert inbox.count("<strong>") == 12

    path = _path_of_mail_to("goran@example.net", inbox)
    message = browser.get(path)
    assert "<button>Unsubscribe</button>" in message
    pressed = browser.press(message, f"{path}unsubscribe/")
    assert pressed.status_code == 200
    assert "One-click request accepted (200)." in pressed.text

    wait_until(demo.confirmations, what="the confirmation")
    assert demo.confirmations() == ["goran@example.net"]
    verdicts = demo.verdicts()
    assert verdicts.pop("goran@example.net") == "unsubscribed"
    assert list(verdicts.values()) == ["send"] * 11

    before = demo.mails()
    sent = browser.press(browser.get("/demo/"), "/demo/next/")
    assert sent.status_code == 200
    reached = [_to(raw) for path, raw in demo.mails().items() if path not in before]
    assert len(reached) == 11
    assert "goran@example.net" not in reached


def test_the_button_answers_every_time_and_without_delay(in_use: Demo, session: requests.Session) -> None:
    """Its view posts to its own site: a process that takes one request at a time would now and then wait for itself
    until it gives up."""
    browser = Browser(in_use, session)
    inbox = browser.get("/demo/")
    for address in in_use.newsletters():
        path = _path_of_mail_to(address, inbox)
        pressed = browser.press(browser.get(path), f"{path}unsubscribe/")
        assert pressed.status_code == 200
        assert "One-click request accepted (200)." in pressed.text
    wait_until(lambda: len(in_use.confirmations()) >= 12, what="twelve confirmations")
    assert sorted(in_use.confirmations()) == sorted(in_use.newsletters())


def test_a_wrong_url_shows_the_sites_own_page(in_use: Demo) -> None:
    for path in ("/nothing/here", "/demo/1-1/"):
        answer = request("GET", in_use.url + path)
        assert answer.status == 404
        assert "<h1>Page not found</h1>" in answer.text
        assert "DEBUG" not in answer.text


def test_a_port_that_is_taken_is_said_before_anything_is_made(demo: Demo) -> None:
    with socket.create_server(("127.0.0.1", demo.port)):
        done = demo.run()
    assert done.returncode == 1
    assert done.stderr == f"Port {demo.port} on 127.0.0.1 is already in use. Choose another port with --port.\n"
    assert done.stdout == ""
    assert not (demo.folder / "demo").exists()


def test_running_it_twice_goes_on_where_it_was(demo: Demo) -> None:
    first = demo.start()
    mails = demo.mails()
    first.stop()
    assert first.process.returncode == 0
    second = demo.start()
    try:
        assert demo.mails() == mails
        assert "Writing three months of history" in first.said
        assert "Writing three months of history" not in second.said
        assert "Sent the first newsletter" not in second.said
        link = _link(demo.newsletters()["mei@example.org"])
        assert request("GET", link).status == 200
        assert one_click(link).status == 200
        assert demo.verdicts()["mei@example.org"] == "unsubscribed"
    finally:
        second.stop()
