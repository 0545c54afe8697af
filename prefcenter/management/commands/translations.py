"""manage.py translations: updates the message catalogs to the texts in code and templates."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

try:
    from prefcenter.management import catalogs
except ModuleNotFoundError as error:
    if error.name != "babel":
        raise
    catalogs = None  # type: ignore[assignment]  # a module otherwise, which mypy takes it for

_NO_BABEL = (
    "This command needs Babel, which is installed with the tests' packages: pip install -c constraints.txt -e '.[test]'"
)


class Command(BaseCommand):
    """Exit status: 0, or 1 when a translation given with --fill does not fit its text."""

    help = (
        "Updates every .po and .mo file after a text has changed. With --missing it shows what is still to be "
        "translated, with --fill it takes translations. Needs the packages of '.[test]'."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        languages = catalogs and catalogs.languages()
        parser.add_argument(
            "--missing", metavar="LANGUAGE", choices=languages, help="what is to be translated, as JSON"
        )
        parser.add_argument(
            "--fill",
            metavar=("LANGUAGE", "FILE"),
            nargs=2,
            help='takes JSON: {"key shown by --missing": "translation", or a list with a text for each plural form}',
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not catalogs:
            raise CommandError(_NO_BABEL)
        if options["missing"]:
            shown = json.dumps(catalogs.missing(options["missing"]), ensure_ascii=False, indent=2)
            self.stdout.write(shown)
        elif options["fill"]:
            self._fill(*options["fill"])
        else:
            for language in catalogs.languages():
                catalogs.fill(language, {})

    def _fill(self, language: str, file: str) -> None:
        if language not in catalogs.languages():
            raise CommandError(f"There is no catalog for {language!r}, only for {', '.join(catalogs.languages())}.")
        try:
            given = json.loads(Path(file).read_text())
        except (OSError, ValueError) as error:
            raise CommandError(f"{file} cannot be read as JSON: {error}") from error
        if mistakes := catalogs.fill(language, given):
            raise CommandError("Some translations were not taken:\n" + "\n".join(mistakes))
