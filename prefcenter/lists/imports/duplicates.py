"""Which addresses a file has named before; kept on disk, so that a worker doesn't grow with the file."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager

from . import files


class SeenAddresses:
    """Keeps 64 bits of each digest: of files with a million addresses, one in thirty million has two taken for one."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        # Whatever a crash leaves of it is thrown away.
        database.execute("PRAGMA journal_mode=OFF")
        database.execute("PRAGMA synchronous=OFF")
        database.execute("CREATE TABLE seen (digest INTEGER PRIMARY KEY)")

    def first(self, digests: Iterable[bytes], *, salt: int) -> set[bytes]:
        """Those of the digests that were not given with this salt before; from now on they were. `salt`: below 2**63,
        another one for each kind of what rows say."""
        wanted = {int.from_bytes(digest[:8], signed=True) ^ salt: digest for digest in digests}
        with closing(self._database.cursor()) as cursor:
            cursor.execute("BEGIN")
            first = {key for key in wanted if cursor.execute(_INSERT, (key,)).rowcount}
            cursor.execute("COMMIT")
        return {wanted[key] for key in first}


_INSERT = "INSERT OR IGNORE INTO seen VALUES (?)"


@contextmanager
def nothing_seen() -> Iterator[SeenAddresses]:
    """Empty ones, deleted at the end."""
    with files.scratch() as path, closing(sqlite3.connect(path, isolation_level=None)) as database:
        yield SeenAddresses(database)
