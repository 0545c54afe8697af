"""`manage.py` in a process of its own for each command, forked from one that has loaded what takes long to load.

That one is this module as a program. A fresh interpreter for each command says and does the same, and computes two
seconds longer.
"""

import atexit
import json
import os
import runpy
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
#: What takes longest to load, whatever the settings.
LIBRARIES = [
    "celery.app.task",
    "celery.schedules",
    "dkim",
    "django.core.management",
    "django.db.models",
    "django.test",
    "dns.resolver",
    "fido2.server",
    "lxml.html",
    "openpyxl",
    "premailer",
    "psycopg",
    "pydantic",
    "requests",
]
#: Of a command: what it reads, and what it writes.
FILES = ("in", "out", "error")
Done = subprocess.CompletedProcess[str]


def run(*arguments: str, environment: dict[str, str], given: str = "") -> Done:
    """`manage.py` with these arguments, nothing but this environment, and `given` as its standard input."""
    return _any_site().run(arguments, environment, given)


@cache
def _any_site() -> "Commands":
    commands = Commands("libraries", {"PATH": os.environ["PATH"]})
    atexit.register(commands.close)
    return commands


class Commands:
    """`loads` the libraries, for any site, or the site of this environment."""

    def __init__(self, loads: str, environment: dict[str, str]) -> None:
        command = [sys.executable, "-m", __name__, loads]
        self._server = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, arguments: Sequence[str], environment: dict[str, str] | None = None, given: str = "") -> Done:
        with tempfile.TemporaryDirectory() as name:
            files = [Path(name, one) for one in FILES]
            files[0].write_text(given)
            status = self._ask(list(map(str, files)), ["manage.py", *arguments], environment)
            return subprocess.CompletedProcess(arguments, status, files[1].read_text(), files[2].read_text())

    def close(self) -> None:
        self._server.communicate()

    def _ask(self, *words: object) -> int:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(f"{json.dumps(words)}\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())


def _serve() -> None:
    """Answers each line that asks for a command with its exit status."""
    for line in sys.stdin:
        if not (child := os.fork()):
            _be(*json.loads(line))
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stdout.flush()


def _be(files: list[str], command: list[str], environment: dict[str, str] | None) -> NoReturn:
    """Without an interpreter's own end, which would take apart all that was loaded."""
    for number, path in enumerate(files):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT if number else os.O_RDONLY), number)
    sys.stdin, sys.argv = os.fdopen(0), command
    if environment is not None:
        os.environ.clear()
        os.environ.update(environment)
    status = _status_of(lambda: runpy.run_path(command[0], run_name="__main__"))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _status_of(program: Callable[[], object]) -> int:
    try:
        program()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _load_libraries() -> None:
    for name in LIBRARIES:
        import_module(name)


def _load_site() -> None:
    django, checks = import_module("django"), import_module("django.core.checks")
    django.setup()
    checks.run_checks()  # which every command does, and which loads the rest


if __name__ == "__main__":
    {"libraries": _load_libraries, "site": _load_site}[sys.argv[1]]()
    _serve()
