"""The WSGI entry point that `manage.py serve` hands to the web server."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application

from prefcenter.web import content_types

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prefcenter.settings")

#: What of a body nobody reads is read and dropped up to this many bytes, so that the connection can be used again.
SMALL = 64 * 1024
_CHUNK = 16 * 1024
Begin = Callable[..., Any]


class RequestBody:
    """`wsgi.input`, which knows how much of it is left."""

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
        """Reads what is left if it is little. Whether nothing is left."""
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
    """An answer that is given before the body was read would be followed by the rest of the body, where the next
    request should begin: the web server then ends a kept-alive connection without a word, and a request that is on its
    way is lost. So the rest is read if it is little; else the answer says that the connection ends (RFC 9112, 9.3).
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
    """As Django makes it of the environment."""


_handler = get_wsgi_application()
_handler.request_class = ReadableWSGIRequest
application = WholeRequests(_handler)
