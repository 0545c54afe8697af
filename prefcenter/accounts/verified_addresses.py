"""Which address an account has proved to be its own: one, and the one that is its name. It asks nobody for proof."""

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Q

from prefcenter.models import User


def keep(user: User) -> None:
    """From now on `user.email` is proved, and no address of before signs in any longer, here or at another account."""
    mine = Q(user=user, email=user.email)
    with transaction.atomic():
        EmailAddress.objects.filter(Q(user=user) | Q(email=user.email)).exclude(mine).delete()
        EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
