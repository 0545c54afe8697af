"""Signs records with Ed25519 (RFC 8032), so that outsiders can check them too. It looks at nothing in them.

An HMAC could be checked by the site alone, and the site could have made any other. The key follows from SECRET_KEY:
a new SECRET_KEY is a new pair, and what was signed before stays ours while the old one is a fallback.
"""

import re
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.utils.crypto import salted_hmac

ALGORITHM = "Ed25519"
PUBLIC_KEY, VALUE = r"[0-9a-f]{64}", r"[0-9a-f]{128}"


class Signature(NamedTuple):
    """In hexadecimal digits: 64 for the public key it is checked with, 128 for itself."""

    public_key: str
    value: str

    def told(self) -> dict[str, str]:
        return {"algorithm": ALGORITHM, **self._asdict()}


def read(told: Any) -> Signature | None:
    """As `told` spells it, and in no other spelling; None for anything else."""
    if not isinstance(told, dict) or not all(isinstance(one, str) for one in told.values()):
        return None
    signature = Signature(told.get("public_key", ""), told.get("value", ""))
    is_spelt = re.fullmatch(PUBLIC_KEY, signature.public_key) and re.fullmatch(VALUE, signature.value)
    return signature if is_spelt and signature.told() == told else None


def sign(message: bytes) -> Signature:
    key = _private_keys()[0]
    return Signature(_raw(key.public_key()).hex(), key.sign(message).hex())


def holds(signature: Signature, message: bytes) -> bool:
    """Whether whoever has this key signed exactly this. Whose key it is, is another question."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signature.public_key))
        key.verify(bytes.fromhex(signature.value), message)
    except (ValueError, InvalidSignature):
        return False
    return True


def is_ours(public_key: str) -> bool:
    return public_key in {_raw(one).hex() for one in public_keys()}


def is_retired(public_key: str) -> bool:
    return is_ours(public_key) and public_key != _raw(public_keys()[0]).hex()


def public_keys() -> list[Ed25519PublicKey]:
    """The one in use, then those that were in use before, newest first."""
    return [key.public_key() for key in _private_keys()]


def pem(key: Ed25519PublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _private_keys() -> list[Ed25519PrivateKey]:
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    seeds = [
        salted_hmac("prefcenter.contact_data.proof", ALGORITHM, secret=one, algorithm="sha256").digest()
        for one in secrets
    ]
    return [Ed25519PrivateKey.from_private_bytes(seed) for seed in seeds]


def _raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)
