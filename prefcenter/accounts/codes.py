"""The codes that sign in: how often each may be tried, and once with success. Counted in the database, because what a
session counts starts anew in each of the requests that come at the same time."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F

from prefcenter.models import SignInCode

KEPT = timedelta(days=1)


def make(*, now: datetime) -> int:
    """The number under which the tries of a new code are counted."""
    return SignInCode.objects.create(created_at=now).pk


def take_a_try(code_id: int) -> bool:
    """Before a code is compared: whether it may be. One statement, however many ask at once."""
    most = settings.ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS
    left = SignInCode.objects.filter(id=code_id, tries__lt=most, used_at=None)
    return left.update(tries=F("tries") + 1) == 1


def use(code_id: int, *, now: datetime) -> bool:
    """After it was right: whether it signs in. Of two at once it does so for one."""
    return SignInCode.objects.filter(id=code_id, used_at=None).update(used_at=now) == 1


def forget(*, now: datetime) -> None:
    SignInCode.objects.filter(created_at__lt=now - KEPT).delete()
