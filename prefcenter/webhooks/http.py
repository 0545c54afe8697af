"""POSTs to hosts on the public internet and to no other: not to this machine, not to its neighbours.

The host's addresses are looked up once for each connection, checked, all of them, and connected to as they are, one
after the other: a name that means something else a moment later leads nowhere. It follows no redirect, uses no proxy,
and keeps of an answer its status.
"""

import re
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import certifi
from django.conf import settings
from urllib3 import Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, LocationParseError, NewConnectionError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Url, create_urllib3_context, parse_url

from .hosts import CONNECT, NoAnswer, NotPublic, connected, is_global, is_name

#: Seconds for everything together.
DEADLINE = 10.0
#: Seconds: what has not come of the body by then is not worth keeping the connection for.
BODY = 0.2
#: A body up to this, in bytes, is read and dropped, so that the connection can be used again.
SMALL = 4096

#: What no URL has (RFC 3986), and what programs read in different ways: blanks, controls, backslashes.
_ODD = re.compile(r"[\s\x00-\x20\x7f-\xa0\\]")
_NAMES_A_USER = re.compile(r"[^/?#]*//[^/?#]*@")
_HOST = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")


class NotSafe(NoAnswer):
    """The endpoint's URL isn't https."""

    message = "Its URL is not https, and nothing is sent in the clear."


class HostConnection:
    """One connection to one host after the other, kept between two POSTs. For one thread; `close` it."""

    def __init__(self) -> None:
        self._pool: HTTPConnectionPool | None = None
        self._origin: tuple[str | None, ...] = ()
        self._socket: socket.socket | None = None
        self._is_over = threading.Event()
        self._stop_at = 0.0

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status of the answer, if it comes within DEADLINE in all. Raises NoAnswer."""
        try:
            with self._deadline():
                return self._status(_parsed(url), body, headers)
        except (HTTPError, ValueError) as error:
            # Never the text of the error: it carries the URL, which may carry a secret.
            raise NoAnswer(f"No response ({self._what(error)}).") from error

    def close(self) -> None:
        if self._pool:
            self._pool.close()
        self._hold(None)

    def connect(self, conn: HTTPConnection) -> socket.socket:
        """What urllib3 connects with."""
        made = connected(conn, stop_at=self._stop_at)
        # A copy: TLS takes the socket itself away, and both ends of the copy end the same connection.
        self._hold(made.dup())
        if self._is_over.is_set():
            made.close()
            raise NewConnectionError(conn, "Too late")
        return made

    def _status(self, url: Url, body: bytes, headers: Mapping[str, str]) -> int:
        answer = self._pool_to(url).urlopen(
            "POST",
            url.request_uri,
            body=body,
            headers=dict(headers),
            timeout=Timeout(connect=CONNECT, read=DEADLINE),
            redirect=False,
            retries=False,
            preload_content=False,
        )
        is_whole = not self._is_over.is_set()
        _drop(answer)
        if not is_whole:  # what was cut off looks like the end of the headers
            raise HTTPError
        return answer.status

    def _pool_to(self, url: Url) -> HTTPConnectionPool:
        origin = (url.scheme, url.host, str(url.port))
        if self._pool is None or origin != self._origin:
            self.close()
            self._pool, self._origin = _pool(url, self), origin
        return self._pool

    @contextmanager
    def _deadline(self) -> Iterator[None]:
        """A limit for each read would start again with every byte."""
        self._is_over.clear()
        self._stop_at = time.monotonic() + DEADLINE
        timer = threading.Timer(DEADLINE, self._end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    def _end(self) -> None:
        self._is_over.set()
        if held := self._socket:
            try:
                held.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it has ended by itself

    def _hold(self, held: socket.socket | None) -> None:
        before, self._socket = self._socket, held
        if before:
            before.close()

    def _what(self, error: Exception) -> str:
        return "it took too long" if self._is_over.is_set() else type(error).__name__


def why_not(url: str) -> str:
    """What is wrong with a URL that somebody wants to have things sent to; "" if nothing is. It looks nothing up."""
    try:
        parts = _parsed(url)
    except LocationParseError:
        return "Enter a full URL with a host, without spaces or backslashes."
    if parts.auth or _NAMES_A_USER.match(url):
        return "Leave the user name and password out of the URL: webhooks are authenticated by their signature."
    if settings.WEBHOOKS_ALLOW_PRIVATE:
        return ""
    if parts.scheme != "https":
        return "Use https."
    host = (parts.host or "").strip("[]").rstrip(".").lower()
    try:
        is_public = is_global(host)
    except ValueError:  # a name, which is looked up when something is sent
        is_public = is_name(host) and host != "localhost" and not host.endswith(".localhost")
    return "" if is_public else str(NotPublic())


def _parsed(url: str) -> Url:
    """Raises LocationParseError also for what another program could read as another host."""
    parts = parse_url(url)
    if _ODD.search(url) or not _HOST.fullmatch(parts.host or "") or parts.port == 0:
        raise LocationParseError("invalid URL")
    return parts


def _drop(answer: BaseHTTPResponse) -> None:
    """The status is known; whatever is wrong with the body, or missing, costs no more than the connection."""
    try:
        # Without a socket the connection ends with this answer anyway.
        if sock := getattr(answer.connection, "sock", None):
            _acknowledge(sock)
            sock.settimeout(BODY)
            answer.read(SMALL, decode_content=False)
    except (HTTPError, OSError):
        pass
    finally:
        answer.close()


def _acknowledge(sock: socket.socket) -> None:
    """Who sends head and body apart holds the body back until the head is acknowledged, for which Linux takes 40 ms."""
    if hasattr(socket, "TCP_QUICKACK"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


class _PublicHTTP(HTTPConnection):
    def __init__(self, *args: Any, way: HostConnection, **options: Any) -> None:
        super().__init__(*args, **options)
        self._way = way

    def _new_conn(self) -> socket.socket:
        return self._way.connect(self)


class _PublicHTTPS(_PublicHTTP, HTTPSConnection):
    pass


def _pool(url: Url, way: HostConnection) -> HTTPConnectionPool:
    if not url.host or url.scheme not in {"http", "https"}:
        raise ValueError("no web address")
    if url.scheme == "https":
        context = create_urllib3_context()
        context.load_verify_locations(certifi.where())
        secure = HTTPSConnectionPool(url.host, url.port, maxsize=1, ssl_context=context, way=way)
        secure.ConnectionCls = _PublicHTTPS
        return secure
    if not settings.WEBHOOKS_ALLOW_PRIVATE:
        raise NotSafe
    plain = HTTPConnectionPool(url.host, url.port, maxsize=1, way=way)
    plain.ConnectionCls = _PublicHTTP
    return plain
