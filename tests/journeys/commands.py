"""A site's `manage.py`: each command in a process of its own, forked from one that has loaded the site already.

That one is this module as a program, in the site's environment. A fresh interpreter for each command says and does the
same; loading the site is most of what it would do.
"""

import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import django
from django.core.checks import run_checks
from django.core.management import execute_from_command_line

#: Of a command: what it reads, and what it writes.
STANDARD = ("in", "out", "error")


class Commands:
    def __init__(self, root: Path, environment: dict[str, str]) -> None:
        command = [sys.executable, "-m", __name__]
        self._server = subprocess.Popen(
            command, cwd=root, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, arguments: Sequence[str], given: str = "") -> "subprocess.CompletedProcess[str]":
        with tempfile.TemporaryDirectory() as name:
            files = [Path(name, one) for one in STANDARD]
            files[0].write_text(given)
            status = self._ask(*map(str, files), "manage.py", *arguments)
            return subprocess.CompletedProcess(arguments, status, files[1].read_text(), files[2].read_text())

    def _ask(self, *words: str) -> int:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(f"{json.dumps(words)}\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())

    def close(self) -> None:
        self._server.communicate()


def serve() -> None:
    """Answers each line that asks for a command with its exit status."""
    for line in sys.stdin:
        words = json.loads(line)
        if not (child := os.fork()):
            _be(words[len(STANDARD) :], words[: len(STANDARD)])
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stdout.flush()


def _be(command: list[str], files: list[str]) -> NoReturn:
    """Without an interpreter's own end, which would take apart all that was loaded."""
    for number, path in enumerate(files):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT if number else os.O_RDONLY), number)
    sys.stdin = os.fdopen(0)
    status = 1
    try:
        execute_from_command_line(command)
        status = 0
    except SystemExit as end:
        status = int(end.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    django.setup()
    run_checks()  # which every command does, and which loads the rest of the site
    serve()
