"""manage.py add_staff: makes a staff account, the first one above all, and prints how to sign in (docs/staff.md)."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.urls import reverse

from prefcenter.accounts import verified_addresses
from prefcenter.accounts.fields import named
from prefcenter.models import User
from unsubscribe.errors import InvalidAddress

_WAY_IN = """
  1. Open {url} and enter this email address. You get a code by email.
  2. Set up two-step sign-in when asked: with a passkey (fingerprint, face, PIN or security key) or an authenticator
     app. Have the device at hand.
  3. Print the recovery codes. They are shown only once.

From then on, signing in takes the code from the email and the second step. If the passkey or app is lost, ask a
colleague who manages accounts, or run: manage.py reset_second_factor {email}
"""


class Command(BaseCommand):
    help = "Creates an account for the admin, as a superuser or as a member of groups, and prints how to sign in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--superuser", action="store_true", help="may do everything, including managing accounts")
        parser.add_argument("--group", action="append", default=[], help="marketer, support or compliance; repeatable")

    def handle(self, *args: Any, **options: Any) -> None:
        email, groups = _valid(options["email"]), _groups(options["group"])
        if not groups and not options["superuser"]:
            raise CommandError("Say what the account may do: --superuser, or --group with a name.")
        with transaction.atomic():
            user = User.objects.filter(email=email).first() or User.objects.create_user(email)
            user.is_staff = user.is_active = True
            user.is_superuser = user.is_superuser or options["superuser"]
            user.save(update_fields=["is_staff", "is_active", "is_superuser"])
            user.groups.add(*groups)
            verified_addresses.keep(user)
        what = "a superuser" if user.is_superuser else ", ".join(group.name for group in user.groups.order_by("name"))
        self.stdout.write(f"{email} can now sign in to the admin as {what}.")
        self.stdout.write(_WAY_IN.format(url=f"{settings.SITE_URL}{reverse('admin:index')}", email=email))


def _valid(text: str) -> str:
    try:
        return named(text)
    except InvalidAddress as error:
        raise CommandError("Enter a valid email address, like name@example.com.") from error


def _groups(names: list[str]) -> list[Group]:
    known = {group.name: group for group in Group.objects.order_by("name")}
    for name in names:
        if name not in known:
            raise CommandError(f"There is no group {name!r}. Groups: {', '.join(known)}.")
    return [known[name] for name in names]
