"""manage.py reset_second_factor: for staff who lost theirs, where no colleague can reset it in the admin."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from prefcenter.accounts import notices, second_factor
from prefcenter.models import User


class Command(BaseCommand):
    help = (
        "Resets two-step sign-in for an account: removes its passkeys, authenticator app and recovery codes, signs it "
        "out everywhere and notifies it by email."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email=options["email"].strip().lower()).first()
        if user is None:
            raise CommandError("There is no account with this email address.")
        now = timezone.now()
        removed = second_factor.remove_all(user, now=now)
        if not removed:
            self.stdout.write("Two-step sign-in was not set up. The account was signed out everywhere.")
            return
        notices.tell(user, notices.REMOVED, now=now)
        self.stdout.write(
            f"Removed: {removed}. The account was signed out everywhere. It sets up two-step sign-in again next time."
        )
