"""Signs targets into short tokens and reads them back. It knows no database: a token only says what it names.

A token is 14 bytes of fields and 16 bytes of signature, base64url: exactly 40 characters. Short, because a
List-Unsubscribe URI of 78 characters or more becomes an RFC 2047 encoded-word in some mail generators, and
mail clients then hide the button (requirement H8).
"""

import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from hashlib import sha256
from struct import Struct
from typing import NamedTuple

from django.conf import settings
from itsdangerous import BadData, SignatureExpired, Signer, URLSafeTimedSerializer
from itsdangerous.encoding import base64_decode, base64_encode
from itsdangerous.signer import SigningAlgorithm

from . import conf
from .errors import ExpiredLink, InvalidLink
from .keyed import Keyed

_VERSION = 1
_SIGNATURE_BYTES = 16
_PAYLOAD = Struct(">BBIHIH")  # version, address (40 bits, in two parts), category, campaign, day of issue
_EPOCH = date(2020, 1, 1)
_TOKEN_LENGTH = 40
_TOKEN = re.compile(r"[A-Za-z0-9_-]{40}")
RECEIPT_SECONDS = 3600


class Purpose(StrEnum):
    """What a link is for; part of the salt, so that one kind never passes for another.

    PREFERENCES stands in newsletters, which people forward; FRESH goes to the mailbox alone, because it was asked for.
    """

    UNSUBSCRIBE = "u"
    PREFERENCES = "p"
    FRESH = "f"
    OPT_IN = "i"
    ERASE = "e"


class Target(NamedTuple):
    """What a link names. No category means everything; no campaign, that the mail belonged to none."""

    address_id: int
    category_id: int | None = None
    campaign_id: int | None = None


class Truncated(SigningAlgorithm):
    """HMAC-SHA256, its first 128 bits (RFC 2104, section 5 allows half; enough against forgery online)."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return hmac.digest(key, value, "sha256")[:_SIGNATURE_BYTES]

    def verify_signature(self, key: bytes, value: bytes, sig: bytes) -> bool:
        return len(sig) == _SIGNATURE_BYTES and hmac.compare_digest(sig, self.get_signature(key, value))


_ALGORITHM = Truncated()


def sign(target: Target, *, purpose: Purpose = Purpose.UNSUBSCRIBE, today: date) -> str:
    """The token for `target`: 40 characters of A-Z a-z 0-9 - and _."""
    address_id, *about = target
    return sign_many([address_id], Target(0, *about), purpose=purpose, today=today)[0]


def sign_many(
    address_ids: Iterable[int], about: Target, *, purpose: Purpose = Purpose.UNSUBSCRIBE, today: date
) -> list[str]:
    """The tokens for what `about` names, one for each address; its own address does not count."""
    rest = (about.category_id or 0, about.campaign_id or 0, (today - _EPOCH).days)
    digest, pack = _keyed(*_keys(), purpose).digest, _PAYLOAD.pack
    raw = []
    for address_id in address_ids:
        payload = pack(_VERSION, address_id >> 32, address_id & 0xFFFFFFFF, *rest)
        raw += [payload, digest(payload)[:_SIGNATURE_BYTES]]
    # Thirty bytes are forty characters, so that all are written at once and cut apart.
    text = urlsafe_b64encode(b"".join(raw)).decode()
    return [text[start : start + _TOKEN_LENGTH] for start in range(0, len(text), _TOKEN_LENGTH)]


def read(token: str, *, purpose: Purpose = Purpose.UNSUBSCRIBE, today: date) -> Target:
    """What `token` names, under any key that is still listed.

    An unsubscribe token never expires (CASL s.11(2) wants 60 days, we want for ever). Raises ExpiredLink for
    any other that is too old, and InvalidLink for everything else that is no token of ours.
    """
    target, issued = _verified(token, purpose)
    if purpose != Purpose.UNSUBSCRIBE and today > expires_on(purpose, issued):
        raise ExpiredLink
    return target


def expires_on(purpose: Purpose, issued: date) -> date:
    """The last day of a link that shows or starts anything (design law 6)."""
    days = {
        Purpose.PREFERENCES: conf.preferences_link_days(),
        Purpose.FRESH: conf.preferences_link_days(),
        Purpose.OPT_IN: conf.opt_in_link_days(),
        Purpose.ERASE: conf.erase_link_days(),
    }
    return issued + timedelta(days=days[purpose])


def read_expired(token: str, *, purpose: Purpose = Purpose.PREFERENCES) -> Target:
    """What a token names, however old it is: enough to stop mail, never to show or start any."""
    return _verified(token, purpose)[0]


def url(token: str, *, purpose: Purpose = Purpose.UNSUBSCRIBE) -> str:
    """The address of the page behind `token`. Raises InsecureBaseUrl."""
    return f"{conf.base_url()}/{purpose.value}/{token}"


def urls(tokens: Iterable[str], *, purpose: Purpose = Purpose.UNSUBSCRIBE) -> list[str]:
    """The same for many."""
    before = url("", purpose=purpose)
    return [before + token for token in tokens]


def unsubscribe_url(target: Target, *, today: date) -> str:
    return url(sign(target, today=today))


def preferences_url(target: Target, *, today: date) -> str:
    return purpose_url(target, Purpose.PREFERENCES, today=today)


def purpose_url(target: Target, purpose: Purpose, *, today: date) -> str:
    return url(sign(target, purpose=purpose, today=today), purpose=purpose)


def preferences_url_from(token: str) -> str:
    """The preferences beside an unsubscribe link, of the same age: an old mail shows nobody's profile."""
    target, issued = _verified(token, Purpose.UNSUBSCRIBE)
    return preferences_url(target, today=issued)


