"""Signs targets into short tokens and reads them back; whether the rows they name exist is for queries.

A token is 13 bytes of fields and 12 bytes of signature, base32: exactly 40 letters and digits, the same in upper and
lower case. Short, because a List-Unsubscribe URI of 78 characters or more becomes an RFC 2047 encoded-word in some
mail generators, and mail clients then hide the button (requirement H8). Written in upper case, as RFC 4648 has it and
QR codes have it smallest; short links, which are typed on phones, in lower case.

Tokens of the first format stay valid for ever: 14 bytes and 16 of signature, base64url, 40 characters as well.
"""

import hmac
import struct
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from hashlib import sha256
from struct import Struct
from typing import NamedTuple

from django.conf import settings
from itsdangerous import BadData, SignatureExpired, Signer, URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode
from itsdangerous.signer import SigningAlgorithm

from .. import conf
from ..choices import OneClickScope
from ..errors import ExpiredLink, InvalidLink, TooLargeForLink
from . import base32, token_text


class _Format(NamedTuple):
    """How a token is made up: its first byte, its fields, and the number of bytes of its signature."""

    version: int
    fields: Struct
    signature_bytes: int


#: version, address (40 bits, in two parts), category, campaign (24 bits, in two parts), day of issue
_FORMAT = _Format(2, Struct(">BBIHBHH"), 12)
#: version, address (40 bits, in two parts), category, campaign, day of issue
_FIRST_FORMAT = _Format(1, Struct(">BBIHIH"), 16)
#: The id of a models.ShortLink. 48 bits of signature are enough because failures are rate limited by network.
_SHORT_FORMAT = _Format(0, Struct(">I"), 6)
_EPOCH = date(2020, 1, 1)
_TOKEN_LENGTH = 40
_SHORT_LENGTH = 16
_MOST_CAMPAIGNS = 1 << 24
RECEIPT_SECONDS = 3600
#: The path of short links, and part of their salt; not a LinkPurpose, because their token names a row.
SHORT = "s"


class LinkPurpose(StrEnum):
    """What a link is for: its path, and part of the salt, so that a token of one kind is not valid as another."""

    #: Stops a category, or everything; never expires (law 6).
    UNSUBSCRIBE = "u"
    #: Shows the preferences. The first stands in newsletters, which people forward; the second was asked for.
    PREFERENCES = "p"
    FRESH = "f"
    #: Each answers a question: whether to opt in, whether to erase, whose a joined address is (law 11).
    OPT_IN = "i"
    ERASE = "e"
    JOIN = "j"


class Target(NamedTuple):
    """What a link names, by the ids of rows; whether they exist is not looked up.

    category_id: None is everything
    campaign_id: None where the message belonged to no campaign
    """

    address_id: int
    category_id: int | None = None
    campaign_id: int | None = None


class Truncated(SigningAlgorithm):
    """The first bytes of an HMAC-SHA256: 96 bits or more in links (RFC 2104, section 5 asks for 80 at least)."""

    def __init__(self, length: int) -> None:
        self._length = length

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return hmac.digest(key, value, "sha256")[: self._length]

    def verify_signature(self, key: bytes, value: bytes, sig: bytes) -> bool:
        return hmac.compare_digest(sig, self.get_signature(key, value))


def sign(target: Target, *, purpose: LinkPurpose = LinkPurpose.UNSUBSCRIBE, today: date) -> str:
    """The token for `target`, issued `today`: 40 characters of A-Z and 2-7. Raises TooLargeForLink."""
    address_id, *about = target
    return sign_many([address_id], Target(0, *about), purpose=purpose, today=today)[0]


def sign_many(
    address_ids: Iterable[int], about: Target, *, purpose: LinkPurpose = LinkPurpose.UNSUBSCRIBE, today: date
) -> list[str]:
    """The tokens for the category and campaign of `about`, one for each address, in their order, issued `today`.

    A campaign beyond 24 bits is left out: the link works, but figures by campaign miss it.
    Raises TooLargeForLink for an address beyond 40 bits or a category beyond 16.
    """
    campaign = about.campaign_id or 0
    campaign = campaign if campaign < _MOST_CAMPAIGNS else 0
    rest = (about.category_id or 0, campaign >> 16, campaign & 0xFFFF, (today - _EPOCH).days)
    key, pack = _key(*_keys(), purpose), _FORMAT.fields.pack
    raw = []
    try:
        for address_id in address_ids:
            payload = pack(_FORMAT.version, address_id >> 32, address_id & 0xFFFFFFFF, *rest)
            raw += [payload, hmac.digest(key, payload, "sha256")[: _FORMAT.signature_bytes]]
    except struct.error:
        raise TooLargeForLink from None
    return _cut(base32.encode(b"".join(raw)), _TOKEN_LENGTH)


