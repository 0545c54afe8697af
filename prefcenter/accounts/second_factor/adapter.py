"""allauth's adapter for second factors (MFA_ADAPTER): names, messages, and the encryption of their secrets."""

import base64
import hashlib
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from prefcenter.models import User
from unsubscribe import conf


class FactorAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "That didn’t work. Try again.",
        "unreadable": "Your two-step sign-in can’t be read any more. Ask a colleague who manages accounts to reset it.",
    }

    def get_totp_issuer(self) -> str:
        return conf.sender_name()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return super().get_public_key_credential_rp_entity() | {"name": self.get_totp_issuer()}

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return f"Passkey {number}"

    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Raises a ValidationError for a secret that no key can read; an empty one in its place would be known to
        all."""
        try:
            return _box().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            raise self.validation_error("unreadable") from None


def _box() -> MultiFernet:
    keys: list[Any] = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_key(secret)) for secret in keys])


def _key(secret: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(b"prefcenter.second_factor:" + secret.encode()).digest())
