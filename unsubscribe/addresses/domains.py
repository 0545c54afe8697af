"""Reads the domain that somebody means as a whole: `*@corp.example`, `@corp.example`, or `corp.example` by itself.

It may lie in all that may lie around an address (spellings.py), and its stars are written as other systems write them.
"""

import re

from ..choices import Channel
from ..errors import InvalidAddress, InvalidDomain, PublicMailDomain
from . import EVERYBODY, STARS, normalise, spellings
from .public_mail import DOMAINS, NAMES, REGIONAL

# Nothing before the @ means the same as a star.
_PATTERN = re.compile(rf"\A(?:{EVERYBODY})?\s*@")
#: What needs no second look, as most lines of a file.
_ADDRESS = re.compile(r"[\w.+-]++@[\w.-]++")
_LONGEST = 1000


def is_pattern(text: str, *, channel: Channel = Channel.EMAIL) -> bool:
    """Whether this is no address, but stands for all addresses of a domain."""
    if channel != Channel.EMAIL or _ADDRESS.fullmatch(text):
        return False
    bare = _bare(text)
    return _PATTERN.match(bare) is not None and not bare.endswith("@")


def read(text: str) -> str:
    """A domain to be blocked, in lower case and in its xn-- form, however it is written.

    Raises InvalidDomain for what is none, or is more than one domain (`*.corp.example`); PublicMailDomain for one that
    may never be blocked.
    """
    domain = read_any(text)
    if is_public(domain):
        raise PublicMailDomain
    return domain


def read_any(text: str) -> str:
    """The same for one whose block is to be lifted, whatever it is."""
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
    """Whether mailboxes there belong to anybody, and not to who owns the domain."""
    name, _, ending = domain.partition(".")
    is_a_country_of_one = name in NAMES and ending.count(".") <= 1
    return is_a_country_of_one or domain in DOMAINS or ending in REGIONAL


def _bare(text: str) -> str:
    text = text[:_LONGEST].translate(STARS)
    try:
        return spellings.bare_email(text)
    except InvalidAddress:
        return spellings.visible(text)
