"""Makes, finds and revokes API keys, and limits their calls. A key is shown once, when it is made; its hash is
stored."""

import secrets
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from django.conf import settings
from django.db.models import Case, F, PositiveIntegerField, Q, When

from prefcenter.models import ApiKey, IdempotentAnswer, User


class Scope(StrEnum):
    """What a key may do. The values are stored with the key (ApiKey.scopes); each endpoint names the ones it needs."""

    AUDIENCE = "audience"
    CONTACTS_READ = "contacts:read"
    CONTACTS_WRITE = "contacts:write"
    SUPPRESSIONS_READ = "suppressions:read"
    SUPPRESSIONS_WRITE = "suppressions:write"
    DOMAINS_READ = "domains:read"
    DOMAINS_WRITE = "domains:write"
    EVENTS_READ = "events:read"
    CATALOGUE_READ = "catalogue:read"
    FEEDBACK_READ = "feedback:read"

    @property
    def label(self) -> str:
        """For staff, after "may"."""
        return _LABELS[self]


_LABELS = {
    Scope.AUDIENCE: "check audiences and record mailings",
    Scope.CONTACTS_READ: "read contacts and their preferences",
    Scope.CONTACTS_WRITE: "add contacts, opt them out or down",
    Scope.SUPPRESSIONS_READ: "read suppressions, including addresses",
    Scope.SUPPRESSIONS_WRITE: "record suppressions, and lift them where rules allow",
    Scope.DOMAINS_READ: "read suppressed domains",
    Scope.DOMAINS_WRITE: "suppress domains, and lift domain suppressions set through the API",
    Scope.EVENTS_READ: "read the event feed, including addresses",
    Scope.CATALOGUE_READ: "read categories, campaigns and their statistics",
    Scope.FEEDBACK_READ: "read feedback",
}
#: What every key begins with, so that scanners for secrets recognise one that leaks.
PREFIX = "prefcenter_"
_HINT = len(PREFIX) + 4
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_ANSWERS_KEPT = timedelta(days=1)


def make(
    name: str, scopes: Collection[Scope], *, now: datetime, expires_at: datetime | None = None, by: User | None = None
) -> tuple[ApiKey, str]:
    """A new key: its row, and the key itself, which cannot be read again.

    now, expires_at: aware; None never expires
    by:              the staff who made it; None for a command
    """
    key = PREFIX + secrets.token_urlsafe(32)
    row = ApiKey.objects.create(
        name=name,
        hint=key[:_HINT],
        digest=_digest(key),
        scopes=list(scopes),
        created_at=now,
        created_by=by,
        expires_at=expires_at,
    )
    return row, key


def find(key: str, *, now: datetime) -> ApiKey | None:
    """The row of a key; None if there is none, or it has expired or was revoked."""
    valid = Q(expires_at=None) | Q(expires_at__gt=now)
    return ApiKey.objects.filter(valid, digest=_digest(key), revoked_at=None).first()


def count_call(row: ApiKey, *, now: datetime) -> int:
    """Counts one call with a key, in one statement. Returns 0, or in how many seconds it may call again where it has
    used up API_RATE."""
    most, seconds = _rate()
    period_at = datetime.fromtimestamp(now.timestamp() // seconds * seconds, tz=UTC)
    begun = Q(period_at=period_at)
    calls = Case(When(begun, then=F("calls") + 1), default=1, output_field=PositiveIntegerField())
    free = ApiKey.objects.filter(~begun | Q(period_at=None) | Q(calls__lt=most), pk=row.pk)
    if free.update(last_used_at=now, calls=calls, period_at=period_at):
        return 0
    return int((period_at + timedelta(seconds=seconds) - now).total_seconds()) + 1


def _rate() -> tuple[int, int]:
    """settings.API_RATE: how many calls, in how many seconds."""
    most, _, unit = settings.API_RATE.partition("/")
    return int(most), _SECONDS[unit]


def revoke(row: ApiKey, *, now: datetime) -> None:
    """From now on the key is refused; one that was revoked before keeps its time."""
    ApiKey.objects.filter(pk=row.pk, revoked_at=None).update(revoked_at=now)


def forget_answers(*, now: datetime) -> None:
    """Deletes the answers kept by Idempotency-Key that are older than a day. A later repetition does no harm, because
    the verbs do a thing once (law 3)."""
    IdempotentAnswer.objects.filter(created_at__lt=now - _ANSWERS_KEPT).delete()


def _digest(key: str) -> bytes:
    """A plain SHA-256 is enough, because a key is long and random."""
    return sha256(key.encode()).digest()
