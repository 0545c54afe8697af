"""Checks, without DNS, that a DKIM-Signature names both headers (H4). Whether it is valid: verification.py."""

import re
from dataclasses import dataclass

import dkim
from dkim.util import InvalidTagValueList, parse_tag_value

from prefcenter.mail_check.message import Header, Message, shown
from prefcenter.mail_check.points import Point, failed, passed

REQUIRED_TAGS = (b"v", b"a", b"b", b"bh", b"d", b"h", b"s")
# RFC 6376, section 6.1.1: a signature that leaves From out is ignored. RFC 8058, section 4: both of ours.
NAMES_TO_SIGN = ("From", "List-Unsubscribe", "List-Unsubscribe-Post")
# RFC 8301, section 3.1: nobody signs with rsa-sha1, and a verifier does not count such a signature.
_ALGORITHMS = frozenset({b"rsa-sha256", b"ed25519-sha256"})
_DNS_NAME = re.compile(rb"[A-Za-z0-9._\x80-\xff-]+")


@dataclass(frozen=True)
class DkimSignature:
    """One DKIM-Signature header."""

    #: Its place among them, from 0 at the top.
    index: int
    #: Its tag=value list (RFC 6376, section 3.2); {} where it is none.
    tags: dict[bytes, bytes]
    #: Why it does not count, as the rest of a sentence that begins with it; "" if it does.
    flaw: str

    @property
    def domain(self) -> str:
        """The domain that signed."""
        return shown(self.tags.get(b"d", b"an unknown domain"))

    @property
    def key_name(self) -> bytes:
        """Where DNS holds the key (RFC 6376, section 3.6.2.1), with the dot that makes the name absolute."""
        return self.tags[b"s"] + b"._domainkey." + self.tags[b"d"] + b"."


def signatures(message: Message) -> list[DkimSignature]:
    """The DKIM signatures of this message, topmost first."""
    return [_read(index, header) for index, header in enumerate(message.named(b"DKIM-Signature"))]


def coverage_point(found: list[DkimSignature]) -> Point:
    """H4, as far as it can be seen without DNS. One signature that names both headers is enough."""
    if not found:
        return failed("H4", "There is no DKIM signature; sign the message, with both headers in h=.")
    for signature in found:
        if not signature.flaw:
            return passed("H4", f"The DKIM signature of {signature.domain} names both headers in h=.")
    flaws = ", and ".join(f"the one of {signature.domain} {signature.flaw}" for signature in found)
    return failed("H4", f"No usable DKIM signature: {flaws}; sign {', '.join(NAMES_TO_SIGN)}.")


def _read(index: int, header: Header) -> DkimSignature:
    try:
        tags = parse_tag_value(header.value)
    except InvalidTagValueList:
        return DkimSignature(index, {}, "is not a list of tag=value")
    return DkimSignature(index, tags, _missing(tags) or _malformed(tags) or _uncovered(tags))


def _missing(tags: dict[bytes, bytes]) -> str:
    missing = [f"{tag.decode('ascii')}=" for tag in REQUIRED_TAGS if not tags.get(tag)]
    return f"lacks {', '.join(missing)}" if missing else ""


def _malformed(tags: dict[bytes, bytes]) -> str:
    if tags[b"a"] not in _ALGORITHMS:
        return f"is made with {shown(tags[b'a'])}, which does not count (RFC 8301)"
    if not (_DNS_NAME.fullmatch(tags[b"d"]) and _DNS_NAME.fullmatch(tags[b"s"])):
        return "has a d= or s= that is no DNS name"
    try:
        # Without x=: that a signature has expired since says nothing about the day the message arrived.
        dkim.validate_signature_fields({tag: value for tag, value in tags.items() if tag != b"x"})
    except dkim.ValidationError as error:
        return f"is malformed ({shown(str(error).encode())})"
    except IndexError:
        # dkimpy 1.1 looks at the character before the domain in i=, even if there is none.
        return "has an i= without an @"
    return ""


def _uncovered(tags: dict[bytes, bytes]) -> str:
    signed = {name.strip().lower() for name in tags[b"h"].split(b":")}
    missing = [name for name in NAMES_TO_SIGN if name.lower().encode("ascii") not in signed]
    return f"does not name {' and '.join(missing)} in h=" if missing else ""
