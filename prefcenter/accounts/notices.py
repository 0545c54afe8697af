"""Tells staff by email that their second factors or address were changed, in plain text without a link."""

from datetime import datetime

from prefcenter.models import User

from . import outbox

#: By allauth's template name, the sentence in the email.
CHANGES = {
    "mfa/email/webauthn_added": "A passkey was added to your account.",
    "mfa/email/webauthn_removed": "A passkey was removed from your account.",
    "mfa/email/totp_activated": "An authenticator app was added to your account.",
    "mfa/email/totp_deactivated": "The authenticator app was removed from your account.",
    "mfa/email/recovery_codes_generated": "New recovery codes were made for your account. The old ones no longer work.",
}
MOVED = "The email address of your account was changed. If this wasn’t you, tell your colleagues immediately."
REMOVED = "Two-step sign-in was reset for your account. Next time you sign in, you’ll set it up again."


def tell(user: User, what: str, *, now: datetime, to: str = "") -> None:
    """Queues an email to the account's address, or to its former one (`to`). `what`: a sentence of this module."""
    outbox.queue("mfa/email/changed", to or user.email, {"what": what}, asked_language="en", now=now)
