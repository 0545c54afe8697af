"""Reads a domain as a whole: `*@corp.example`, `@corp.example`, or `corp.example` by itself.

What spellings.py takes off an address is taken off here as well, and stars are read as other systems write them.
"""

import re

from ..choices import Channel
from ..errors import InvalidAddress, InvalidDomain, PublicMailDomain
from . import EVERYBODY, STARS, normalise, spellings
from .public_mail import DOMAINS, NAMES, REGIONAL

# Nothing before the @ means the same as a star.
_PATTERN = re.compile(rf"\A(?:{EVERYBODY})?\s*@")
#: A plain address, as most texts are: it is checked first, because the rest is slow.
_ADDRESS = re.compile(r"[\w.+-]++@[\w.-]++")
_LONGEST = 1000


def is_pattern(text: str, *, channel: Channel = Channel.EMAIL) -> bool:
    """Whether the text stands for all addresses of a domain; never on another channel than email."""
    if channel != Channel.EMAIL or _ADDRESS.fullmatch(text):
        return False
    bare = _bare(text)
    return _PATTERN.match(bare) is not None and not bare.endswith("@")


def read(text: str) -> str:
    """The domain in `text`, to be suppressed: in lower case and in its xn-- form.

    Raises InvalidDomain for what is not one domain (`*.corp.example` is several), and PublicMailDomain for one that can
    never be suppressed.
    """
    domain = read_any(text)
    if is_public(domain):
        raise PublicMailDomain
    return domain


def read_any(text: str) -> str:
    """As `read`, but of any domain: for lifting and finding domain blocks. Raises InvalidDomain."""
    name = _PATTERN.sub("", _bare(text), count=1).strip().rstrip(".")
    if not name or "@" in name:
        raise InvalidDomain
    try:
        return of(normalise(f"a@{name}").value)
    except InvalidAddress:
        raise InvalidDomain from None


def of(value: str) -> str:
    """The domain of a normalised email address; "" for anything else."""
    return value.rpartition("@")[2] if "@" in value else ""


def is_public(domain: str) -> bool:
    """Whether anyone can have a mailbox at this domain (public_mail.py)."""
    name, _, ending = domain.partition(".")
    is_a_country_of_one = name in NAMES and ending.count(".") <= 1
    return is_a_country_of_one or domain in DOMAINS or ending in REGIONAL


def _bare(text: str) -> str:
    text = text[:_LONGEST].translate(STARS)
    try:
        return spellings.bare_email(text)
    except InvalidAddress:
        return spellings.visible(text)
