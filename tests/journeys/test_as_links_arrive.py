"""Links and bodies as they come over the wire, to a site that `serve` runs: glued on, in chunks, broken off."""

import http.client
import socket
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest

from prefcenter.wsgi import SMALL
from tests.journeys.site import Running, Site, new_site
from tests.services import PATIENCE, wait_until

pytestmark = [pytest.mark.sqlite_only, pytest.mark.starts_first]

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"
ONE_CLICK = b"List-Unsubscribe=One-Click"
ONE_CLICK_PARTS = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
LESS_PARTS = (
    b'--x\r\nContent-Disposition: form-data; name="do"\r\n\r\nless\r\n'
    b'--x\r\nContent-Disposition: form-data; name="frequency"\r\n\r\nweekly\r\n--x--\r\n'
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with new_site(tmp_path_factory.mktemp("site"), EMAIL_URL="consolemail://") as site:
        yield site


@pytest.fixture(scope="module", autouse=True)
def running(site: Site) -> Iterator[Running]:
    running = site.start()
    yield running
    running.stop()


def raw(link: str, head: Iterable[str], body: bytes = b"", *, closes: bool = False, path: str = "") -> tuple[int, str]:
    """One request, byte by byte as it is given here: status and page. 0 where the connection ends without an answer."""
    parts = urlsplit(link)
    lines = [f"POST {path or parts.path} HTTP/1.1", f"Host: {parts.netloc}", "Connection: close", *head, "", ""]
    with closing(socket.create_connection((parts.hostname or "", parts.port or 80), timeout=PATIENCE)) as connection:
        connection.sendall("\r\n".join(lines).encode() + body)
        if closes:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    status, _, rest = answer.partition(b"\r\n")
    return int(status.split()[1]) if answer else 0, rest.decode(errors="replace")


def in_chunks(body: bytes, *, size: int = 5) -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in [*pieces, b""])


def chunked(link: str, body: bytes, content_type: str = URLENCODED, *, size: int = 5) -> tuple[int, str]:
    head = ["Transfer-Encoding: chunked", *([f"Content-Type: {content_type}"] if content_type else [])]
    return raw(link, head, in_chunks(body, size=size))


@pytest.mark.parametrize(
    ("address", "body", "content_type"),
    [
        ("urlencoded", ONE_CLICK, URLENCODED),
        ("multipart", ONE_CLICK_PARTS, MULTIPART),
        ("empty", b"", URLENCODED),
        ("nothing", b"", ""),
        ("json", b"{}", "application/json"),
        ("garbage", b"garbage", MULTIPART),
    ],
)
def test_a_one_click_in_chunks_acts(address: str, body: bytes, content_type: str, site: Site) -> None:
    address = f"{address}@chunks.example"
    assert chunked(site.link(address), body, content_type)[0] == 200
    assert site.verdict(address) == "unsubscribed"


@pytest.mark.parametrize(("body", "content_type"), [(b"do=less&frequency=weekly", URLENCODED), (LESS_PARTS, MULTIPART)])
@pytest.mark.parametrize("size", [1, 7, 4096])
def test_less_often_in_chunks_is_less_often(body: bytes, content_type: str, size: int, site: Site) -> None:
    address = f"less-{len(body)}-{size}@chunks.example"
    status, page = chunked(site.link(address), body, content_type, size=size)
    assert (status, "at most once a week" in page) == (200, True)
    assert site.verdict(address) == "send"


def test_a_pause_in_chunks_is_a_pause(site: Site) -> None:
    address = "pause@chunks.example"
    assert chunked(site.link(address), b"do=pause&days=30")[0] == 200
    assert site.verdict(address) == "paused"


def test_the_preference_center_reads_chunks_as_well(site: Site) -> None:
    address = "preferences@chunks.example"
    link = site.audience([address])[address]["preferences_url"]
    assert chunked(link, b"do=everything")[0] == 200
    assert site.verdict(address, category="offers") == "suppressed"
    assert chunked(link, ONE_CLICK)[0] == 400


