"""How fast a file of opt-outs is imported. The floor writes the same rows by hand, and asks nothing about anybody.

Each has an empty database of its own, for the second would find the tables of the first no longer empty.
"""

import csv
import hmac
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from hashlib import sha256
from itertools import islice
from operator import itemgetter
from pathlib import Path

from django.db import connection, transaction

from prefcenter.lists import imports
from prefcenter.lists.imports import ImportOptions
from prefcenter.models import ImportKind
from unsubscribe import conf
from unsubscribe.models import Suppression

from .filling import write_file
from .loading import load
from .measuring import Figure, timed
from .scratch import scratch

AT_MOST = 1.5
AT_ONCE = 50_000
#: What a row becomes in each table, in which its number serves as the id of the address and of the contact.
_TABLES = (
    ("unsubscribe_contact (id, language, only_chosen, created_at)", "{id}, '', FALSE, {at}"),
    (
        "unsubscribe_address (id, contact_id, channel, value, digest, created_at)",
        "{id}, {id}, 'email', {value}, {digest}, {at}",
    ),
    (
        "unsubscribe_suppression (address_id, reason, everywhere, source, since)",
        "{id}, 'unsubscribed_all', FALSE, 'import', {at}",
    ),
    (
        "unsubscribe_consentevent"
        " (at, kind, source, contact_id, address_id, channel, before, after, wording, actor, note)",
        "{at}, 'opt_out', 'import', {id}, {id}, 'email', {before}, {after}, '', '', ''",
    ),
)
_FACTS = {"before": """'{"suppressed": []}'""", "after": """'{"suppressed": ["unsubscribed_all"]}'"""}

#: Number, digest, address, and the moment as the database takes it.
Said = tuple[int, bytes, str, object]


def opt_outs(rows: int, *, now: datetime, rounds: int) -> Figure:
    """Nobody in the file is known yet: that is the most there can be to write."""
    floors, seconds = [], []
    for _ in range(rounds):
        with scratch() as folder:
            floors.append(timed(partial(_by_hand, write_file(rows, folder), now)))
            _require(rows)
        with scratch() as folder:
            seconds.append(timed(partial(_import, write_file(rows, folder), now)))
            _require(rows)
    return Figure(
        "import of opt-outs",
        "reading the file, digesting each address and writing the rows by hand",
        rows,
        min(seconds),
        min(floors),
        most=AT_MOST,
    )


def _import(file: Path, now: datetime) -> None:
    options = ImportOptions(ImportKind.OPT_OUTS)
    imports.import_file(file, options, actor="bench", now=now, on_progress=lambda progress, read, size: None)


def _by_hand(file: Path, now: datetime) -> None:
    write = _write_on_postgresql if connection.vendor == "postgresql" else _write_on_sqlite
    with file.open(newline="") as lines:
        said = _read(lines, connection.ops.adapt_datetimefield_value(now))
        while some := list(islice(said, AT_ONCE)):
            with transaction.atomic():
                write(sorted(some, key=itemgetter(1)))


def _read(lines: Iterable[str], at: object) -> Iterator[Said]:
    rows, key = csv.reader(lines), conf.address_key().encode()
    next(rows)
    for id_, row in enumerate(rows, 1):
        value = row[0].strip().lower()
        yield id_, hmac.digest(key, sha256(value.encode()).digest(), "sha256"), value, at


def _write_on_postgresql(some: Sequence[Said]) -> None:
    names = ("id", "digest", "value", "at")
    typed = {name: f"{text}::jsonb" for name, text in _FACTS.items()}
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE said (id bigint, digest bytea, value text, at timestamptz) ON COMMIT DROP"
        )
        load("said", names, some)
        for into, what in _TABLES:
            columns = what.format(**dict(zip(names, names, strict=True)), **typed)
            cursor.execute(f"INSERT INTO {into} SELECT {columns} FROM said")  # noqa: S608  (the words above)


def _write_on_sqlite(some: Sequence[Said]) -> None:
    for into, what in _TABLES:
        values = what.format(id="?1", digest="?2", value="?3", at="?4", **_FACTS)
        connection.connection.executemany(f"INSERT INTO {into} VALUES ({values})", some)  # noqa: S608  (the words above)


def _require(rows: int) -> None:
    """Whoever wrote less was not faster."""
    written = Suppression.objects.count()
    if written != rows:
        raise AssertionError(f"{written} rows were written, and not {rows}.")
