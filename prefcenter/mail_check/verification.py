"""Verifies DKIM signatures with the keys in DNS (H4). A DNS that doesn't answer is a warning, not a bad signature."""

import logging
import re
from typing import Protocol

import dkim
import dns.exception
import dns.resolver
from dkim.util import parse_tag_value

from prefcenter.mail_check.message import Message, shown
from prefcenter.mail_check.points import Point, PointStatus, failed, passed, skipped, warned
from prefcenter.mail_check.signature import DkimSignature

#: Seconds for one look-up.
DNS_TIMEOUT = 5.0
# dkimpy logs what it also answers. This logger stands in no tree: nothing about the message is logged.
_SILENT = logging.Logger("prefcenter.mail_check.silent")
_SILENT.addHandler(logging.NullHandler())
_DNS_FAILED = (dkim.DnsTimeoutError, dns.exception.DNSException, OSError)
# What dkimpy lets through for a key or signature that is nonsense: bad base64, truncated DER, wrong sizes.
_NONSENSE = (dkim.DKIMException, ValueError, LookupError, TypeError, AssertionError)
#: What is known about a signature; WARN: DNS gave no answer.
_BEST_FIRST = [PointStatus.PASS, PointStatus.WARN, PointStatus.FAIL]


class KeyLookup(Protocol):
    """Looks up the TXT record of a name, as dkimpy's dnsfunc does: None means that there is none.

    Raises an error of dkimpy or dnspython for DNS, or an OSError, where DNS doesn't answer.
    """

    def __call__(self, name: bytes, timeout: float = ..., /) -> bytes | None: ...


def fetch_key(
    name: bytes, timeout: float = DNS_TIMEOUT, *, resolver: dns.resolver.Resolver | None = None
) -> bytes | None:
    """A KeyLookup: the TXT record of this name, None if there is none.

    timeout:  seconds
    resolver: the system's if None

    Raises a DNSException of dnspython where DNS doesn't answer. dkim.get_txt would return None for that too.
    """
    asked = resolver or dns.resolver.get_default_resolver()
    try:
        answer = asked.resolve(name.decode("utf-8"), "TXT", lifetime=timeout, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, UnicodeError):
        return None
    return b"".join(answer[0].strings)


def validity_point(message: Message, found: list[DkimSignature], dnsfunc: KeyLookup | None) -> Point:
    """H4, the part that needs DNS: the best of the signatures that name both headers decides.

    found:   of this message, by signature.signatures
    dnsfunc: without it the point is skipped
    """
    usable = [signature for signature in found if not signature.flaw]
    if not usable:
        return skipped("H4", "There is no signature over both headers to verify.")
    if dnsfunc is None:
        return skipped("H4", "The signature was not verified. Use --dns to verify it.")
    points = [_verify(message, signature, dnsfunc) for signature in usable]
    return min(points, key=lambda point: _BEST_FIRST.index(point.outcome))


def _verify(message: Message, signature: DkimSignature, dnsfunc: KeyLookup) -> Point:
    where = shown(signature.key_name.rstrip(b"."))
    try:
        record = dnsfunc(signature.key_name, DNS_TIMEOUT)
    except _DNS_FAILED:
        text = f"DNS gave no answer for {where}, which says nothing about the signature; try again later."
        return warned("H4", text)
    if not record:
        return failed("H4", f"DNS has no key at {where}; publish the TXT record of the signing key there.")
    if not _is_usable_key(signature, record):
        return failed("H4", f"The key at {where} is revoked or unreadable; publish the signing key there.")
    if flaw := _flaw(message, signature, record):
        return failed("H4", f"The signature of {signature.domain} is not valid: {flaw}.")
    return passed("H4", f"The signature of {signature.domain} is valid with the key that DNS holds.")


def _is_usable_key(signature: DkimSignature, record: bytes) -> bool:
    try:
        *_, is_for_tls_reports_only = dkim.evaluate_pk(signature.key_name, record)
    except _NONSENSE:
        return False
    return not is_for_tls_reports_only


def _flaw(message: Message, signature: DkimSignature, record: bytes) -> str:
    try:
        if _holds(message, signature.index, record):
            return ""
    except dkim.ValidationError:
        return "the body was changed after it was signed; sign last, and look at the message as it left"
    except dkim.KeyFormatError:
        return "the key is too weak; sign with 2048 bits (RFC 8301 refuses fewer than 1024)"
    except _NONSENSE:
        return "it can’t be read, or the header contains a malformed line; sign the message again"
    return "a signed header was changed, or DNS holds another key; sign last, and publish the key that signs"


def _holds(message: Message, index: int, record: bytes) -> bool:
    # Not dkim.verify: it looks at the topmost signature only, and refuses one that has expired since.
    verifier = dkim.DKIM(message.raw, logger=_SILENT)
    headers = [header for header in verifier.headers if header[0].lower() == b"dkim-signature"]
    tags = parse_tag_value(headers[index][1])
    signed = [name.lower() for name in re.split(rb"\s*:\s*", tags[b"h"])]
    return bool(verifier.verify_sig(tags, signed, headers[index], lambda name, timeout: record))
