"""How fast is it here? Each figure stands beside what the work cannot do without.

    python -m tests.benchmarks [--contacts 1000000] [--rounds 1] [--json]

Measures minting, audience files, imports and one-clicks on the configured kind of database (DATABASE_URL), in a scratch
database that it makes and removes; no other data is read. Exit status: 0 when every bar is held, 1 when one is not, 2
when there can be no scratch database.
"""

import argparse
import os
import platform
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prefcenter.settings")
django.setup()

from django.db import connection  # noqa: E402  (Django must be set up before its models are loaded)
from django.utils import timezone  # noqa: E402

from tests.benchmarks import suite  # noqa: E402


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--contacts", type=_count, default=suite.CONTACTS, help="how many (%(default)s)")
    parser.add_argument("--rounds", type=_count, default=1, help="each so many times; the best counts (%(default)s)")
    parser.add_argument("--json", action="store_true", help="the figures as JSON")
    wanted = parser.parse_args(arguments)
    try:
        figures = list(suite.measure(wanted.contacts, now=timezone.now(), rounds=wanted.rounds, say=_progress))
    except suite.NoScratchError as error:
        print(" ".join((type(error).__doc__ or "").split()), file=sys.stderr)  # noqa: T201  (what the script is for)
        return 2
    _progress("")
    about = {
        "database": connection.vendor,
        "python": platform.python_version(),
        "rounds": wanted.rounds,
    }
    print(suite.as_json(figures, about=about) if wanted.json else suite.as_table(figures))  # noqa: T201  (the same)
    return 0 if all(one.is_held for one in figures) else 1


def _progress(what: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{what}")
        sys.stderr.flush()


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("enter a whole number, at least one")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
