"""What staff type or press to set up and to show a second factor. Whether it fits is allauth's to say."""

from collections.abc import Callable
from typing import Any, TypeVar

from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm
from django import forms
from django.core.cache import cache
from django.core.exceptions import ValidationError

TOO_OFTEN = "too_many_login_attempts"
_OURS = {
    TOO_OFTEN: "That was too often. Please wait five minutes, then try again.",
    "rate_limited": "That was too often. Please wait five minutes, then try again.",
}
_WRONG_CODE = {"incorrect_code": "This is not right. A code works once, for half a minute: please type the next one."}
#: What a browser never sends, but somebody may.
_NO_CREDENTIAL = (ValueError, TypeError, LookupError, AttributeError)

Checked = TypeVar("Checked")


def _checked(check: Callable[[], Checked], said: dict[str, str]) -> Checked:
    """What allauth's check returns; what it refuses, in these words."""
    try:
        return check()
    except ValidationError as error:
        raise ValidationError(said.get(error.code or "", error.message), code=error.code) from error
    except _NO_CREDENTIAL as error:
        raise get_adapter().validation_error("incorrect_code") from error


def _code_field(label: str) -> forms.CharField:
    attrs = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}
    missing = {"required": "Please type the code."}
    return forms.CharField(label=label, max_length=40, widget=forms.TextInput(attrs=attrs), error_messages=missing)


class CodeForm(AuthenticateForm):
    """A code from the app, or one of the recovery codes."""

    code = _code_field("Code")

    def clean_code(self) -> str:
        code = _checked(super().clean_code, _OURS | _WRONG_CODE)
        if self.authenticator.type == Authenticator.Type.TOTP and not self._is_first_use(code):
            raise ValidationError(_WRONG_CODE["incorrect_code"], code="incorrect_code")
        return code

    def _is_first_use(self, code: str) -> bool:
        """RFC 6238, section 5.2: once, for as long as it would be taken. allauth remembers it for one step only."""
        steps = 2 * app_settings.TOTP_TOLERANCE + 1
        digits = "".join(filter(str.isalnum, code))
        return cache.add(f"second-factor:{self.user.pk}:{digits}", 1, timeout=steps * app_settings.TOTP_PERIOD)


class AppForm(ActivateTOTPForm):
    code = _code_field("The code it shows now")

    def clean_code(self) -> str:
        return _checked(super().clean_code, _OURS | _WRONG_CODE)


class NewPasskeyForm(AddWebAuthnForm):
    name = forms.CharField(label="A name for it", required=False, max_length=60)

    def clean(self) -> dict[str, Any]:
        return _checked(super().clean, _OURS)


class PasskeyForm(AuthenticateWebAuthnForm):
    def clean_credential(self) -> Authenticator:
        return _checked(super().clean_credential, _OURS)
