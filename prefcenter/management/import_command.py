"""What import_optouts and import_contacts share: a dry run unless --apply is given, words and a progress bar on a
terminal, JSON otherwise."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseFailure
from django.utils import timezone

from prefcenter.lists import imports
from prefcenter.lists.imports import ImportOptions, Lost, Misfit, Result, wording
from prefcenter.lists.imports.progress import PASSED_OVER, SAID_YES, TAKEN, UNPLACED, Progress
from prefcenter.lists.reader import TableError
from prefcenter.models import ImportKind
from unsubscribe.addresses import redact
from unsubscribe.choices import Channel

from . import column_questions, command_errors

LINES_SHOWN = 20
WIDTH = 30
_DRY = "Dry run: nothing was imported. Add --apply to import the file."
_REST = "See the report for these lines. All other valid lines are imported."
_INTERRUPTED = "Interrupted. What was imported up to then stays. Run the command again to continue."


class ImportCommand(BaseCommand):
    """An import command. `name`: the actor in the ledger; `file_nargs`: "?" makes the file optional.

    Exit status: 0, 1 for an error or for rows that could not be imported, 2 where a column has to be asked about, 130
    after Ctrl-C.
    """

    name = ""
    file_nargs: str | None = None

    def add_arguments(self, parser: ArgumentParser) -> None:
        help_ = "a CSV or a plain list, exactly as exported"
        parser.add_argument("file", type=Path, metavar="FILE", nargs=self.file_nargs, help=help_)
        parser.add_argument(
            "--apply", action="store_true", help="import the file; without this option, only do a dry run"
        )
        parser.add_argument("--channel", default=Channel.EMAIL.value, choices=Channel.values)
        column_questions.add_arguments(parser)

    def import_options(self, options: dict[str, Any]) -> ImportOptions:
        """What to import, by the command's options. Raises CommandError."""
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._say(options, self._done(options))
        except TableError as error:
            raise CommandError(str(error)) from error
        except Misfit as error:
            raise CommandError(f"{error} Nothing was imported.") from error
        except OSError as error:
            raise CommandError(f"'{redact(str(options['file']))}' can’t be read: {error.strerror}.") from error
        except DatabaseFailure as error:
            raise command_errors.database_away(error) from error
        except Lost as error:
            raise CommandError("The import was stopped in the admin. What was imported up to then stays.") from error
        except KeyboardInterrupt as error:
            raise CommandError(_INTERRUPTED, returncode=130) from error

    def _done(self, options: dict[str, Any]) -> Result:
        path, asked, said, now = (
            options["file"],
            self.import_options(options),
            column_questions.said(options),
            timezone.now(),
        )
        actor = self.name if options["apply"] else None
        return imports.import_file(path, asked, actor=actor, now=now, on_progress=self._say_progress, said=said)

    def _say(self, options: dict[str, Any], result: Result) -> None:
        if self.stderr.isatty():
            self.stderr.write("\r\x1b[K", ending="")
        if not self.stdout.isatty():
            self.stdout.write(
                json.dumps(_summary(options["file"].name, self.import_options(options), result), indent=2)
            )
        elif not result.questions:
            self._say_in_words(self.import_options(options), result)
        if result.questions:
            raise CommandError(column_questions.in_words(result.questions), returncode=column_questions.STATUS)
        if lost := wording.lost(result.progress.figures):
            raise CommandError("\n".join([*lost, _REST] if UNPLACED in result.progress.figures else lost))

    def _say_in_words(self, asked: ImportOptions, result: Result) -> None:
        self.stdout.write(f"{result.label}, {wording.encoding(result.encoding)}.")
        if result.before and result.before.finished_at:
            self.stdout.write(
                f"This exact file was already imported on {result.before.finished_at:%Y-%m-%d %H:%M} UTC."
            )
        for heading, means in result.columns.items():
            self.stdout.write(f"Column “{heading}”: {means}.")
        for sentence in wording.other_addresses(result.progress.figures):
            self.stdout.write(sentence)
        for _, label, number in wording.figures(asked.kind, result.progress.figures):
            self.stdout.write(f"{number:>12,}  {label}")
        if said_yes := result.progress.reasons[SAID_YES]:
            self.stdout.write(f"Refused because they are subscribed: {wording.rows(said_yes)}.")
        for line, problem in result.progress.problems[:LINES_SHOWN]:
            self.stdout.write(f"line {line}: {problem}")
        if result.progress.problem_count > LINES_SHOWN:
            self.stdout.write(f"… and {result.progress.problem_count - LINES_SHOWN:,} more lines with problems.")
        self.stdout.write(f"Done: import {result.run.pk}." if result.run else _DRY)

    def _say_progress(self, progress: Progress, read: int, size: int) -> None:
        if self.stderr.isatty():
            done = min(WIDTH, WIDTH * read // max(1, size))
            bar = f"\r[{'#' * done}{' ' * (WIDTH - done)}] {progress.position:,} rows"
            self.stderr.write(bar, style_func=str, ending="")  # Django's own style here is red
            self.stderr.flush()


def _summary(file_name: str, asked: ImportOptions, result: Result) -> dict[str, Any]:
    figures = result.progress.figures
    before = result.before.finished_at if result.before else None
    return {
        "file": redact(file_name),
        "recognised": result.label,
        "encoding": result.encoding,
        "applied": result.run is not None,
        "import": result.run.pk if result.run else None,
        "imported_before": before.isoformat() if before else None,
        "rows": result.progress.position,
        **{name: number for name, _, number in wording.figures(asked.kind, result.progress.figures)},
        **(_about_opt_outs(figures) if asked.kind == ImportKind.OPT_OUTS else {}),
        "problems": [{"line": line, "problem": problem} for line, problem in result.progress.problems],
        "problems_not_listed": result.progress.problem_count - len(result.progress.problems),
        **({"columns": dict(result.columns)} if result.columns else {}),
        **{name: figures[name] for name in (TAKEN, PASSED_OVER, UNPLACED) if name in figures},
        **({"questions": [column_questions.as_json(one) for one in result.questions]} if result.questions else {}),
    }


def _about_opt_outs(figures: dict[str, Any]) -> dict[str, Any]:
    """The summary's keys for opt-outs: `hashed`, `reasons`, and in `said_yes` how many were refused as subscribed."""
    reasons = dict(figures["reasons"])
    said_yes = reasons.pop(SAID_YES, 0)
    return {"hashed": figures["hashed"], "reasons": reasons, **({"said_yes": said_yes} if said_yes else {})}
