"""What an account may do, and so who may touch it: whoever changes its address can sign in as it."""

from django.contrib.auth.models import Permission
from django.db.models import Q

from prefcenter.models import User


def may_touch(actor: User, account: User) -> bool:
    """Whether `actor` may change the address or remove the second factors of `account`, or delete it.

    Superusers may. Others may unless the account may do something that they may not do themselves. An account that is
    switched off counts as if it were not: it may be switched on again.
    """
    if actor.is_superuser:
        return True
    return not account.is_superuser and _granted(account) <= _granted(actor)


def _granted(user: User) -> set[int]:
    granted = Permission.objects.filter(Q(user=user) | Q(group__user=user))
    return set(granted.values_list("id", flat=True))
