"""Whether somebody has a second factor, and has shown it in this session. It asks nobody for one; the pages do."""

import time
from datetime import datetime
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.core import ratelimit
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest

from prefcenter.models import User

from .. import sessions

Type = Authenticator.Type
#: Seconds in which somebody who has just signed in may change their factors. An app takes a while to install.
FRESH = 15 * 60
#: In the demo's sessions: somebody has pressed "Skip this".
SKIPPED = "skips_second_factor"

_KINDS = {Type.WEBAUTHN: "passkey", Type.TOTP: "authenticator app", Type.RECOVERY_CODES: "recovery codes"}


def has_one(user: User) -> bool:
    """Recovery codes are none: they stand in for one that was lost."""
    return Authenticator.objects.filter(user=user, type__in=[Type.TOTP, Type.WEBAUTHN]).exists()


def has(user: User, type_: str) -> bool:
    return Authenticator.objects.filter(user=user, type=type_).exists()


def described(user: User) -> list[str]:
    """Each in words, the oldest first: its kind, and when it was set up and last used."""
    rows = Authenticator.objects.filter(user=user).order_by("id")
    return [f"{_KINDS[row.type]} since {row.created_at:%Y-%m-%d}{_last_used(row)}" for row in rows]


def lets_in(request: HttpRequest, user: User) -> bool:
    """Whether this session has shown a factor that is still one of theirs; in the demo it can be skipped."""
    return _shown_at(request, user) > 0 or (settings.DEMO and SKIPPED in request.session)


def is_fresh(request: HttpRequest, user: User) -> bool:
    """Whether what this account has to show was shown minutes ago: a stolen session changes no factor."""
    at = _shown_at(request, user) if has_one(user) else _code_read_at(request, user)
    return time.time() - at < FRESH


def mark_shown(request: HttpRequest, user: User, type_: str) -> None:
    """Whoever sets up a factor has shown it by doing so."""
    post_authentication(request, Authenticator.objects.filter(user=user, type=type_).latest("id"))


def remove_all(user: User, *, now: datetime) -> int:
    """For whoever has lost theirs, and perhaps the device with it: every session of theirs ends. Returns how many."""
    signing_in = [digest for digest in [sessions.digest(user.email)] if digest]
    open_sessions = sessions.about([user.pk], signing_in)
    with transaction.atomic():
        factors = Authenticator.objects.filter(user=user)
        removed = factors.exclude(type=Type.RECOVERY_CODES).count()
        factors.delete()
        Session.objects.filter(session_key__in=open_sessions).delete()
    # Who typed wrong codes until nobody could sign in any more does not keep them out of setting up a new one.
    ratelimit.clear(HttpRequest(), action="login_failed", key=f"mfa-auth-user-{user.pk}")
    return removed


def _last_used(row: Authenticator) -> str:
    return f", last used {row.last_used_at:%Y-%m-%d}" if row.last_used_at else ""


def _shown_at(request: HttpRequest, user: User) -> float:
    shown = {record["id"]: float(record["at"]) for record in _records(request, user, "mfa")}
    still = Authenticator.objects.filter(user=user, pk__in=shown).values_list("pk", flat=True) if shown else []
    return max((shown[pk] for pk in still), default=0)


def _code_read_at(request: HttpRequest, user: User) -> float:
    return max((float(record["at"]) for record in _records(request, user, "code")), default=0)


def _records(request: HttpRequest, user: User, method: str) -> list[dict[str, Any]]:
    return [record for record in get_authentication_records(request, user) if record["method"] == method]
