"""Which staff may change another account: by its address or second factors one can sign in as it."""

from django.contrib.auth.models import Permission
from django.db.models import Q

from prefcenter.models import User


def may_touch(actor: User, account: User) -> bool:
    """Whether `actor` may change the address or remove the second factors of `account`, or delete it.

    Superusers may; others only if the account has no permission that they lack. The permissions of an inactive account
    count as well, because it may be activated again.
    """
    if actor.is_superuser:
        return True
    return not account.is_superuser and _granted(account) <= _granted(actor)


def _granted(user: User) -> set[int]:
    granted = Permission.objects.filter(Q(user=user) | Q(group__user=user))
    return set(granted.values_list("id", flat=True))