def sign_short(numbers: Iterable[int]) -> list[str]:
    """The short token for each of these rows, in their order: 16 characters of a-z and 2-7. Raises TooLargeForLink."""
    key, pack = _key(*_keys(), SHORT), _SHORT_FORMAT.fields.pack
    try:
        payloads = [pack(number) for number in numbers]
    except struct.error:
        raise TooLargeForLink from None
    signatures = (hmac.digest(key, payload, "sha256")[: _SHORT_FORMAT.signature_bytes] for payload in payloads)
    raw = b"".join(payload + signature for payload, signature in zip(payloads, signatures, strict=True))
    return _cut(base32.encode(raw).lower(), _SHORT_LENGTH)


def _cut(text: str, length: int) -> list[str]:
    """One text of equally long tokens, cut into tokens."""
    return [text[start : start + length] for start in range(0, len(text), length)]


def read(token: str, *, purpose: LinkPurpose = LinkPurpose.UNSUBSCRIBE, today: date) -> Target:
    """What `token` names, if it was signed for `purpose` with SECRET_KEY or one of its fallbacks.

    token: as it came in the link or in a mailbox's name, in any letter case, with what was glued on (token_text)

    An unsubscribe token never expires (law 6, requirement E8). Raises ExpiredLink for any other that is too old, and
    InvalidLink for whatever is not a token of this purpose.
    """
    target, issued_on = verified(token, purpose=purpose)
    if has_expired(purpose, issued_on, today=today):
        raise ExpiredLink
    return target


def verified(token: str, *, purpose: LinkPurpose) -> tuple[Target, date]:
    """What `token` names, however old it is, and the day on which it was issued: enough to stop mail, never to show or
    start any.

    Raises InvalidLink unless exactly one reading is signed; ten signatures are looked at, at most.
    """
    signed = [_unpacked(form, raw) for form, raw in _readings(token) if _is_signed(form, raw, purpose)]
    if len(signed) != 1:
        raise InvalidLink
    return signed[0]


def has_expired(purpose: LinkPurpose, issued_on: date, *, today: date) -> bool:
    """Whether a link of that day is too old to show or start anything; one to unsubscribe never is (law 6)."""
    return purpose != LinkPurpose.UNSUBSCRIBE and today > expires_on(purpose, issued_on)


def expires_on(purpose: LinkPurpose, issued: date) -> date:
    """The last day of a link that shows or starts anything (law 6). Raises KeyError for UNSUBSCRIBE."""
    days = {
        LinkPurpose.PREFERENCES: conf.preferences_link_days(),
        LinkPurpose.FRESH: conf.preferences_link_days(),
        LinkPurpose.OPT_IN: conf.opt_in_link_days(),
        LinkPurpose.ERASE: conf.erase_link_days(),
        LinkPurpose.JOIN: conf.opt_in_link_days(),
    }
    return issued + timedelta(days=days[purpose])


def read_short(token: str) -> int:
    """The id of the models.ShortLink that a short token names, read as leniently as `read`. Raises InvalidLink."""
    for raw in _decoded(token_text.token(token, length=_SHORT_LENGTH)):
        if _is_signed(_SHORT_FORMAT, raw, SHORT):
            [number] = _SHORT_FORMAT.fields.unpack(raw[: _SHORT_FORMAT.fields.size])
            return int(number)
    raise InvalidLink


def asked_for(target: Target) -> Target:
    """What an unsubscribe link stops, by one-click and on the page alike: the category it names, or everything where
    UNSUBSCRIBE_ONE_CLICK_SCOPE says so (requirement E9)."""
    is_everything = conf.one_click_scope() == OneClickScope.EVERYTHING
    return target._replace(category_id=None) if is_everything else target


