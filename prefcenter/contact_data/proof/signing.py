"""Signs records with Ed25519 (RFC 8032), so that others can check them without the site (docs/proof.md says why).

The key pair is derived from SECRET_KEY. After a new SECRET_KEY, older signatures still count as the site's while the
old one is in SECRET_KEY_FALLBACKS.
"""

import re
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac
from django.views.decorators.http import require_safe

ALGORITHM = "Ed25519"
#: Regular expressions for the two texts of a Signature.
PUBLIC_KEY, VALUE = r"[0-9a-f]{64}", r"[0-9a-f]{128}"


class Signature(NamedTuple):
    """In hexadecimal digits: 64 of the public key that checks it, 128 of the signature itself."""

    public_key: str
    value: str

    def told(self) -> dict[str, str]:
        """The signature as a proof's file has it."""
        return {"algorithm": ALGORITHM, **self._asdict()}


def read(told: Any) -> Signature | None:
    """The signature out of a file, spelled exactly as `told` does; None for anything else."""
    if not isinstance(told, dict) or not all(isinstance(one, str) for one in told.values()):
        return None
    signature = Signature(told.get("public_key", ""), told.get("value", ""))
    is_spelt = re.fullmatch(PUBLIC_KEY, signature.public_key) and re.fullmatch(VALUE, signature.value)
    return signature if is_spelt and signature.told() == told else None


def sign(message: bytes) -> Signature:
    """The signature with the key in use."""
    key = _private_keys()[0]
    return Signature(_raw(key.public_key()).hex(), key.sign(message).hex())


def holds(signature: Signature, message: bytes) -> bool:
    """Whether exactly this message was signed with the signature's key; see is_ours for whose key it is."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signature.public_key))
        key.verify(bytes.fromhex(signature.value), message)
    except (ValueError, InvalidSignature):
        return False
    return True


def is_ours(public_key: str) -> bool:
    """Whether this key (64 hexadecimal digits) is derived from SECRET_KEY or a fallback."""
    return public_key in {_raw(one).hex() for one in public_keys()}


def is_retired(public_key: str) -> bool:
    """Whether it is derived from a fallback."""
    return is_ours(public_key) and public_key != _raw(public_keys()[0]).hex()


def public_keys() -> list[Ed25519PublicKey]:
    """The key in use, then the retired ones, newest first."""
    return [key.public_key() for key in _private_keys()]


def pem(key: Ed25519PublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@require_safe
def show_public_keys(request: HttpRequest) -> HttpResponse:
    """/proof-key.pem: the keys with which proofs can be checked elsewhere, as PEM. The one in use is first,
    because openssl reads the first in a file."""
    in_use, *retired = (pem(one) for one in public_keys())
    text = f"In use:\n{in_use}" + "".join(f"\nRetired:\n{one}" for one in retired)
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


def _private_keys() -> list[Ed25519PrivateKey]:
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    seeds = [
        salted_hmac("prefcenter.contact_data.proof", ALGORITHM, secret=one, algorithm="sha256").digest()
        for one in secrets
    ]
    return [Ed25519PrivateKey.from_private_bytes(seed) for seed in seeds]


def _raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)
