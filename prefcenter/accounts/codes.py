"""Limits how often a sign-in code may be tried, and lets it sign in once. Counted in the database, because several
requests at once each have a copy of the session."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F

from prefcenter.models import SignInCode

#: How long the counts are kept.
KEPT = timedelta(days=1)


def make(*, now: datetime) -> int:
    """The id under which the tries of a new code are counted, to be kept in the session."""
    return SignInCode.objects.create(created_at=now).pk


def take_a_try(code_id: int) -> bool:
    """Whether a typed code may be compared, which counts as a try; ask before comparing. One statement."""
    most = settings.ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS
    left = SignInCode.objects.filter(id=code_id, tries__lt=most, used_at=None)
    return left.update(tries=F("tries") + 1) == 1


def use(code_id: int, *, now: datetime) -> bool:
    """Whether a right code signs in: it does so once, for one of two requests at once."""
    return SignInCode.objects.filter(id=code_id, used_at=None).update(used_at=now) == 1


def forget(*, now: datetime) -> None:
    """Deletes the counts older than KEPT."""
    SignInCode.objects.filter(created_at__lt=now - KEPT).delete()