def test_the_limit_holds_for_what_is_read(site: Site) -> None:
    address = "large@chunks.example"
    link = site.link(address)
    assert chunked(link, b"x" * 70_000, size=1000)[0] == 413
    assert chunked(link, b"do=less&frequency=weekly&x=" + b"x" * 70_000, size=1000)[0] == 413
    assert site.verdict(address) == "send"
    assert chunked(link, b"x=" + b"x" * 60_000, size=1000)[0] == 200
    assert site.verdict(address) == "unsubscribed"


@pytest.mark.parametrize("sent", [b"", b"d", b"do=le"])
def test_a_body_that_is_shorter_than_was_announced_changes_nothing(sent: bytes, site: Site) -> None:
    address = f"broken-{len(sent)}@chunks.example"
    link = site.link(address)
    status, _ = raw(link, ["Content-Length: 24", f"Content-Type: {URLENCODED}"], sent, closes=True)
    assert status in {0, 400}
    assert site.verdict(address) == "send"


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/u/{}.",
            "/u/{}%20",
            "/u/{}%0D%0A",
            "/u/{}%E2%80%8B",
            "/u/{}%C2%A0",
            "/u/{}%A0",
            "/u/{}%00",
            "/u/{}=",
            "/u/{}/",
        ),
        *(
            "/u/{}/foo/bar",
            "/u/{}&utm_source=x",
            "/u/{}?utm_source=x",
            "/u/{}%2520",
            "/u/%20{}",
            "/u/%3C{}%3E",
            "/u//{}",
        ),
        *(
            "//u/{}",
            "/U/{}",
            "///U//{}/",
            "/u/{}%2F",
            "/u/{};x=1",
            "/u/{}%ff%fe",
            "/u/{}'",
            "/u/{})",
            "/u/{}*",
            "/u/{}|",
        ),
    ],
)
def test_a_one_click_acts_whatever_is_glued_on(path: str, site: Site, link_of_glued: str) -> None:
    token = urlsplit(link_of_glued).path.removeprefix("/u/")
    head = ["Content-Length: 26", f"Content-Type: {URLENCODED}"]
    for one in (token, token.lower(), f"{token[:20]}=%0D%0A{token[20:]}"):
        status, answer = raw(link_of_glued, head, ONE_CLICK, path=path.format(one))
        assert status == 200, path
        assert "set-cookie" not in answer.lower()


@pytest.fixture(scope="module")
def link_of_glued(site: Site) -> str:
    return site.link("glued@chunks.example")


def test_the_log_names_no_token(site: Site, link_of_glued: str) -> None:
    token = urlsplit(link_of_glued).path.removeprefix("/u/")
    for path in (f"/u/{token}x", f"/u/x{token}%20{token}", f"/p/{token}", f"//U/{token[:20]}%20{token[20:]}a"):
        assert raw(link_of_glued, ["Content-Length: 0"], path=path)[0] in {400, 404}
    wait_until(lambda: "Not Found" in site.log.read_text(), what="the line in the log")
    assert token not in site.log.read_text()
    assert token[20:] not in site.log.read_text()


#: Answered before the body is read: nothing there, no token, no CSRF token, no key, too large, no such file.
EARLY = [
    "/nothing",
    "/u/x",
    "/accounts/login/code/",
    "/preferences/",
    "/api/v1/audience",
    "/static/x.css",
    "/admin/login/",
]
SIZES = [10, 5000, SMALL, SMALL + 1, 1_200_000]


def test_a_one_click_after_an_answer_that_came_early_is_answered(site: Site) -> None:
    """Connections that are used again, as proxies do: what is answered before it was read costs no other request."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=PATIENCE)
    statuses = set()
    for path in EARLY:
        for size in SIZES:
            for body in (b"x" * size, iter([b"x" * 1000] * (size // 1000 + 1))):
                try:
                    statuses.add(answer(connection, path, body))
                except OSError:
                    assert size > SMALL, "the server has answered and closed while we were still sending"
                    connection.close()
                # A connection that was closed unannounced fails here: http.client opens a new one only after "close".
                assert answer(connection, "/u/" + "a" * 40, b"List-Unsubscribe=One-Click") == 404
    connection.close()
    assert {403, 404, 411, 413} <= statuses


def answer(connection: http.client.HTTPConnection, path: str, body: Any) -> int:
    connection.request("POST", path, body, {"Content-Type": URLENCODED, "Host": "localhost"})
    got = connection.getresponse()
    got.read()
    return got.status
