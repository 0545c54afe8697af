"""Normalises, masks and digests addresses. No address is ever in an error message (law 10).

Imports, the API, the admin, the pages and the guarded backend all read addresses with `normalise`, `values` or
`mailbox`, so that each is read the same way everywhere.
"""

import hmac
import re
import unicodedata
from collections.abc import Callable, Iterable
from contextlib import suppress
from email.errors import HeaderParseError
from email.headerregistry import parser  # type: ignore[attr-defined]  # as django.core.mail.message does
from hashlib import sha256
from typing import NamedTuple

import idna
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from .. import channels, conf
from ..channels import Channel, Kind
from ..errors import InvalidAddress
from . import spellings

# Possessive, because what follows an atom is never part of one.
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]++"
_DOT_ATOM = re.compile(rf"{_ATOM}(?:\.{_ATOM})*+")
_ATOMS_AND_DOTS = re.compile(rf"\.*+(?:{_ATOM}\.*+)++")
_PLAIN_EMAIL = re.compile(
    rf"(?!(?:[*.]+|%+)@){_DOT_ATOM.pattern}" + r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!xn--)[a-z]{2,63}"
)
#: What other systems write before the @ for a whole domain: `*`, `**`, `*.*`, `.*`, and SQL's `%`.
EVERYBODY = r"(?:(?=\.*\*)[.*]+|%+)"
_EVERYBODY = re.compile(EVERYBODY)
#: To translate characters that look like a star or a percent sign.
STARS = str.maketrans("\ufe61\u2217\u204e\uff0a\uff05\ufe6a\u066a", "****%%%")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_PHONE_PUNCTUATION = re.compile(r"[\s().\-/\u00a0\u2010-\u2015]")
_GLUED = "[\u00a0\u2007\u202f]"
_WORD = r"""[^\s<>()\[\]{}"',;:=@\uff20\ufe6b]+"""
# Spaces at the @ are read, too (spellings.bare_email), but "at 10 @ home" is no address.
_AT = rf"(?:[^\S\r\n]{{0,3}}[@\uff20\ufe6b][^\S\r\n]{{0,3}}(?={_WORD}\.)|[@\uff20\ufe6b]|%40)"
# It begins only where a word begins, so that a long line without an @ is read once and not once per character.
_EMAIL_IN_TEXT = re.compile(
    rf"""(?:"(?:[^"\\\n]|\\.){{0,64}}"|(?<!{_WORD[:-1]}){_WORD}(?:{_GLUED}{_WORD}){{0,2}}){_AT}"""
    rf"{_WORD}(?:{_GLUED}{_WORD}){{0,2}}"
)
#: What the standard library's parser raises for texts that are not a recipient: the first two as Django expects, the
#: others by faults of its own ("a@[", deeply nested comments).
_UNREADABLE = (HeaderParseError, ValueError, IndexError, AttributeError, TypeError, UnboundLocalError, RecursionError)
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_SPACE = re.compile(r"\s+")
_GMAIL = frozenset({"gmail.com", "googlemail.com"})


class Normalised(NamedTuple):
    """An address in the one spelling under which it is found again, and its digest (32 bytes)."""

    channel: Channel
    value: str
    digest: bytes


def normalise(text: str, *, channel: Channel = Channel.EMAIL) -> Normalised:
    """The address in `text`, in any spelling (spellings.py). Raises InvalidAddress, and nothing else.

    `*@corp.example` is not an address. Where it may mean the domain, domains.read reads it.
    """
    record = channels.of(channel)
    if len(text) > record.longest:
        raise InvalidAddress
    value = _NORMALISERS[record.kind](text)
    return Normalised(channel, value, digest(value))


def digest(value: str) -> bytes:
    """HMAC-SHA256 under the address key of the SHA-256 of the normalised address: 32 bytes."""
    return digest_of_sha256(sha256(value.encode()).digest())


