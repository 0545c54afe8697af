import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from prefcenter.mail_check import Point, PointStatus, check, post_one_click
from prefcenter.mail_check.endpoint import EndpointAnswer, NoAnswerError
from tests.prefcenter.mail_check.messages import message, of, pem, private_key

pytestmark = pytest.mark.sqlite_only

PATIENCE = 0.3


class Site(ThreadingHTTPServer):
    """A web server on this machine that answers as told and remembers what it was asked."""

    daemon_threads = True

    def __init__(self, status: int, headers: dict[str, str], release: threading.Event | None = None) -> None:
        super().__init__(("127.0.0.1", 0), SilentHandler)
        self.status, self.answer_headers, self.release = status, headers, release
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []

    @property
    def link(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/u/token"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up (time-out, certificate) is what some tests are about."""


class SilentHandler(BaseHTTPRequestHandler):
    server: Site

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.command, self.path, dict(self.headers), body))
        if self.server.release:
            self.server.release.wait()
        self.send_response(self.server.status)
        for name, value in self.server.answer_headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST  # noqa: N815 (the name is http.server's)

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def site(status: int = 200, *, release: threading.Event | None = None, **headers: str) -> Iterator[Site]:
    answer_headers = {name.replace("_", "-"): value for name, value in headers.items()}
    with Site(status, answer_headers, release) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            if release:
                release.set()
            server.shutdown()
            thread.join()


def endpoint(link: str, post: Callable[[str], EndpointAnswer] = post_one_click) -> tuple[Point, Point]:
    points = check(message(List_Unsubscribe=b"List-Unsubscribe: <" + link.encode() + b">"), post=post)
    return of(points, "E4"), of(points, "E3")


def never(link: str) -> EndpointAnswer:
    raise AssertionError("posted")


def test_the_post_is_the_one_that_rfc_8058_describes() -> None:
    with site() as server:
        endpoint(server.link)

    [(method, path, headers, body)] = server.asked
    assert (method, path, body) == ("POST", "/u/token", b"List-Unsubscribe=One-Click")
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert not {"Cookie", "Authorization", "Referer", "Origin"} & set(headers)


@pytest.mark.parametrize("status", [200, 202, 204])
def test_an_answer_of_2xx_without_redirect_and_cookie_passes(status: int) -> None:
    with site(status) as server:
        acted, cookies = endpoint(server.link)

    assert (acted.outcome, cookies.outcome) == (PointStatus.PASS, PointStatus.PASS)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_fails_and_is_not_followed(status: int) -> None:
    with site(status, Location="/de/u/token") as server:
        acted, _ = endpoint(server.link)

    assert acted.outcome is PointStatus.FAIL
    assert f"redirects ({status}, to /de/u/token)" in acted.text
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 405, 429, 500, 503])
def test_any_other_answer_fails(status: int) -> None:
    with site(status) as server:
        acted, _ = endpoint(server.link)

    assert acted.outcome is PointStatus.FAIL
    assert str(status) in acted.text
    assert len(server.asked) == 1


def test_an_answer_that_sets_a_cookie_fails() -> None:
    with site(Set_Cookie="sessionid=abc; Path=/") as server:
        acted, cookies = endpoint(server.link)

    assert (acted.outcome, cookies.outcome) == (PointStatus.PASS, PointStatus.FAIL)


def test_cookies_set_once_are_not_sent_the_next_time() -> None:
    with site(Set_Cookie="sessionid=abc; Path=/") as server:
        endpoint(server.link)
        endpoint(server.link)

    assert len(server.asked) == 2
    assert "Cookie" not in server.asked[1][2]


def test_credentials_in_netrc_or_in_the_link_are_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with site() as server:
        endpoint(server.link)
        endpoint(server.link.replace("127.0.0.1", "somebody:secret@127.0.0.1"))

    assert len(server.asked) == 2
    assert all("Authorization" not in headers for _, _, headers, _ in server.asked)


def test_a_link_that_hangs_fails_with_a_sentence() -> None:
    with site(release=threading.Event()) as server:
        acted, cookies = endpoint(server.link, partial(post_one_click, timeout=PATIENCE))

    assert acted.outcome is PointStatus.FAIL
    assert "did not answer within 0.3 seconds" in acted.text
    assert cookies.outcome is PointStatus.SKIPPED


def test_a_host_that_cannot_be_reached_fails_with_a_sentence() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        acted, _ = endpoint(f"http://127.0.0.1:{unused.getsockname()[1]}/u/token")

    assert acted.outcome is PointStatus.FAIL
    assert "can’t be reached" in acted.text
    assert "token" not in acted.text


def test_a_certificate_that_nobody_vouches_for_fails_with_a_sentence(tmp_path: Path) -> None:
    with site() as server:
        server.socket = self_signed(tmp_path).wrap_socket(server.socket, server_side=True)
        acted, _ = endpoint(server.link.replace("http:", "https:"))

    assert acted.outcome is PointStatus.FAIL
    assert "certificate" in acted.text
    assert not server.asked


@pytest.mark.parametrize("link", ["https://exa..mple.com/u/token", "https://.example.com/u/token", "https://%zz/"])
def test_a_link_that_cannot_be_posted_to_fails_with_a_sentence(link: str) -> None:
    with pytest.raises(NoAnswerError) as caught:
        post_one_click(link, timeout=PATIENCE)

    assert "token" not in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        b"<http://example.com/u/token>",
        b"<mailto:u@example.com>",
        b"<https://a.example.com/u/1>, <https://b.example.com/u/2>",
        b"=?utf-8?q?=3Chttps=3A//example=2Ecom/u/token=3E?=",
    ],
)
def test_without_a_single_https_link_nothing_is_posted(value: bytes) -> None:
    points = check(message(List_Unsubscribe=b"List-Unsubscribe: " + value), post=never)

    assert {of(points, "E4").outcome, of(points, "E3").outcome} == {PointStatus.SKIPPED}


def test_without_being_asked_nothing_is_posted() -> None:
    with site() as server:
        points = check(message(List_Unsubscribe=f"List-Unsubscribe: <{server.link}>".encode()))

    assert not server.asked
    assert "--post" in of(points, "E4").text


def self_signed(folder: Path) -> ssl.SSLContext:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private_key(2048).public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(private_key(2048), hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(pem() + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
