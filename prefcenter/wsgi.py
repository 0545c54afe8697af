"""The WSGI entry point that `manage.py serve` hands to the web server."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application

from prefcenter.web import content_types

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prefcenter.settings")

#: How many bytes of a body that was not read are read and dropped, so that the connection can be kept.
SMALL = 64 * 1024
_CHUNK = 16 * 1024
Begin = Callable[..., Any]


class RequestBody:
    """In place of `wsgi.input`: counts how much of the body is left. Reads as the original does."""

    def __init__(self, environ: dict[str, Any]) -> None:
        self._stream = environ["wsgi.input"]
        announced = environ.get("CONTENT_LENGTH") or ""
        self._left = int(announced) if announced.isdecimal() else 0
        self._has_no_length = "HTTP_TRANSFER_ENCODING" in environ

    def read(self, size: int = -1) -> bytes:
        asked = (size,) if size >= 0 else ()
        return self._took(self._stream.read(*asked), is_end=size != 0)

    def readline(self, size: int = -1) -> bytes:
        asked = (size,) if size >= 0 else ()
        return self._took(self._stream.readline(*asked), is_end=size != 0)

    def drain(self) -> bool:
        """Reads and drops what is left, if that is at most SMALL. Returns whether nothing is left."""
        if self._left > SMALL:
            return False
        dropped = 0
        while (self._left or self._has_no_length) and dropped <= SMALL:
            dropped += len(self.read(_CHUNK))
        return not self._left and not self._has_no_length

    def _took(self, data: bytes, *, is_end: bool) -> bytes:
        self._left = max(0, self._left - len(data))
        if not data and is_end:
            self._left, self._has_no_length = 0, False
        return data


class WholeRequests:
    """Wraps the application so that a response that comes before the body was read does not break the connection.

    The rest of the body would stand where the next request should begin, and the web server would close the kept-alive
    connection with a request on its way. So the rest is read if it is small; else the response says that the connection
    closes (RFC 9112, section 9.3).
    """

    def __init__(self, application: Callable[[dict[str, Any], Begin], Iterable[bytes]]) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Begin) -> Iterable[bytes]:
        environ["wsgi.input"] = body = RequestBody(environ)

        def begin(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            ends = [] if body.drain() else [("Connection", "close")]
            return start_response(status, [*headers, *ends], *more)

        return self._application(environ, begin)


class ReadableWSGIRequest(content_types.Readable, WSGIRequest):
    """Django's request, with its Content-Type cleaned (web.content_types)."""


_handler = get_wsgi_application()
_handler.request_class = ReadableWSGIRequest
application = WholeRequests(_handler)
