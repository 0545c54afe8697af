"""What allauth asks of us: no signup by strangers, mails in our dress, and a code that proves the mailbox for good."""

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from django.core.mail import EmailMultiAlternatives
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from prefcenter import languages
from prefcenter.models import User
from unsubscribe import headers, mail
from unsubscribe.addresses import normalise
from unsubscribe.choices import Purpose
from unsubscribe.errors import InvalidAddress
from unsubscribe.models import Contact

from . import notices, proof

logger = logging.getLogger(__name__)
_TOO_OFTEN = _("That was too often. Please wait a few minutes, then ask for a new code.")


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "incorrect_code": _("This is not the code we mailed last. Please look again."),
        "rate_limited": _TOO_OFTEN,
        "too_many_login_attempts": _TOO_OFTEN,
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Accounts may come without a proof of their address (createsuperuser); the code that came back is one."""
        response: HttpResponse | None = super().pre_login(request, user, **kwargs)
        if response is None and _has_read_the_mail_to(user, request):
            proof.keep(user)
        return response

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Only refusals, which come as a text. The rest would tell addresses, later and on pages that are not asked."""
        if kwargs.get("message"):
            super().add_message(request, level, *args, **kwargs)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A mail server that is away must not tell which addresses have an account: the page stays the same."""
        try:
            super().send_mail(template_prefix, email, context)
        except OSError as error:
            logger.error("A mail for signing in could not be sent: %s", type(error).__name__)

    def send_notification_mail(self, template_prefix: str, user: User, *args: Any, **kwargs: Any) -> None:
        notices.tell(user, notices.CHANGES[template_prefix], now=timezone.now())

    def render_mail(self, template_prefix: str, email: str, context: dict[str, Any], **kwargs: Any) -> Any:
        with translation.override(languages.of(self.request, contact=_language_of(email))):
            message: EmailMultiAlternatives = super().render_mail(
                template_prefix, email, context | mail.sender(), **kwargs
            )
        pages = [str(page) for page, _kind in message.alternatives]
        message.alternatives = []
        for page in pages:
            message.attach_alternative(mail.inline(page), "text/html")
        message.extra_headers |= {"Auto-Submitted": "auto-generated", headers.PURPOSE: Purpose.TRANSACTIONAL}
        return message

    def format_email_subject(self, subject: str) -> str:
        """As it is: it names the sender, not the host."""
        return subject


def _language_of(email: str) -> str:
    """What the contact with this address chose; "" for nothing, or for nobody we write to."""
    try:
        wanted = normalise(email)
    except InvalidAddress:
        return ""
    contacts = Contact.objects.filter(addresses__digest=wanted.digest, addresses__channel=wanted.channel)
    return contacts.values_list("language", flat=True).first() or ""


def _has_read_the_mail_to(user: User, request: HttpRequest) -> bool:
    records = get_authentication_records(request, user)
    return any(record["method"] == "code" and record.get("email") == user.email for record in records)
