"""Which addresses a file has named before. On the disk: a million of them are no reason for a worker to grow."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager

from . import files


class SeenAddresses:
    """Keeps 64 bits of each digest: among a million it takes two for one in one of thirty million files."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        # Whatever a crash leaves of it is thrown away.
        database.execute("PRAGMA journal_mode=OFF")
        database.execute("PRAGMA synchronous=OFF")
        database.execute("CREATE TABLE seen (digest INTEGER PRIMARY KEY)")

    def first(self, digests: Iterable[bytes], *, salt: int) -> set[bytes]:
        """Those that were not asked about under this salt before, and are known from now on."""
        wanted = {int.from_bytes(digest[:8], signed=True) ^ salt: digest for digest in digests}
        with closing(self._database.cursor()) as cursor:
            cursor.execute("BEGIN")
            first = {key for key in wanted if cursor.execute(_INSERT, (key,)).rowcount}
            cursor.execute("COMMIT")
        return {wanted[key] for key in first}


_INSERT = "INSERT OR IGNORE INTO seen VALUES (?)"


@contextmanager
def nothing_seen() -> Iterator[SeenAddresses]:
    with files.scratch() as path, closing(sqlite3.connect(path, isolation_level=None)) as database:
        yield SeenAddresses(database)
