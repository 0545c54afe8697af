"""What people type to sign in: their address, and the code they were mailed. Whether it fits is allauth's to say."""

from contextlib import suppress
from typing import Any

from allauth.account.fields import EmailField
from allauth.account.forms import ConfirmLoginCodeForm, RequestLoginCodeForm
from django import forms
from django.utils.translation import gettext_lazy as _

from prefcenter.models import User
from unsubscribe.errors import InvalidAddress
from unsubscribe.spellings import bare_email


class _PastedEmailField(EmailField):
    """Reads an address as the other doors do; the name of an account keeps its spelling."""

    def clean(self, value: Any) -> Any:
        with suppress(InvalidAddress):
            value = bare_email(value or "")
        return super().clean(value)


class AddressForm(RequestLoginCodeForm):
    email = _PastedEmailField()

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        email = self.fields["email"]
        email.label = _("Email address")
        email.widget = forms.EmailInput(attrs={"autocomplete": "email", "dir": "ltr"})
        email.error_messages["required"] = _("Please type your email address.")
        email.error_messages["invalid"] = _("This is not an email address. Please look for a typing error.")

    def clean_email(self) -> str:
        """A code is for the account whose name the address is: rows of allauth's could lead to somebody else's."""
        email: str = super().clean_email()
        self._user = User.objects.filter(email=email.lower(), is_active=True).first()
        return email


class CodeForm(ConfirmLoginCodeForm):
    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false", "dir": "ltr"}
        ),
        error_messages={"required": _("Please type the code from the mail.")},
    )
