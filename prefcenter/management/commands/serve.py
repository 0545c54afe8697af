"""manage.py serve: runs the web server and the worker together (docs/running.md). Refuses to start without a database
that is migrated."""

import socket
import sys
from argparse import ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseFailure
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from prefcenter.management import listening
from prefcenter.management.supervisor import Child, Supervisor

#: Addresses that mean all interfaces, and where to connect for each.
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - recognised, not chosen


class Command(BaseCommand):
    help = "Runs the web server and the worker together until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (%(default)s)")
        parser.add_argument("--port", type=listening.port, default=8000, help="the port to listen on (%(default)s)")
        parser.add_argument("--workers", type=_count, default=2, help="web server processes (%(default)s)")
        parser.add_argument("--threads", type=_count, default=4, help="threads in each process (%(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        address = _free(options["host"], options["port"])
        _require_migrations()
        self._prepare_files()
        connections.close_all()
        self._say(f"Starting the web server ({options['workers']} processes) and the worker.")
        children = [_web_server(address, workers=options["workers"], threads=options["threads"]), _worker()]
        status = Supervisor(children, probe=lambda: self._ready(address)).run()
        if status:
            sys.exit(status)
        self._say("Stopped.")

    def _prepare_files(self) -> None:
        try:
            settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
            if not settings.IS_LOCAL:
                self._say("Collecting static files…")
                call_command("collectstatic", interactive=False, verbosity=0)
        except OSError as error:
            raise CommandError(f"'{error.filename}' can’t be written: {error.strerror}.") from error

    def _ready(self, address: tuple[str, int]) -> bool:
        host, port = EVERYWHERE.get(address[0], address[0]), address[1]
        try:
            socket.create_connection((host, port), timeout=0.5).close()
        except OSError:
            return False
        self._say(f"Ready at http://{f'[{host}]' if ':' in host else host}:{port}")
        return True

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()  # a pipe or a log would otherwise get it only at the end


def _web_server(address: tuple[str, int], *, workers: int, threads: int) -> Child:
    options = {
        "--interface": "wsgi",
        "--host": address[0],
        "--port": str(address[1]),
        "--workers": str(workers),
        "--blocking-threads": str(threads),
        # In seconds. A granian worker that is still loading ignores signals, and Docker waits only ten seconds.
        "--workers-kill-timeout": "8",
        "--log-level": "error",
    }
    # No access log: paths have tokens, with which anyone can opt the contact out (law 10).
    flags = ["--respawn-failed-workers", "--no-access-log"]
    command = [sys.executable, "-m", "granian", *_flat(options), *flags, "prefcenter.wsgi:application"]
    return Child("web server", command, settings.BASE_DIR, essential=True)


def _worker() -> Child:
    """The Celery worker with its beat. Not essential, because opt-outs work without a broker (law 4)."""
    options = {
        "--pool": "threads",
        "--concurrency": "4",
        "--schedule": str(settings.DATA_DIR / "celerybeat-schedule"),
        "--loglevel": "WARNING",
    }
    flags = ["--beat", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    celery = [sys.executable, "-m", "celery", "--app", "prefcenter", "--quiet", "worker"]
    return Child("worker", [*celery, *_flat(options), *flags], settings.BASE_DIR)


def _flat(options: dict[str, str]) -> list[str]:
    return [part for option in options.items() for part in option]


def _free(host: str, port: int) -> listening.Address:
    try:
        family, address = listening.resolve(host, port)
    except socket.gaierror as error:
        raise CommandError(f"Can’t listen on '{host}': there is no such host on this machine.") from error
    if problem := listening.why_not(family, address):
        raise CommandError(problem)
    return address


def _require_migrations() -> None:
    try:
        executor = MigrationExecutor(connection)
        behind = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseFailure as error:
        reason = str(error).partition("\n")[0]
        raise CommandError(f"The database can’t be reached: {reason}. Check DATABASE_URL.") from error
    if behind:
        raise CommandError("The database is not ready: run 'manage.py migrate' first.")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"'{text}' is not a valid number of processes: at least 1")
    return int(text)
