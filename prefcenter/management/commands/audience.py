"""manage.py audience: a CSV in, the same CSV with verdicts, links and headers out (docs/beside-your-mailer.md)."""

import sys
from argparse import ArgumentParser
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseFailure
from django.utils import timezone

from prefcenter.lists import audience
from prefcenter.lists.audience import ListColumns
from prefcenter.lists.imports import Misfit, wording
from prefcenter.lists.imports.progress import PASSED_OVER
from prefcenter.lists.reader import TableError, open_table
from prefcenter.management import column_questions, command_errors
from unsubscribe.choices import Channel, Outcome
from unsubscribe.errors import RetiredCategory, UnsubscribeError
from unsubscribe.models import Category

_LOOKS_LIKE = (
    "This list has the columns of an export of opt-outs ({export}). If it is one, don’t send to anyone in it and run "
    "import_optouts on it. It was checked as a list of contacts."
)


class Command(BaseCommand):
    """`source`: what to read in place of standard input, for callers in Python."""

    help = (
        "Reads a CSV of addresses on standard input and writes it to standard output with a verdict for each "
        "address, and the signed links and headers for those you may write to."
    )
    source: BinaryIO | None = None

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--category", required=True, help="the slug of the category to send")
        parser.add_argument("--campaign", default="", help="the name of this mailing, which its links carry")
        parser.add_argument("--channel", default=Channel.EMAIL.value, choices=Channel.values)
        parser.add_argument(
            "--record",
            action="store_true",
            help="count these messages as sent today, for rates and frequencies; needs --campaign",
        )
        parser.add_argument("--no-links", action="store_true", help="without links and headers; much faster")
        column_questions.add_arguments(parser)
        parser.add_argument("--only", choices=Outcome.values, default="", help="keep only the rows with this verdict")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._answer(options)
        except DatabaseFailure as error:
            raise command_errors.database_away(error) from error

    def _answer(self, options: dict[str, Any]) -> None:
        source = self.source or sys.stdin.buffer
        if source.isatty():
            raise CommandError("Pass a CSV on standard input: manage.py audience … < contacts.csv")
        if options["record"] and not options["campaign"].strip():
            raise CommandError(
                "--record needs --campaign NAME, so that recording the same mailing twice counts it once."
            )
        channel = Channel(options["channel"])
        request = audience.request(
            self._category(options["category"]),
            channel=channel,
            campaign=options["campaign"],
            now=timezone.now(),
            is_recorded=options["record"],
            with_links=not options["no_links"],
        )
        said = column_questions.said(options)
        try:
            table = open_table(source, channel=channel.value)
            purpose = request.mailing.purpose
            listed = ListColumns(table, purpose=purpose, now=request.now, channel=channel, said=said)
            counts = audience.write_answers(
                table,
                request,
                self.stdout,
                only=options["only"],
                listed=listed,
                on_problem=self._say_problem,
                on_progress=self._say_progress,
            )
        except (TableError, UnsubscribeError, Misfit) as error:
            raise CommandError(str(error)) from error
        except BrokenPipeError:
            command_errors.discard_output()
            return
        self._say_of_the_list(listed)
        found = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
        self.stderr.write(f"{wording.rows(sum(counts.values()))}{': ' if found else ''}{found}.")

    def _say_of_the_list(self, listed: ListColumns) -> None:
        if listed.looks_like:
            self.stderr.write(_LOOKS_LIKE.format(export=listed.looks_like))
        if listed.misfit:
            self.stderr.write(f"--means: {listed.misfit}")
        for question in listed.questions:
            self.stderr.write(column_questions.not_known(question))
        for sentence in wording.other_addresses({PASSED_OVER: listed.passed_over}):
            self.stderr.write(sentence)
        if listed.count:
            self.stderr.write(f"{wording.rows(listed.count)} opted out according to the list itself.")

    def _category(self, slug: str) -> Category:
        category = Category.objects.filter(slug=slug).first()
        if category is None:
            in_use = Category.objects.filter(retired_at=None).values_list("slug", flat=True)
            known = ", ".join(in_use) or "none yet"
            raise CommandError(f"There is no category '{slug}'. Categories: {known}.")
        if category.retired_at:
            raise CommandError(str(RetiredCategory()))
        return category

    def _say_problem(self, line: int, problem: str) -> None:
        self.stderr.write(f"line {line}: {problem}")

    def _say_progress(self, rows: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{wording.rows(rows)}", ending="")
