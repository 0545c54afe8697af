"""allauth's account adapter (ACCOUNT_ADAPTER): no sign-up, emails through the outbox, and a code that verifies the
address of the account."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ImmediateHttpResponse
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from prefcenter.models import User
from prefcenter.web import languages

from . import notices, outbox, verified_addresses

_TOO_OFTEN = _("Too many attempts. Please wait a few minutes, then ask for a new code.")


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "incorrect_code": _("That code isn’t right. Use the latest one we sent."),
        "rate_limited": _TOO_OFTEN,
        "too_many_login_attempts": _TOO_OFTEN,
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by staff and `manage.py add_staff` alone."""
        return False

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """After the code: marks the account's address as verified, which it may not be yet (createsuperuser)."""
        response: HttpResponse | None = super().pre_login(request, user, **kwargs)
        if response is None and _has_read_the_mail_to(user, request):
            verified_addresses.keep(user)
        return response

    def login(self, request: HttpRequest, user: User) -> None:
        """The last step. Back to the start if the account's address was changed since the code was sent to it."""
        if not _has_read_the_mail_to(user, request):
            raise ImmediateHttpResponse(redirect("account_request_login_code"))
        super().login(request, user)

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Passes on refusals only, which come as a text. allauth's other messages name addresses, on later pages."""
        if kwargs.get("message"):
            super().add_message(request, level, *args, **kwargs)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queues the email (outbox), so that the answer does not wait for the mail server."""
        said = {name: value for name, value in context.items() if isinstance(value, str)}
        outbox.queue(
            template_prefix,
            email,
            said,
            asked_language=languages.asked_for(self.request),
            browser_language=translation.get_language_from_request(self.request),
            now=timezone.now(),
        )

    def send_notification_mail(self, template_prefix: str, user: User, *args: Any, **kwargs: Any) -> None:
        """Queues the notice for a change in notices.CHANGES. Raises KeyError for any other."""
        notices.tell(user, notices.CHANGES[template_prefix], now=timezone.now())


def _has_read_the_mail_to(user: User, request: HttpRequest) -> bool:
    """Whether this session entered a code that was sent to the account's present address."""
    records = get_authentication_records(request, user)
    return any(record["method"] == "code" and record.get("email") == user.email for record in records)
