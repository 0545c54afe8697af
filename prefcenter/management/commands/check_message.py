"""manage.py check_message: prints what mail_check finds in a message as sent."""

import sys
import textwrap
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from prefcenter.mail_check import (
    NotAMessageError,
    Point,
    check,
    check_for_us,
    fetch_key,
    must_fails,
    post_one_click,
    summary,
)
from unsubscribe import conf

WIDTH = 100
NO_BREAK_SPACE = "\u00a0"


class Command(BaseCommand):
    """Exit status: 0 when no MUST fails, 1 when one does, 2 when there is no message to read."""

    help = "Reads a raw message as sent and says whether email clients will offer one-click unsubscribe."
    # It checks a file and not this site, whose settings need not be right for that.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, and two options that need the network."""
        parser.add_argument("file", help='a raw message as sent (.eml), or "-" for standard input')
        parser.add_argument("--dns", action="store_true", help="verify the DKIM signature, asking DNS")
        parser.add_argument(
            "--post",
            action="store_true",
            help="send the one-click POST and check the response; this unsubscribes the link's recipient",
        )

    def handle(self, *, file: str, dns: bool, post: bool, **options: Any) -> None:
        """Prints the points and the summary. Raises SystemExit with the exit status."""
        dnsfunc, poster = fetch_key if dns else None, post_one_click if post else None
        try:
            raw = _read(file)
            points = check(raw, dnsfunc=dnsfunc, post=poster)
            points += check_for_us(raw, postal_address=conf.sender_postal_address(), today=timezone.localdate())
        except NotAMessageError as error:
            raise CommandError(f"{_spoken(file)} {error}.", returncode=2) from error
        for point in points:
            self.stdout.write(_line(point))
        self.stdout.write(f"\n{textwrap.fill(summary(points), WIDTH)}")
        if must_fails(points):
            raise SystemExit(1)


def _read(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise CommandError(f"{_spoken(file)} can’t be read: {error.strerror}.", returncode=2) from error


def _spoken(file: str) -> str:
    return "The standard input" if file == "-" else f"The file {file}"


def _line(point: Point) -> str:
    columns = f"{point.outcome:<7}  {point.id:<3}  {point.level:<6}  "
    # textwrap does not break lines at a no-break space, so that the name of a standard stays in one piece.
    source = point.source.replace(" ", NO_BREAK_SPACE)
    filled = textwrap.fill(
        f"{point.text} [{source}]",
        WIDTH,
        initial_indent=columns,
        subsequent_indent=" " * len(columns),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return filled.replace(NO_BREAK_SPACE, " ")
