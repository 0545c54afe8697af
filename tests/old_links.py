"""Tokens of the first format, as the site made them until it wrote them in letters and digits alone."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import date
from hashlib import sha256
from hmac import digest
from itertools import count
from struct import pack

from django.conf import settings

from unsubscribe.links import LinkPurpose, Target

_EPOCH = date(2020, 1, 1)


def old_token(target: Target, *, purpose: LinkPurpose = LinkPurpose.UNSUBSCRIBE, today: date) -> str:
    """Version, address (40 bits), category, campaign, day of issue; 128 bits of signature; base64url."""
    address, category, campaign = target
    rest = (category or 0, campaign or 0, (today - _EPOCH).days)
    payload = pack(">BBIHIH", 1, address >> 32, address & 0xFFFFFFFF, *rest)
    key = sha256(f"unsubscribe.links.{purpose}signer{settings.SECRET_KEY}".encode()).digest()
    return urlsafe_b64encode(payload + digest(key, payload, "sha256")[:16]).decode()


def an_old_token(fits: Callable[[str], object], *, today: date, purpose: LinkPurpose = LinkPurpose.UNSUBSCRIBE) -> str:
    """The token for the first address whose token is as it is wanted."""
    tokens = (old_token(Target(number), purpose=purpose, today=today) for number in count(1))
    return next(token for token in tokens if fits(token))
