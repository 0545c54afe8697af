"""The two import commands and `audience` on a file of a test, as a job in the night runs them."""

import io
import json
from pathlib import Path
from typing import Any

from django.core.management import CommandError, call_command

from prefcenter.management.commands.audience import Command as Audience
from unsubscribe.models import Suppression

Content = str | bytes


class Files:
    """A folder with files; each command gets one of them by its content."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, content: Content, name: str = "export.csv") -> Path:
        path = self._folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def does(self, command: str, content: Content, *arguments: str, name: str = "export.csv") -> dict[str, Any]:
        """The summary."""
        out = io.StringIO()
        call_command(command, str(self.write(content, name)), *arguments, stdout=out, stderr=io.StringIO())
        found: dict[str, Any] = json.loads(out.getvalue())
        return found

    def asks(self, command: str, content: Content, *arguments: str, name: str = "export.csv") -> list[str]:
        """The columns that are asked about: it has ended with status 2."""
        status, said, out = self.fails(command, content, *arguments, name=name)
        assert status == 2, said
        return [one["column"] for one in json.loads(out)["questions"]]

    def fails(self, command: str, content: Content, *arguments: str, name: str = "export.csv") -> tuple[int, str, str]:
        """The status, what was said, and what was written to standard output."""
        out = io.StringIO()
        try:
            call_command(command, str(self.write(content, name)), *arguments, stdout=out, stderr=io.StringIO())
        except CommandError as error:
            return error.returncode, str(error), out.getvalue()
        raise AssertionError("It ended with status 0.")


def audience(content: Content, *arguments: str) -> tuple[list[str], str]:
    """The verdicts, and what was said on standard error."""

    class Stdin(io.BytesIO):
        def isatty(self) -> bool:
            return False

    command, out, err = Audience(), io.StringIO(), io.StringIO()
    command.source = Stdin(content.encode() if isinstance(content, str) else content)
    call_command(command, "--category", "news", "--no-links", *arguments, stdout=out, stderr=err)
    return [line.split(",")[-2] for line in out.getvalue().splitlines()[1:]], err.getvalue()


def blocked() -> set[str]:
    return set(Suppression.objects.filter(lifted_at=None).values_list("address__value", flat=True))
