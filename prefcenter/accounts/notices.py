"""Tells staff by mail that their second factors were changed, whoever did it. Plain text, and no link to click."""

import logging
from datetime import datetime
from smtplib import SMTPException

from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone, translation

from prefcenter.models import User
from unsubscribe import headers, mail
from unsubscribe.choices import Purpose

logger = logging.getLogger(__name__)

#: What allauth calls it, and what we say.
CHANGES = {
    "mfa/email/webauthn_added": "A passkey was added to your account.",
    "mfa/email/webauthn_removed": "A passkey was removed from your account.",
    "mfa/email/totp_activated": "An app that shows codes was added to your account.",
    "mfa/email/totp_deactivated": "The app that shows codes was removed from your account.",
    "mfa/email/recovery_codes_generated": "New recovery codes were made for your account. The old ones no longer work.",
}
REMOVED = "All second factors of your account were removed. When you next sign in, you set up a new one."


def tell(user: User, what: str, *, now: datetime) -> None:
    """A mail server that is away keeps nobody from changing their factors."""
    try:
        _compose(user, what, now=now).send()
    except (SMTPException, OSError) as error:
        logger.error("A change of second factors was not mailed to account %s: %s", user.pk, type(error).__name__)


def _compose(user: User, what: str, *, now: datetime) -> EmailMessage:
    sender = mail.sender()
    with translation.override("en"):
        text = render_to_string("mfa/email/changed.txt", sender | {"what": what, "at": timezone.localtime(now)})
    return EmailMessage(
        f"Your second factor was changed · {sender['sender_name']}",
        text,
        to=[user.email],
        headers={"Auto-Submitted": "auto-generated", headers.PURPOSE: Purpose.TRANSACTIONAL},
    )
