"""Which hosts are on the public internet, and connections to them.

A name is looked up once, all its addresses must be public, and only those are connected to: so a name that leads
elsewhere a moment later (DNS rebinding) reaches nothing private.
"""

import ipaddress
import socket
import threading
import time
from concurrent.futures import Future

from django.conf import settings
from urllib3.connection import HTTPConnection
from urllib3.exceptions import NameResolutionError, NewConnectionError
from urllib3.util import connection

#: Seconds to connect to one address.
CONNECT = 5.0
#: What is not global, after IANA's registries of special-purpose addresses. A list of our own, because
#: Python's `is_global` differs from one version to the next.
_NOT_GLOBAL = [
    ipaddress.ip_network(one)
    for one in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        # Of what is given out to the internet (RFC 4291, 2.4): protocols such as Teredo, and examples.
        *("2001::/23", "2001:db8::/32", "3fff::/20"),
    )
]
_GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")


class NoAnswer(Exception):
    """The receiver didn't answer in time, or can't be reached. `str()` is what the endpoint's page shows."""

    message = "It does not answer."

    def __str__(self) -> str:
        return " ".join(map(str, self.args)) or self.message


class NotPublic(NoAnswer):
    """One of the addresses of its name isn't on the public internet, so nothing was sent (SSRF)."""

    message = "Its host is a private or local one, where nothing is sent to."


def is_global(address: str) -> bool:
    """Whether an IP address, as text, is reachable from the whole internet. IPv4 mapped into IPv6, or behind 6to4, is
    judged as IPv4; Teredo and NAT64, whose target others decide, are not global. Raises ValueError for a name."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if plain := ip.ipv4_mapped or ip.sixtofour:
            ip = plain
        elif ip not in _GLOBAL_IPV6:
            return False
    return not any(ip in network for network in _NOT_GLOBAL if network.version == ip.version)


def is_name(host: str) -> bool:
    """Whether a host can only be a name. What ends in a number is an IPv4 address, and resolvers read some spellings of
    one that `ipaddress` does not: 127.1, 0x7f000001, 017700000001 (inet_aton(3); URL Standard, section 3.5)."""
    last = host.rstrip(".").rpartition(".")[2].lower()
    return not (last.isdigit() or last.startswith("0x")) and ":" not in host


def connected(conn: HTTPConnection, *, stop_at: float) -> socket.socket:
    """A socket connected to the first address of the host that accepts, with the time-out for TLS set.

    stop_at: by time.monotonic; looking up and connecting end then, and each address gets its share of the time

    Raises NotPublic, or an HTTPError of urllib3 where the name can't be looked up or no address accepts. Under
    WEBHOOKS_ALLOW_PRIVATE any address will do.
    """
    if not settings.WEBHOOKS_ALLOW_PRIVATE and not _may_be_public(conn.host):
        raise NotPublic
    try:
        addresses = _addresses(conn.host, conn.port, stop_at=stop_at)
    except (OSError, UnicodeError) as error:
        raise NameResolutionError(conn.host, conn, socket.gaierror()) from error
    if not settings.WEBHOOKS_ALLOW_PRIVATE and not all(map(is_global, addresses)):
        raise NotPublic
    for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
        if made := _connected_to(address, conn, seconds=min(CONNECT, _seconds_to(stop_at) / left)):
            made.settimeout(CONNECT)  # for TLS
            return made
    raise NewConnectionError(conn, "No connection")


def _may_be_public(host: str) -> bool:
    try:
        return is_global(host.strip("[]").rstrip("."))
    except ValueError:  # a name, which is looked up
        return is_name(host)


def _connected_to(address: str, conn: HTTPConnection, *, seconds: float) -> socket.socket | None:
    if not seconds:
        return None
    try:
        return connection.create_connection((address, conn.port), seconds, socket_options=conn.socket_options)
    except OSError:
        return None


def _addresses(host: str, port: int, *, stop_at: float) -> list[str]:
    """The IP addresses of a host, looked up in a thread: a lookup can't be aborted, but a thread can be left behind."""
    answer: Future[list[str]] = Future()

    def look_up() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answer.set_result([str(one[4][0]) for one in found])
        except (OSError, UnicodeError) as error:
            answer.set_exception(error)

    threading.Thread(target=look_up, daemon=True).start()
    return answer.result(_seconds_to(stop_at))


def _seconds_to(stop_at: float) -> float:
    return max(0.0, stop_at - time.monotonic())