def digest_of_sha256(inner: bytes) -> bytes:
    """The digest of an address of which only a hash is known. `inner`: the SHA-256 of the normalised address, 32
    bytes."""
    return hmac.digest(conf.address_key().encode(), inner, "sha256")


def values(texts: Iterable[str], *, channel: Channel = Channel.EMAIL) -> list[str]:
    """Each address as `normalise` spells it, in their order; "" for a text that is not an address of this channel."""
    record = channels.of(channel)
    normalised, longest = _NORMALISERS[record.kind], record.longest
    found: list[str] = []
    for text in texts:
        try:
            found.append(normalised(text) if len(text) <= longest else "")
        except InvalidAddress:
            found.append("")
    return found


def digests_of(values: Iterable[str]) -> list[bytes | None]:
    """The digests of normalised addresses, in their order; None for ""."""
    key = conf.address_key().encode()
    return [hmac.digest(key, sha256(value.encode()).digest(), "sha256") if value else None for value in values]


def gmail_digest(value: str) -> bytes | None:
    """The digest of a normalised Gmail address without its dots and what follows a plus, at gmail.com: all its
    spellings have the same (support.google.com/mail/answer/7436150). None for any other address."""
    local, _, domain = value.rpartition("@")
    if domain not in _GMAIL:
        return None
    plain = local.partition("+")[0].replace(".", "")
    return digest(f"{plain}@gmail.com") if plain else None


def mask(value: str | None, *, channel: Channel | str = Channel.EMAIL) -> str:
    """The address as pages show it: `j•••@example.com`, `+49•••89`, or three dots for anything else."""
    if not value:
        return "•••"
    kind = channels.of(channel).kind
    if kind == Kind.MAILBOX:
        local, _, domain = value.rpartition("@")
        return f"{local[:1]}•••@{domain}"
    if kind == Kind.NUMBER:
        return f"{value[:3]}•••{value[-2:]}"
    return "•••"


def mailbox(recipient: str) -> str:
    """The address in a recipient such as `Ada <ada@example.com>`; "" for a text that names no address, or several.

    What is not an address but may be a local name of the mail server (`root`) comes back as Django's SMTP backend reads
    it. Raises nothing, and takes time in proportion to the text.
    """
    return named_mailbox(recipient)[1]


def named_mailbox(recipient: str) -> tuple[str, str]:
    """The display name, as Django's SMTP backend reads it, and the address: as written if Django reads the same
    mailbox, else normalised. Both "" for what cannot be read."""
    if len(recipient) > channels.of(Channel.EMAIL).longest:
        return "", ""
    if "=?" not in recipient and _PLAIN_EMAIL.fullmatch(recipient.lower()):
        return "", recipient
    name, address = _as_django_reads(recipient)
    if "=?" not in recipient.rpartition("<")[2]:  # an encoded word (RFC 2047), which Django reads in an address as well
        with suppress(InvalidAddress):
            meant = _email(recipient)
            if "=?" not in meant:  # it may stand in a "<" that was never closed
                return name, address if _reads_as(address, meant) else meant
    # The next program that reads the address would decode an encoded word in it.
    return ("", "") if "=?" in address or _is_of_everybody(address) else (name, address)


def _reads_as(address: str, meant: str) -> bool:
    """Whether an address is the normalised one but for upper case and a domain in its own script: then it is kept as
    the sender of the message wrote it."""
    local, _, domain = address.rpartition("@")
    if not domain.replace(".", "").replace("-", "").isalnum():
        return False
    try:
        return local.lower() == meant.rpartition("@")[0] and _international_email(address.lower()) == meant
    except InvalidAddress:
        return False


def _as_django_reads(recipient: str) -> tuple[str, str]:
    try:
        found, rest = parser.get_mailbox(recipient)
        name, local, domain = found.display_name, found.local_part, found.domain
    except _UNREADABLE:
        return "", ""
    return ("", "") if rest or not local else (name or "", f"{local}@{domain or ''}".rstrip("@"))


