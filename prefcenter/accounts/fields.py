"""Reads the email address of an account: as everywhere else, but with its domain as it was typed."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from unsubscribe.addresses import normalise, spellings
from unsubscribe.errors import InvalidAddress


class AccountAddressField(forms.CharField):
    """In place of Django's EmailField, which refuses addresses that the site can write to (`a..b@docomo.ne.jp`)."""

    default_error_messages = {"invalid": _("Enter a valid email address, like name@example.com.")}

    def __init__(self, *, max_length: int = 254, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, **kwargs)

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        try:
            return named(text) if text else ""
        except InvalidAddress:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None


def named(text: str) -> str:
    """The address in `text` as an account has it: in lower case, with the domain in the script it was typed in. Raises
    InvalidAddress."""
    found = normalise(text)
    typed = spellings.bare_email(text).lower()
    return found.value if '"' in typed else typed
