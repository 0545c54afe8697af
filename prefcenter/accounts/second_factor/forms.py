"""The forms that set up and show a second factor. allauth checks them; messages and one-time use are from here."""

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

#: allauth's code for a limit that was reached; the pages answer 429.
TOO_OFTEN = "too_many_login_attempts"
_OURS = {
    TOO_OFTEN: "Too many attempts. Wait five minutes, then try again.",
    "rate_limited": "Too many attempts. Wait five minutes, then try again.",
}
_WRONG_CODE = {"incorrect_code": "That code isn’t right. Each code works once, for 30 seconds. Enter the next one."}
#: What allauth raises for a credential that no browser sends.
_NO_CREDENTIAL = (ValueError, TypeError, LookupError, AttributeError)
#: Seconds for which a recovery code that was used is remembered beside allauth's own list.
_REMEMBERED = 30 * 24 * 3600

Checked = TypeVar("Checked")


def _checked(check: Callable[[], Checked], said: dict[str, str]) -> Checked:
    """What allauth's `check` returns. Raises ValidationError with the messages of `said`, by allauth's codes."""
    try:
        return check()
    except ValidationError as error:
        raise ValidationError(said.get(error.code or "", error.message), code=error.code) from error
    except _NO_CREDENTIAL as error:
        raise get_adapter().validation_error("incorrect_code") from error


def _code_field(label: str) -> forms.CharField:
    attrs = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}
    missing = {"required": "Enter the code."}
    return forms.CharField(label=label, max_length=40, widget=forms.TextInput(attrs=attrs), error_messages=missing)


class CodeForm(AuthenticateForm):
    """A code from the app, or one of the recovery codes."""

    code = _code_field("Code")

    def clean_code(self) -> str:
        code = _checked(super().clean_code, _OURS | _WRONG_CODE)
        if not self._is_first_use(code):
            raise ValidationError(_WRONG_CODE["incorrect_code"], code="incorrect_code")
        return code

    def _is_first_use(self, code: str) -> bool:
        """Whether the code is used for the first time while it is valid (RFC 6238, section 5.2). allauth remembers an
        app's code for one step only, and may miss one of two recovery codes that are used at the same time."""
        is_of_the_app = self.authenticator.type == Authenticator.Type.TOTP
        window = (2 * app_settings.TOTP_TOLERANCE + 1) * app_settings.TOTP_PERIOD
        digits = "".join(filter(str.isalnum, code))
        timeout = window if is_of_the_app else _REMEMBERED
        return cache.add(f"second-factor:{self.user.pk}:{digits}", 1, timeout=timeout)


class AppForm(ActivateTOTPForm):
    """The first code of a new app."""

    code = _code_field("Code from the app")

    def clean_code(self) -> str:
        return _checked(super().clean_code, _OURS | _WRONG_CODE)


class NewPasskeyForm(AddWebAuthnForm):
    """A new passkey, as the browser made it."""

    name = forms.CharField(label="Name (optional)", required=False, max_length=60)

    def clean(self) -> dict[str, Any]:
        return _checked(super().clean, _OURS)


class PasskeyForm(AuthenticateWebAuthnForm):
    """The browser's answer for one of the account's passkeys."""

    def clean_credential(self) -> Authenticator:
        return _checked(super().clean_credential, _OURS)