def redact(text: str) -> str:
    """`text` with its email addresses replaced by "•••": for other programs' error messages, and for logs (law 10)."""
    return _EMAIL_IN_TEXT.sub("•••", text)


def _email(text: str) -> str:
    # RFC 5321 allows case in the local part to matter, but Ada@ and ada@ are one mailbox in practice.
    value = text.strip().lower()
    if _PLAIN_EMAIL.fullmatch(value) and value.index("@") <= 64 and len(value) <= 254:
        return value
    with suppress(InvalidAddress):
        return _international_email(value)
    return _international_email(spellings.bare_email(text).strip().lower())


def _international_email(value: str) -> str:
    """A mailbox with a non-ASCII local part or domain; the domain is stored as its A-label (RFC 5890)."""
    value = unicodedata.normalize("NFC", _storable(value))
    local, at, domain = value.rpartition("@")
    if not at:
        raise InvalidAddress
    local = _unquoted(local)
    try:
        domain = spellings.ascii_domain(domain)
        validate_email(f"a@{domain}")
    except (idna.IDNAError, ValidationError, UnicodeError):
        raise InvalidAddress from None
    if not _is_local_part(local) or _is_of_everybody(f"{local}@"):
        raise InvalidAddress
    if len(local.encode()) > 64 or len(domain) + len(local) > 253:
        raise InvalidAddress
    return f"{local}@{domain}"


def _is_of_everybody(address: str) -> bool:
    local, at, _ = spellings.without_invisible(address).rpartition("@")
    return bool(at) and _EVERYBODY.fullmatch(local.translate(STARS)) is not None


def _storable(text: str) -> str:
    if _UNSTORABLE.search(text) or not (text.isascii() or _is_stream_safe(text)):
        raise InvalidAddress
    return text


def _is_stream_safe(text: str) -> bool:
    """Whether no letter has more than thirty marks, as in no language (Unicode Annex 15, section 13)."""
    marks = 0
    for letter in text:
        marks = marks + 1 if unicodedata.combining(letter) else 0
        if marks > 30:
            return False
    return True


def _unquoted(local: str) -> str:
    """The local part without quotes: `"ada"@` and `ada@` are one mailbox (RFC 5321, section 4.1.2)."""
    return re.sub(r"\\(.)", r"\1", local[1:-1]) if len(local) > 2 and local[0] == local[-1] == '"' else local


def _is_local_part(local: str) -> bool:
    """Whether RFC 5322, or beyond ASCII RFC 6531, allows it without quotes; dots may stand anywhere, because Japanese
    mobile operators once gave out `a..b@` and `ab.@`."""
    if local.isascii():
        return bool(_ATOMS_AND_DOTS.fullmatch(local))
    return not any(c in '"(),:;<>@[\\]' or unicodedata.category(c)[0] in "CZ" for c in local)


def _phone(text: str) -> str:
    value = _e164(text) or _e164(spellings.bare_phone(text))
    if not value:
        raise InvalidAddress
    return value


def _e164(text: str) -> str:
    value = _PHONE_PUNCTUATION.sub("", text.replace("(0)", ""))  # +49 (0)30 is +49 30
    if value.startswith("00"):
        value = "+" + value[2:]
    return value if _E164.fullmatch(value) else ""


def _token(text: str) -> str:
    value = _storable(text).strip()
    if not value or len(value) > 4096 or _SPACE.search(value):
        raise InvalidAddress
    return value


def _postal(text: str) -> str:
    # Decompose, fold, compose (Unicode 3.13, D145): composing first would spell some letters anew each time.
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFD", _storable(text)).casefold())
    value = _SPACE.sub(" ", folded).strip()
    if not value or len(value) > 1000:
        raise InvalidAddress
    return value


_NORMALISERS: dict[Kind, Callable[[str], str]] = {
    Kind.MAILBOX: _email,
    Kind.NUMBER: _phone,
    Kind.TOKEN: _token,
    Kind.PLACE: _postal,
}
