"""Marks the address of an account as verified for allauth (EmailAddress)."""

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Q

from prefcenter.models import User


def keep(user: User) -> None:
    """Makes `user.email` the account's only address, verified, and removes it from all other accounts."""
    mine = Q(user=user, email=user.email)
    with transaction.atomic():
        EmailAddress.objects.filter(Q(user=user) | Q(email=user.email)).exclude(mine).delete()
        EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
