"""manage.py sample_year: a year of made-up data, to try the desk out with and to measure. Never beside real people."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseFailure
from django.utils import timezone

from prefcenter import sample_year
from prefcenter.sample_year import NotForRealPeople, Size

WIDTH = 40


class Command(BaseCommand):
    help = (
        "Writes a year of made-up contacts, consent events, feedback and counts into the database. It refuses wherever "
        "there is an address that is not made up."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--events", type=_count, default=Size().events, help="lines of the ledger (%(default)s)")
        parser.add_argument("--contacts", type=_count, default=Size().contacts, help="people (%(default)s)")
        parser.add_argument("--seed", type=int, default=1, help="another seed, another year (%(default)s)")
        parser.add_argument("--add", action="store_true", help="although there are made-up contacts already")
        parser.add_argument(
            "--yes", action="store_true", help="although DEBUG is off: this is no site that anybody uses"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        size = Size(options["events"], options["contacts"])
        try:
            sample_year.require_made_up(is_development=settings.DEBUG, is_sure=options["yes"], may_add=options["add"])
            made = sample_year.write(
                size,
                seed=options["seed"],
                now=timezone.now(),
                on_progress=lambda events: self._say_progress(events, of=size.events),
            )
        except NotForRealPeople as error:
            raise CommandError(str(error)) from error
        except DatabaseFailure as error:
            reason = str(error).partition("\n")[0]
            raise CommandError(f"The database did not take it: {reason}. Is it there, and migrated?") from error
        if self.stderr.isatty():
            self.stderr.write("")
        self.stdout.write(
            f"A year of {made.contacts} contacts: {made.events} consent events, {made.feedback} answers, "
            f"{made.campaigns} campaigns."
        )

    def _say_progress(self, events: int, *, of: int) -> None:
        if self.stderr.isatty():
            done = WIDTH * events // of
            what = f"{events} of {of} events" if events < of else "what holds at the end"
            self.stderr.write(f"\r\x1b[K[{'#' * done}{' ' * (WIDTH - done)}] {what}", ending="")
            self.stderr.flush()


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError("please give a whole number, one at least")
    return int(text)
