"""From which network a request comes, and how many wrong short links were tried from there. A right one is never
counted: phones share addresses."""

import logging
from ipaddress import IPv6Address, IPv6Network, ip_address
from time import time

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.http.request import split_domain_port
from django.utils.crypto import salted_hmac

HOUR = 3600

logger = logging.getLogger(__name__)


def of(request: HttpRequest) -> str:
    """The IP address of whoever asks. Of what proxies say only the last entry is believed: our own proxy wrote it."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.TRUST_PROXY_HEADERS else ""
    text = forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")
    return split_domain_port(text)[0].strip("[]") or text  # some proxies add the port


def digest(text: str) -> bytes:
    """Keyed, because there are few enough networks to try them all."""
    return salted_hmac("prefcenter.pages.link_requests", _network(text), algorithm="sha256").digest()


def _network(text: str) -> str:
    """An IPv4 address, or of an IPv6 address the /56 that a household gets. Whatever is neither shares one limit."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or IPv6Network((int(address), 56), strict=False))


def count_failure(network: str) -> int:
    """Notes one short link that was none; 0, or in how many seconds the network may fail again. `network` is the IP
    address.

    On Django's database cache, of several failures in one instant one may be counted. That price is accepted: what
    keeps guessers out is the signature. While the cache is away nothing is counted, for the same reason.
    """
    now = int(time())
    try:
        failures = _failures(f"short-link-failures:{digest(network).hex()}:{now // HOUR}")
    except Exception as error:  # of whatever kind the client of the cache raises; its text may quote the key
        logger.warning("A wrong short link was not counted: %s", type(error).__name__)
        return 0
    return HOUR - now % HOUR if failures > settings.SHORT_LINK_FAILURES_PER_HOUR else 0


def _failures(key: str) -> int:
    cache.add(key, 0, timeout=HOUR)
    try:
        return cache.incr(key)
    except ValueError:  # pushed out in between
        return 0
