"""Connections that are used again, as proxies do: what is answered before it was read costs no other request."""

import http.client
from collections.abc import Iterator
from typing import Any

import pytest

from prefcenter.wsgi import SMALL, WholeRequests
from tests.prefcenter.test_serve import Serve, environment, migrated, port, pytestmark, serve  # noqa: F401 - fixtures
from tests.prefcenter.test_serve import pytestmark as linux

pytestmark = linux  # type: ignore[no-redef]  # noqa: F811
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Host": "localhost"}
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


def chunks(size: int) -> Iterator[bytes]:
    yield from (b"x" * 1000 for _ in range(size // 1000 + 1))


def test_a_one_click_after_an_answer_that_came_early_is_answered(serve: Serve, port: int) -> None:  # noqa: F811
    serve()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    statuses = set()
    for path in EARLY:
        for size in SIZES:
            for body in (b"x" * size, chunks(size)):
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
    connection.request("POST", path, body, FORM)
    got = connection.getresponse()
    got.read()
    return got.status


class Stream:
    """`wsgi.input` of a web server that ends it where the body ends."""

    def __init__(self, body: bytes) -> None:
        self.left = body

    def read(self, size: int = -1) -> bytes:
        end = len(self.left) if size < 0 else size
        taken, self.left = self.left[:end], self.left[end:]
        return taken

    readline = read


@pytest.mark.parametrize(
    ("headers", "size", "is_read", "says_close", "left"),
    [
        ({"CONTENT_LENGTH": "0"}, 0, False, False, 0),
        ({}, 0, False, False, 0),
        ({"CONTENT_LENGTH": "100"}, 100, False, False, 0),
        ({"CONTENT_LENGTH": "100"}, 100, True, False, 0),
        ({"CONTENT_LENGTH": "100"}, 40, False, False, 0),
        ({"CONTENT_LENGTH": str(SMALL)}, SMALL, False, False, 0),
        ({"CONTENT_LENGTH": str(SMALL + 1)}, SMALL + 1, False, True, SMALL + 1),
        ({"CONTENT_LENGTH": str(SMALL + 1)}, SMALL + 1, True, False, 0),
        ({"CONTENT_LENGTH": "many"}, 0, False, False, 0),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, 100, False, False, 0),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, 100, True, False, 0),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, 10 * SMALL, False, True, None),
    ],
)
def test_what_is_left_of_a_body_is_read_or_the_connection_ends(
    headers: dict[str, str], size: int, is_read: bool, says_close: bool, left: int | None
) -> None:
    stream, begun = Stream(b"x" * size), []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if is_read:
            environ["wsgi.input"].read()
        start_response("404 Not Found", [("X", "y")])
        return [b""]

    WholeRequests(application)({"wsgi.input": stream} | headers, lambda *said: begun.append(said))
    [(_, sent)] = begun
    assert (("Connection", "close") in sent) == says_close
    assert left is None or len(stream.left) == left
