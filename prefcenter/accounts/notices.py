"""Tells staff by email that their second factors or address were changed, whoever did it. Plain text, and no link."""

from datetime import datetime

from prefcenter.models import User

from . import outbox

#: What allauth calls it, and what we say.
CHANGES = {
    "mfa/email/webauthn_added": "A passkey was added to your account.",
    "mfa/email/webauthn_removed": "A passkey was removed from your account.",
    "mfa/email/totp_activated": "An app that shows codes was added to your account.",
    "mfa/email/totp_deactivated": "The app that shows codes was removed from your account.",
    "mfa/email/recovery_codes_generated": "New recovery codes were made for your account. The old ones no longer work.",
}
MOVED = "Your account was given another address. If you did not ask for this, please tell your colleagues at once."
REMOVED = "All second factors of your account were removed. When you next sign in, you set up a new one."


def tell(user: User, what: str, *, now: datetime, to: str = "") -> None:
    """To the account's address, or to another one of theirs."""
    outbox.queue("mfa/email/changed", to or user.email, {"what": what}, asked_language="en", now=now)
