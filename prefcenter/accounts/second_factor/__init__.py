"""Whether an account has a second factor, and has shown it in this session; removing factors. Pages: `views`."""

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
#: For how many seconds after signing in one may change one's factors; installing an app takes a while.
FRESH = 15 * 60
#: The key in a session of the demo in which "Skip this" was pressed.
SKIPPED = "skips_second_factor"

_KINDS = {Type.WEBAUTHN: "passkey", Type.TOTP: "authenticator app", Type.RECOVERY_CODES: "recovery codes"}


def has_one(user: User) -> bool:
    """Whether the account has an app or a passkey; recovery codes only stand in for a lost one."""
    return Authenticator.objects.filter(user=user, type__in=[Type.TOTP, Type.WEBAUTHN]).exists()


def has(user: User, type_: str) -> bool:
    """Whether the account has a factor of this Type."""
    return Authenticator.objects.filter(user=user, type=type_).exists()


def described(user: User) -> list[str]:
    """A phrase for each factor, the oldest first: its kind, and when it was set up and last used."""
    rows = Authenticator.objects.filter(user=user).order_by("id")
    return [f"{_KINDS[row.type]} since {row.created_at:%Y-%m-%d}{_last_used(row)}" for row in rows]


def lets_in(request: HttpRequest, user: User) -> bool:
    """Whether this session has shown a factor that the account still has; in the demo it can be skipped."""
    return _shown_at(request, user) > 0 or (settings.DEMO and SKIPPED in request.session)


def is_fresh(request: HttpRequest, user: User) -> bool:
    """Whether the factor or, for an account without one, the code was shown within FRESH, so that a stolen session
    cannot change factors."""
    at = _shown_at(request, user) if has_one(user) else _code_read_at(request, user)
    return time.time() - at < FRESH


def mark_shown(request: HttpRequest, user: User, type_: str) -> None:
    """Counts the account's newest factor of this Type, which was just set up, as shown in this session."""
    post_authentication(request, Authenticator.objects.filter(user=user, type=type_).latest("id"))


def remove_all(user: User, *, now: datetime) -> int:
    """Removes all factors of the account and ends all its sessions, for a lost device. Returns how many factors there
    were, without recovery codes."""
    signing_in = [digest for digest in [sessions.digest(user.email)] if digest]
    open_sessions = sessions.about([user.pk], signing_in)
    with transaction.atomic():
        factors = Authenticator.objects.filter(user=user)
        removed = factors.exclude(type=Type.RECOVERY_CODES).count()
        factors.delete()
        Session.objects.filter(session_key__in=open_sessions).delete()
    # Otherwise a limit reached by wrong codes would keep the account from setting up a new factor.
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
