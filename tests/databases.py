"""Databases as `manage.py migrate` makes them, for sites that run in processes of their own.

It runs once, whatever the number of pytest's processes; what it made is copied.
"""

import fcntl
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from tests import services

ROOT = Path(services.__file__).resolve().parent.parent
#: One folder for all processes of a run.
SHARED = Path(os.environ["TEST_FOLDER"])


def new_sqlite(path: Path) -> str:
    """The URL of a new database at `path`."""
    migrated = SHARED / "migrated.sqlite3"
    with _alone():
        if not migrated.exists():
            _migrate(f"sqlite:///{migrated}.new")
            migrated.with_suffix(".sqlite3.new").rename(migrated)
    shutil.copyfile(migrated, path)
    return f"sqlite:///{path}"


@contextmanager
def new_postgresql() -> Iterator[str]:
    """The URL of a new database on the tests' own server; it is gone afterwards."""
    name, template = f"new_{secrets.token_hex(6)}", "migrated"
    with psycopg.connect(os.environ["TEST_DATABASE_URL"], autocommit=True) as connection:
        with _alone():
            if not (SHARED / template).exists():
                connection.execute(f"CREATE DATABASE {template}")
                _migrate(_named(template))
                (SHARED / template).touch()
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield _named(name)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _named(name: str) -> str:
    return urlunsplit(urlsplit(os.environ["TEST_DATABASE_URL"])._replace(path=f"/{name}"))


@contextmanager
def _alone() -> Iterator[None]:
    """One process at a time."""
    with (SHARED / "migrating").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _migrate(url: str) -> None:
    own = {"DEBUG": "true", "DATA_DIR": str(SHARED / "migrating-data"), "DATABASE_URL": url}
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ} | own
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
