"""A whole site from outside: its database, its processes and its pages. It uses nothing that an operator could not."""

import csv
import io
import logging
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from tests.commands import Commands
from tests.databases import new_postgresql, new_sqlite
from tests.services import PATIENCE, command_of, descendants, free_port, is_running, start_redis, wait_until
from tests.settings import ON_POSTGRESQL

ROOT = Path(__file__).resolve().parents[2]
#: What a journey measured on its way; shown by `pytest --log-cli-level=INFO`.
FIGURES = logging.getLogger("journeys")
LONG_AGO = "2020-01-01 00:00:00"
CATEGORIES = """
from unsubscribe.models import Category
for slug, name in [("news", "Product news"), ("offers", "Offers")]:
    Category.objects.create(slug=slug, name=name)
"""


class Database(NamedTuple):
    """SQL beside the site, on whatever it runs on. Placeholders are %s."""

    url: str

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(self._connect()) as connection:
            cursor = connection.execute(sql if ON_POSTGRESQL else sql.replace("%s", "?"), values)
            rows = cursor.fetchall() if cursor.description else []
            connection.commit()
            return rows

    def _connect(self) -> Any:
        if ON_POSTGRESQL:
            return psycopg.connect(self.url)
        return sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=PATIENCE)


class Owed(NamedTuple):
    """One row of the outbox."""

    status: str
    attempts: int
    due_at: datetime
    last_error: str
    uid: str


class Running:
    """`manage.py serve`, or demo, in a process of its own; its output goes to a file."""

    def __init__(self, environment: dict[str, str], log: Path, *command: str) -> None:
        self._log = log
        with log.open("ab") as file:
            self._begin = file.tell()
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", *command],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )

    @property
    def said(self) -> str:
        return self._log.read_bytes()[self._begin :].decode(errors="replace")

    def wait_until_ready(self) -> None:
        def is_ready() -> bool:
            assert self.process.poll() is None, self.said
            return "Ready at http" in self.said

        wait_until(is_ready, what="the site is ready")

    def worker_pid(self) -> int:
        """The worker itself; its beat is a child of it under the same name."""
        children = {pid for pid in descendants(self.process.pid) if _parent(pid) == self.process.pid}
        return next(pid for pid in children if b"celery" in command_of(pid))

    def stop(self) -> float:
        """Returns how many seconds it took. Nothing of it is left behind."""
        pids, started = descendants(self.process.pid), time.monotonic()
        self.process.terminate()
        try:
            self.process.wait(timeout=PATIENCE)
        finally:
            for pid in filter(is_running, {self.process.pid, *pids} if self.process.poll() is None else ()):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.wait()
        wait_until(lambda: not any(map(is_running, pids)), what=f"the end of {pids}")
        return time.monotonic() - started


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


class Site:
    """A site with two categories, "news" and "offers"."""

    def __init__(self, folder: Path, database: Database, environment: dict[str, str]) -> None:
        self.folder = folder
        self.database = database
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.environment = surroundings(folder) | {
            "DATABASE_URL": database.url,
            "SITE_URL": self.url,
            **environment,
        }
        self.log = folder / "log"
        self.commands = Commands("site", self.environment)

    def manage(self, *arguments: str, given: str = "", check: bool = True) -> "subprocess.CompletedProcess[str]":
        done = self.commands.run(arguments, given=given)
        with self.log.open("a") as log:
            log.write(done.stderr)
        assert done.returncode == 0 or not check, done.stderr
        return done

    def shell(self, code: str) -> str:
        return self.manage("shell", "--verbosity", "0", "--command", code).stdout

    def start(self) -> Running:
        running = Running(self.environment, self.log, "serve", "--port", str(self.port))
        running.wait_until_ready()
        return running

    def audience(self, addresses: Sequence[str], *, category: str = "news") -> dict[str, dict[str, str]]:
        """What the sender's system is told before a mailing: verdict, links and headers for each address."""
        given = "\n".join(["email", *addresses]) + "\n"
        answer = self.manage("audience", "--category", category, given=given).stdout
        return {row["email"]: row for row in csv.DictReader(io.StringIO(answer))}

    def link(self, address: str, *, category: str = "news") -> str:
        return self.audience([address], category=category)[address]["unsubscribe_url"]

    def verdict(self, address: str, *, category: str = "news") -> str:
        return self.audience([address], category=category)[address]["verdict"]

    def outbox(self, address: str) -> list[Owed]:
        rows = self.database.query(
            "SELECT status, attempts, due_at, last_error, uid FROM unsubscribe_outboxmessage "
            "WHERE address_id = (SELECT id FROM unsubscribe_address WHERE value = %s) ORDER BY id",
            address,
        )
        return [
            Owed(status, attempts, _moment(due_at), error, str(UUID(str(uid))))
            for status, attempts, due_at, error, uid in rows
        ]

    def make_due(self, address: str) -> None:
        """As if the retry's minutes had passed."""
        self.database.query(
            "UPDATE unsubscribe_outboxmessage SET due_at = %s "
            "WHERE address_id = (SELECT id FROM unsubscribe_address WHERE value = %s)",
            LONG_AGO,
            address,
        )

    def count(self, table: str, **where: object) -> int:
        """Rows of one of the engine's tables in which these columns hold these values."""
        condition = " AND ".join(f"{name} = %s" for name in where) or "1 = 1"
        sql = f"SELECT count(*) FROM unsubscribe_{table} WHERE {condition}"  # noqa: S608 - names are our own
        return int(self.database.query(sql, *where.values())[0][0])


def _moment(value: datetime | str) -> datetime:
    return datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else value


def surroundings(folder: Path) -> dict[str, str]:
    """What a person sets for development; nothing of what the tests' own process runs under."""
    passed_on = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return passed_on | {
        "DJANGO_SETTINGS_MODULE": "prefcenter.settings",
        "DEBUG": "true",
        "DATA_DIR": str(folder),
        "SENDER_NAME": "Journey Post",
        "DEFAULT_FROM_EMAIL": "Journey Post <hello@journey.example>",
        "UNSUBSCRIBE_CONFIRMATION_DELAY": "1",
        "UNSUBSCRIBE_SWEEP_SECONDS": "1",
    }


def run(command: Sequence[str], environment: dict[str, str], given: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, cwd=ROOT, env=environment, input=given, capture_output=True, text=True, check=False)


@contextmanager
def new_site(folder: Path, **environment: str) -> Iterator[Site]:
    """Migrated and not started: a fresh database and, beside PostgreSQL, a Redis of its own."""
    with _new_database(folder) as database, _new_broker() as broker:
        site = Site(folder, database, broker | environment)
        with closing(site.commands):
            site.shell(CATEGORIES)
            yield site


@contextmanager
def _new_database(folder: Path) -> Iterator[Database]:
    if ON_POSTGRESQL:
        with new_postgresql() as url:
            yield Database(url)
    else:
        yield Database(new_sqlite(folder / "db.sqlite3"))


@contextmanager
def _new_broker() -> Iterator[dict[str, str]]:
    if not ON_POSTGRESQL:
        yield {"CELERY_BROKER_URL": "filesystem://localhost"}
        return
    redis = start_redis()
    try:
        yield {"CELERY_BROKER_URL": redis.url}
    finally:
        redis.stop()
