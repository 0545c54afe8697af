"""A database of its own beside the configured one, made for one run and removed after it. It reads no other."""

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path

from django.db import connection

PREFIX = "prefcenter_bench_"


class NoScratchError(Exception):
    """The database user may not create databases, and this needs one of its own: 'ALTER ROLE … CREATEDB', or SQLite."""


@contextmanager
def scratch() -> Iterator[Path]:
    """Within, the connection leads to an empty, migrated database; the folder is for files and goes with it.

    Raises NoScratchError. Should the process be killed, a database is left whose name begins with PREFIX.
    """
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        with _database(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _database(folder: Path) -> Iterator[None]:
    if not _may_create():
        raise NoScratchError
    own = str(connection.settings_dict["NAME"])
    is_sqlite = connection.vendor == "sqlite"
    name = str(folder / "db.sqlite3") if is_sqlite else f"{PREFIX}{secrets.token_hex(4)}"
    connection.settings_dict["TEST"]["NAME"] = name
    with redirect_stdout(StringIO()):  # which is for the figures alone
        connection.creation.create_test_db(verbosity=0, autoclobber=False, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(own, verbosity=0)


def _may_create() -> bool:
    if connection.vendor == "sqlite":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")
        return bool(cursor.fetchone()[0])
