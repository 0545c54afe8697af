"""A year of made-up contacts, consent events, feedback and counts, to try the admin out with and to measure.

    python -m tests.sample_data [--events 1000000] [--contacts 250000] [--days 365] [--seed 1] [--add] [--yes]

It writes into the configured database (DATABASE_URL) and refuses wherever there is an address that is not made up.
"""

import argparse
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prefcenter.settings")
django.setup()

from django.conf import settings  # noqa: E402  (Django must be set up before its models are loaded)
from django.db import Error as DatabaseFailure  # noqa: E402
from django.utils import timezone  # noqa: E402

from tests.sample_data.guard import NotForRealPeople, require_made_up  # noqa: E402
from tests.sample_data.writing import Size, write  # noqa: E402

WIDTH = 40


def main(arguments: list[str] | None = None) -> str:
    """What went wrong, or ""."""
    wanted = _parser().parse_args(arguments)
    size = Size(wanted.events, wanted.contacts, wanted.days)
    try:
        require_made_up(is_development=settings.DEBUG, is_sure=wanted.yes, may_add=wanted.add)
        made = write(
            size,
            seed=wanted.seed,
            now=timezone.now(),
            on_progress=_progress,
        )
    except NotForRealPeople as error:
        return str(error)
    except DatabaseFailure as error:
        reason = str(error).partition("\n")[0]
        return f"The database did not take it: {reason}. Is it there, and migrated?"
    _say(
        f"{size.days} days of {made.contacts} contacts: {made.events} consent events, {made.feedback} answers, "
        f"{made.campaigns} campaigns."
    )
    return ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.sample_data", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=_count, default=Size().events, help="events of the ledger (%(default)s)")
    parser.add_argument("--contacts", type=_count, default=Size().contacts, help="contacts (%(default)s)")
    parser.add_argument("--days", type=_count, default=Size().days, help="days that end today (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another year (%(default)s)")
    parser.add_argument("--add", action="store_true", help="even if there are made-up contacts already")
    parser.add_argument("--yes", action="store_true", help="even if DEBUG is off: this is no site that anybody uses")
    return parser


def _progress(percent: int) -> None:
    if sys.stderr.isatty():
        done = WIDTH * min(percent, 100) // 100
        end = "" if percent < 100 else "\n"
        sys.stderr.write(f"\r\x1b[K[{'#' * done}{' ' * (WIDTH - done)}] {percent} %{end}")
        sys.stderr.flush()


def _say(text: str) -> None:
    print(text)  # noqa: T201  (it is what the script is for)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("enter a whole number, at least one")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
