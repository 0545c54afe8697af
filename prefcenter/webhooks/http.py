"""POSTs to hosts on the public internet, never to this machine or its network (hosts.py says which those are).

No redirect is followed and no proxy used, and of an answer only its status is kept.
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

#: Seconds for one POST: look-up, connection, TLS, request and the head of the answer.
DEADLINE = 10.0
#: Seconds to wait for each part of the body of an answer; after them the connection is closed.
BODY = 0.2
#: Bytes of a body that are read and dropped, so that the connection can be used again.
SMALL = 4096

#: What no URL has (RFC 3986), and what programs read in different ways: blanks, controls, backslashes.
_ODD = re.compile(r"[\s\x00-\x20\x7f-\xa0\\]")
_NAMES_A_USER = re.compile(r"[^/?#]*//[^/?#]*@")
_HOST = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")


class NotSafe(NoAnswer):
    """The endpoint's URL isn't https."""

    message = "Its URL is not https, and nothing is sent in the clear."


class HostConnection:
    """A connection that is kept between POSTs to the same host. For one thread; to be closed with `close`."""

    def __init__(self) -> None:
        self._pool: HTTPConnectionPool | None = None
        self._origin: tuple[str | None, ...] = ()
        self._socket: socket.socket | None = None
        self._is_over = threading.Event()
        self._stop_at = 0.0

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The HTTP status of the answer. Raises NoAnswer without one within DEADLINE, whose text is for staff and
        doesn't hold the URL; NotPublic and NotSafe are NoAnswers too."""
        try:
            with self._deadline():
                return self._status(_parsed(url), body, headers)
        except (HTTPError, ValueError) as error:
            # Never the text of the error: it carries the URL, which may carry a secret.
            raise NoAnswer(f"No response ({self._what(error)}).") from error

    def close(self) -> None:
        """Ends the connection; a further `post` makes a new one."""
        if self._pool:
            self._pool.close()
        self._hold(None)

    def connect(self, conn: HTTPConnection) -> socket.socket:
        """The socket for a connection of urllib3. Raises NotPublic, or an HTTPError."""
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
        """Ends the connection after DEADLINE. A time-out of the socket would start anew with every byte."""
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
    """What is wrong with the URL of an endpoint, as a sentence for staff; "" if nothing is. No name is looked up, so a
    public one may still turn out to be private when something is sent."""
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
    """The parts of a URL. Raises LocationParseError, also for what another program could read as another host."""
    parts = parse_url(url)
    if _ODD.search(url) or not _HOST.fullmatch(parts.host or "") or parts.port == 0:
        raise LocationParseError("invalid URL")
    return parts


def _drop(answer: BaseHTTPResponse) -> None:
    """Reads and drops the rest of an answer. What is wrong with it costs only the connection, not the status."""
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
    """Acknowledges at once: a server that sends head and body apart holds the body back until then, and Linux takes
    40 ms for it."""
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
