"""Connections that are used again, as proxies do: what is answered before it was read costs no other request."""

from typing import Any

import pytest

from prefcenter.wsgi import SMALL, WholeRequests

pytestmark = pytest.mark.sqlite_only


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
