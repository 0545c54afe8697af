"""Messages to check: one that is right in every point, the same with one thing changed, and real signatures."""

import base64
from collections.abc import Iterable
from functools import cache

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from prefcenter.mail_check import Level, Point, PointStatus, check

LINK = b"https://news.example.com/u/AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY"
POST_LINE = b"List-Unsubscribe-Post: List-Unsubscribe=One-Click"
HEADERS: dict[bytes, bytes] = {
    b"From": b"From: News <news@example.com>",
    b"To": b"To: jo@example.org",
    b"Date": b"Date: Mon, 05 Oct 2026 10:00:00 +0000",
    b"Subject": b"Subject: What is new",
    b"List-Id": b"List-Id: Product news <product-news.example.com>",
    b"List-Unsubscribe": b"List-Unsubscribe: <" + LINK + b">,\r\n <mailto:u+AQID@example.com>",
    b"List-Unsubscribe-Post": POST_LINE,
}
SIGNED = (b"From", b"To", b"Subject", b"List-Id", b"List-Unsubscribe", b"List-Unsubscribe-Post")
DOMAIN = b"example.com"
SELECTOR = b"s1"
KEY_NAME = b"s1._domainkey.example.com."


def message(*extra: bytes, body: bytes = b"Hello.\r\n", **changed: bytes | None) -> bytes:
    """A message that is right but for what is changed: List_Id=b"List-Id: ..." for a line, None to leave it out."""
    lines = dict(HEADERS)
    lines.update({name.replace("_", "-").encode(): line for name, line in changed.items() if line is not None})
    for name in (name.replace("_", "-").encode() for name, line in changed.items() if line is None):
        del lines[name]
    return b"\r\n".join([*lines.values(), *extra, b"", body])


@cache
def private_key(bits: int) -> rsa.RSAPrivateKey:
    """A key that is generated once for all tests."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def pem(bits: int = 2048) -> bytes:
    return private_key(bits).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def key_record(bits: int = 2048) -> bytes:
    """What DNS holds for the key (RFC 6376, section 3.6.1)."""
    der = (
        private_key(bits)
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(der)


def signed(
    raw: bytes, *, names: Iterable[bytes] = SIGNED, domain: bytes = DOMAIN, bits: int = 2048, algorithm: bytes = b""
) -> bytes:
    """This message with a real DKIM signature over these headers on top."""
    signature: bytes = dkim.sign(
        raw,
        SELECTOR,
        domain,
        pem(bits),
        signature_algorithm=algorithm or b"rsa-sha256",
        include_headers=list(names),
    )
    return signature + raw


def of(points: Iterable[Point], id_: str, *, level: Level = Level.MUST) -> Point:
    """The first point of this id and level."""
    return next(point for point in points if point.id == id_ and point.level is level)


def outcome(raw: bytes, id_: str, *, level: Level = Level.MUST) -> PointStatus:
    """What became of this requirement in this message."""
    return of(check(raw), id_, level=level).outcome


def listed(value: bytes) -> bytes:
    """A message whose List-Unsubscribe says this."""
    return message(List_Unsubscribe=b"List-Unsubscribe: " + value)
