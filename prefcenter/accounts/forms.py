"""The forms of signing in: the address, and the code. allauth compares the code."""

from allauth.account.adapter import get_adapter
from allauth.account.forms import ConfirmLoginCodeForm, RequestLoginCodeForm
from allauth.core import context, ratelimit
from django import forms
from django.utils.translation import gettext_lazy as _

from . import codes
from .fields import AccountAddressField


class SignInAddressForm(RequestLoginCodeForm):
    """Asks for an address."""

    email = AccountAddressField()

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        email = self.fields["email"]
        email.label = _("Email address")
        email.widget = forms.EmailInput(attrs={"autocomplete": "email", "dir": "ltr"})
        email.error_messages["required"] = _("Enter your email address.")

    def clean_email(self) -> str:
        """Limits requests by address, and does not look for an account, since the time that takes would tell (P8). The
        worker that sends the code looks (outbox), and so does ConfirmCode."""
        email: str = self.cleaned_data["email"]
        if not ratelimit.consume(context.request, action="request_login_code", key=email.lower()):
            raise get_adapter().validation_error("too_many_login_attempts")
        return email


class SignInCodeForm(ConfirmLoginCodeForm):
    """Asks for the code; `code_id` is that of codes.make, under which tries are counted."""

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false", "dir": "ltr"}
        ),
        error_messages={"required": _("Enter the code from the email.")},
    )

    def __init__(self, *args: object, code_id: int, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._code_id = code_id

    def clean_code(self) -> str:
        if not codes.take_a_try(self._code_id):
            raise get_adapter().validation_error("too_many_login_attempts")
        code: str = super().clean_code()
        return code
