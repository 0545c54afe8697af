"""manage.py bench: how fast is it here? Each figure stands beside what the work cannot do without."""

import platform
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from prefcenter import bench


class Command(BaseCommand):
    """Exit status: 0 when every bar is held, 1 when one is not."""

    help = (
        "Measures minting, audience files and imports on the configured kind of database, in a scratch database that "
        "it makes and removes. Your own data is not read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--contacts", type=_count, default=bench.CONTACTS, help="how many (%(default)s)")
        parser.add_argument(
            "--rounds", type=_count, default=1, help="each so many times; the best counts (%(default)s)"
        )
        parser.add_argument("--json", action="store_true", help="the figures as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        contacts, rounds = options["contacts"], options["rounds"]
        try:
            figures = list(bench.measure(contacts, now=timezone.now(), rounds=rounds, say=self._say))
        except bench.NoScratchError as error:
            raise CommandError(" ".join((type(error).__doc__ or "").split())) from error
        self._say("")
        if options["json"]:
            self.stdout.write(bench.as_json(figures, about=_about(rounds)))
        else:
            self.stdout.write(bench.as_table(figures))
        if not all(one.is_held for one in figures):
            raise SystemExit(1)

    def _say(self, what: str) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r\x1b[K{what}", ending="")
            self.stderr.flush()


def _about(rounds: int) -> dict[str, Any]:
    return {"database": connection.vendor, "python": platform.python_version(), "rounds": rounds}


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError("please give a whole number, one at least")
    return int(text)
