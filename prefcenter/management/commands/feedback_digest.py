"""manage.py feedback_digest: sends the weekly digest to those who have not had it this week, or prints it."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from prefcenter.reports import digest as feedback_digest

LONGEST = 366


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= LONGEST:
        raise ArgumentTypeError(f"enter a number of days from 1 to {LONGEST}")
    return int(text)


class Command(BaseCommand):
    help = (
        "Emails the feedback digest to staff who have turned it on and haven’t received one this week. The worker does "
        "the same every Monday at 7 a.m."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days", type=_days, default=feedback_digest.DAYS, help="number of full days to cover, up to last midnight"
        )
        parser.add_argument("--print", action="store_true", help="print the digest instead of sending it")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        digest = feedback_digest.gather(feedback_digest.period(options["days"], now=now))
        if digest.says_nothing:
            self.stdout.write("Nothing to report: no one gave feedback or opted out of a campaign in this period.")
        elif options["print"]:
            self.stdout.write(feedback_digest.as_text(digest))
        else:
            self.stdout.write(f"Digests sent: {feedback_digest.send(digest, now=now)}.")
