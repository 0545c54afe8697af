"""manage.py export_optouts: writes opt-outs to a file or standard output, and a summary without addresses."""

import json
import logging
import os
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from shutil import copyfileobj
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseFailure

from prefcenter.lists import spreadsheets, suppressions
from prefcenter.lists.suppressions import EXPORT_FORMATS, OF_A_CATEGORY, REASONS, File, SuppressionQuery
from prefcenter.management import command_errors
from unsubscribe.choices import Channel, Source
from unsubscribe.models import Category

logger = logging.getLogger(__name__)
STANDARD_OUTPUT = "-"
_BAR = 30


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError("enter a date like 2026-03-10") from error


class Command(BaseCommand):
    help = (
        "Exports opt-outs to a file: all suppressed addresses or, with --category, everyone who may not be sent that "
        "category. On a terminal it shows progress; otherwise it writes a JSON summary to standard output, or to "
        "standard error if the file itself goes to standard output."
    )
    target: BinaryIO | None = None

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", default="csv", choices=list(EXPORT_FORMATS))
        parser.add_argument("--output", default=STANDARD_OUTPUT, metavar="FILE", help="“-” is standard output")
        parser.add_argument(
            "--category", default="", metavar="SLUG", help="the slug of a category; without it, everything"
        )
        parser.add_argument("--channel", default="", choices=Channel.values)
        parser.add_argument("--reason", default="", choices=list(REASONS))
        parser.add_argument("--source", default="", choices=Source.values)
        parser.add_argument("--since", type=_day, metavar="DAY", help="the first day, like 2026-03-10")
        parser.add_argument("--until", type=_day, metavar="DAY", help="the last day")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            file = suppressions.prepare(_asked(options), options["format"])
            # A command has no account of the site; the log names the one of the operating system.
            logger.info("%s By the system's account %s.", file.in_words(), os.getuid())
            with self._opened(options["output"]) as out:
                self._write(file, out)
        except DatabaseFailure as error:
            raise command_errors.database_away(error) from error
        except BrokenPipeError:
            command_errors.discard_output()
            return
        except OSError as error:
            raise CommandError(f"The file can’t be written: {error.strerror}.") from error
        self._sum_up(file, options["output"])

    @contextmanager
    def _opened(self, output: str) -> Iterator[BinaryIO]:
        """The file to write, which gets its name only when it is complete, so that no half of a list is used as a
        whole."""
        if output == STANDARD_OUTPUT:
            yield self.target or sys.stdout.buffer
            return
        unfinished = Path(f"{output}.{os.getpid()}.part")
        try:
            with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                yield out
            unfinished.replace(output)
        finally:
            unfinished.unlink(missing_ok=True)

    def _write(self, file: File, out: BinaryIO) -> None:
        rows = self._shown(file)
        if file.format.suffix == "xlsx":
            with spreadsheets.xlsx_file(file.format.header, rows) as sheets:
                copyfileobj(sheets, out)
        else:
            out.writelines(spreadsheets.csv_lines(file.format.header, rows, is_for_people=file.format.is_for_people))
        out.flush()

    def _shown(self, file: File) -> Iterator[suppressions.Row]:
        """The file's rows; on a terminal with a progress bar."""
        is_shown, shown = self.stderr.isatty(), -1
        for number, row in enumerate(file.rows(), 1):
            yield row
            percent = number * 100 // max(file.count, number)
            if is_shown and percent != shown:
                shown = percent
                bar = "#" * (percent * _BAR // 100)
                self.stderr.write(f"\r[{bar:<{_BAR}}] {percent}%, {number:,} rows", ending="")
                self.stderr.flush()

    def _sum_up(self, file: File, output: str) -> None:
        if self.stderr.isatty():
            said = "".join(f"\nNot exported: {one}." for one in file.left_out.in_words)
            self.stderr.write(f"\r\x1b[K{file.count:,} rows.{said}")
            return
        category = file.asked.category.slug if file.asked.category else None
        summary: dict[str, Any] = {"format": file.kind, "category": category, "file": output}
        summary |= {"lines": file.count, "left_out": file.left_out._asdict()}
        (self.stderr if output == STANDARD_OUTPUT else self.stdout).write(json.dumps(summary))


def _asked(options: dict[str, Any]) -> SuppressionQuery:
    """The query by these options. Raises CommandError for options that contradict each other, which would give an empty
    file."""
    category, reason = _category(options["category"]), options["reason"]
    if reason in OF_A_CATEGORY and category is None:
        raise CommandError(f"The reason '{reason}' applies only to categories: add --category.")
    if not EXPORT_FORMATS[options["format"]].takes(options["channel"]):
        raise CommandError("This format contains only email addresses.")
    if options["since"] and options["until"] and options["since"] > options["until"]:
        raise CommandError("The end date is before the start date.")
    reasons = frozenset({reason} if reason else REASONS)
    return SuppressionQuery(
        category, options["channel"], reasons, options["source"], options["since"], options["until"]
    )


def _category(slug: str) -> Category | None:
    category = Category.objects.filter(slug=slug).first()
    if slug and category is None:
        known = ", ".join(Category.objects.values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"There is no category '{slug}'. Categories: {known}.")
    return category