def sign_receipt(event_ids: Sequence[int]) -> str:
    """A receipt for a change just made: with it the same person may undo it, or say why, for an hour."""
    return _receipts(*_keys()).dumps(list(event_ids))


def read_receipt(receipt: str) -> list[int]:
    """The events a receipt stands for. Raises ExpiredLink after an hour, InvalidLink if it is none of ours."""
    try:
        event_ids: list[int] = _receipts(*_keys()).loads(receipt, max_age=RECEIPT_SECONDS)
    except SignatureExpired:
        raise ExpiredLink from None
    except (BadData, UnicodeError):
        raise InvalidLink from None
    return event_ids


def _verified(token: str, purpose: Purpose) -> tuple[Target, date]:
    if not _TOKEN.fullmatch(token):
        raise InvalidLink
    raw = base64_decode(token)
    payload, signature = raw[: _PAYLOAD.size], raw[_PAYLOAD.size :]
    if not _signer(*_keys(), purpose).verify_signature(payload, base64_encode(signature)):
        raise InvalidLink
    version, high, low, category, campaign, day = _PAYLOAD.unpack(payload)
    if version != _VERSION:
        raise InvalidLink
    return Target(high << 32 | low, category or None, campaign or None), _EPOCH + timedelta(days=day)


def _keys() -> tuple[str, ...]:
    """Oldest first, as itsdangerous wants them; Django lists its fallbacks newest first."""
    return (*reversed(settings.SECRET_KEY_FALLBACKS), settings.SECRET_KEY)


@cache
def _signer(*keys_and_purpose: str) -> Signer:
    *keys, purpose = keys_and_purpose
    return Signer(keys, salt=f"unsubscribe.links.{purpose}", algorithm=_ALGORITHM, digest_method=sha256)


@cache
def _keyed(*keys_and_purpose: str) -> Keyed:
    """The key that signs, derived once: deriving it costs more than signing."""
    return Keyed(_signer(*keys_and_purpose).derive_key())


@cache
def _receipts(*keys: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(list(keys), salt="unsubscribe.links.receipt", signer_kwargs={"digest_method": sha256})
