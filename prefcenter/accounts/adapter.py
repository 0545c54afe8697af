"""What allauth asks of us: no signup by strangers, mails in our dress, and a code that proves the mailbox for good."""

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
        "incorrect_code": _("That code isn't right. Use the latest one we sent."),
        "rate_limited": _TOO_OFTEN,
        "too_many_login_attempts": _TOO_OFTEN,
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Accounts may come without a proof of their address (createsuperuser); the code that came back is one."""
        response: HttpResponse | None = super().pre_login(request, user, **kwargs)
        if response is None and _has_read_the_mail_to(user, request):
            verified_addresses.keep(user)
        return response

    def login(self, request: HttpRequest, user: User) -> None:
        """The last step, minutes after the code perhaps. The account may have been given another address since."""
        if not _has_read_the_mail_to(user, request):
            raise ImmediateHttpResponse(redirect("account_request_login_code"))
        super().login(request, user)

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Only refusals, which come as a text. The rest would tell addresses, later and on pages that are not asked."""
        if kwargs.get("message"):
            super().add_message(request, level, *args, **kwargs)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Through the outbox: a mail server that hangs or is away costs no page anything, and tells nothing."""
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
        notices.tell(user, notices.CHANGES[template_prefix], now=timezone.now())


def _has_read_the_mail_to(user: User, request: HttpRequest) -> bool:
    records = get_authentication_records(request, user)
    return any(record["method"] == "code" and record.get("email") == user.email for record in records)