def short_urls(tokens: Iterable[str]) -> list[str]:
    """The URLs of these short tokens, in their order, for text messages and the like. Raises InsecureBaseUrl."""
    before = f"{conf.base_url()}/{SHORT}/"
    return [before + token for token in tokens]


def url(token: str, *, purpose: LinkPurpose = LinkPurpose.UNSUBSCRIBE) -> str:
    """The URL of `token`. Raises InsecureBaseUrl."""
    return f"{conf.base_url()}/{purpose.value}/{token}"


def urls(tokens: Iterable[str], *, purpose: LinkPurpose = LinkPurpose.UNSUBSCRIBE) -> list[str]:
    """The URLs of these tokens, in their order. Raises InsecureBaseUrl."""
    before = url("", purpose=purpose)
    return [before + token for token in tokens]


def unsubscribe_url(target: Target, *, today: date) -> str:
    """The link for List-Unsubscribe and the body; it never expires. Raises InsecureBaseUrl and TooLargeForLink."""
    return url(sign(target, today=today))


def preferences_url(target: Target, *, today: date) -> str:
    """The link to the preference center, issued `today`: see expires_on. Raises as unsubscribe_url."""
    return purpose_url(target, LinkPurpose.PREFERENCES, today=today)


def purpose_url(target: Target, purpose: LinkPurpose, *, today: date) -> str:
    """The link for any purpose, issued `today`. Raises as unsubscribe_url."""
    return url(sign(target, purpose=purpose, today=today), purpose=purpose)


def sign_receipt(event_ids: Sequence[int]) -> str:
    """With it the contact may undo these consent events, or say why, for RECEIPT_SECONDS."""
    return _receipts(*_keys()).dumps(list(event_ids))


def read_receipt(receipt: str) -> list[int]:
    """The ids of the consent events. Raises ExpiredLink after RECEIPT_SECONDS, InvalidLink for what is no receipt."""
    try:
        event_ids: list[int] = _receipts(*_keys()).loads(receipt, max_age=RECEIPT_SECONDS)
    except SignatureExpired:
        raise ExpiredLink from None
    except (BadData, UnicodeError):
        raise InvalidLink from None
    return event_ids


def _readings(text: str) -> Iterator[tuple[_Format, bytes]]:
    """Each text that may be the token, by both formats: one of the first format may have letters and digits only."""
    yield from ((_FORMAT, raw) for raw in _decoded(token_text.token(text, length=_TOKEN_LENGTH)))
    yield from ((_FIRST_FORMAT, urlsafe_b64decode(one)) for one in token_text.old_tokens(text))


def _decoded(token: str) -> Iterator[bytes]:
    try:
        yield base32.decode(token)
    except ValueError:  # a letter or digit that base32 does not have
        return


def _is_signed(form: _Format, raw: bytes, purpose: str) -> bool:
    payload, signature = raw[: form.fields.size], raw[form.fields.size :]
    if form.version and payload[:1] != bytes([form.version]):
        return False
    return _signer(*_keys(), purpose, length=form.signature_bytes).verify_signature(payload, base64_encode(signature))


def _unpacked(form: _Format, raw: bytes) -> tuple[Target, date]:
    _version, high, low, category, *campaign, day = form.fields.unpack(raw[: form.fields.size])
    named = campaign[0] << 16 | campaign[1] if form is _FORMAT else campaign[0]
    return Target(high << 32 | low, category or None, named or None), _EPOCH + timedelta(days=day)


def _keys() -> tuple[str, ...]:
    """Oldest first, as itsdangerous wants them; Django lists its fallbacks newest first."""
    return (*reversed(settings.SECRET_KEY_FALLBACKS), settings.SECRET_KEY)


@cache
def _signer(*keys_and_purpose: str, length: int) -> Signer:
    *keys, purpose = keys_and_purpose
    return Signer(keys, salt=f"unsubscribe.links.{purpose}", algorithm=Truncated(length), digest_method=sha256)


@cache
def _key(*keys_and_purpose: str) -> bytes:
    """The derived key that signs, cached because deriving it takes longer than signing."""
    return _signer(*keys_and_purpose, length=_FORMAT.signature_bytes).derive_key()


@cache
def _receipts(*keys: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(list(keys), salt="unsubscribe.links.receipt", signer_kwargs={"digest_method": sha256})
