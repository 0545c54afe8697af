"""Counts the short links that were none, for each network. A right one is never counted: phones share addresses."""

import logging
from time import time

from django.conf import settings
from django.core.cache import cache

from prefcenter.pages.link_requests import network_digest

HOUR = 3600

logger = logging.getLogger(__name__)


def count(network: str) -> int:
    """Notes one failure; 0, or in how many seconds the network may fail again. `network` is the IP address.

    On Django's database cache, of several failures in one instant one may be counted. That price is accepted: what
    keeps guessers out is the signature. While the cache is away nothing is counted, for the same reason.
    """
    now = int(time())
    try:
        failures = _failures(f"short-link-failures:{network_digest(network).hex()}:{now // HOUR}")
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
