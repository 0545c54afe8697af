"""Counts the short links that were none, for each network. A right one is never counted: phones share addresses."""

from time import time

from django.conf import settings
from django.core.cache import cache

from prefcenter.link_requests import network_digest

HOUR = 3600


def count(network: str) -> int:
    """Notes one failure; 0, or in how many seconds the network may fail again. `network` is the IP address.

    On Django's database cache, of several failures in one instant one may be counted. That price is accepted: what
    keeps guessers out is the signature.
    """
    now = int(time())
    key = f"short-link-failures:{network_digest(network).hex()}:{now // HOUR}"
    cache.add(key, 0, timeout=HOUR)
    try:
        failures = cache.incr(key)
    except ValueError:  # pushed out in between
        return 0
    return HOUR - now % HOUR if failures > settings.SHORT_LINK_FAILURES_PER_HOUR else 0
