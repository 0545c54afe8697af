"""What an import of a million rows costs, measured against the floor: the same rows written by hand.

    python -m tests.benchmarks.imports [--rows 1000000] [--category]
    TEST_ON=postgresql python -m tests.benchmarks.imports

The floor puts the same rows into the same tables with the same indexes, and asks nothing: COPY into a temporary table
and INSERT ... SELECT on PostgreSQL, executemany on SQLite. Both take turns batch by batch, each in a database of its
own, so that whatever else the machine does meets both. Reading the file and computing the digests is the same for both
and counted for both.
"""

import argparse
import os
import shutil
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from typing import BinaryIO, TypeVar

import django
import psycopg

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()

from django.core.management import call_command  # noqa: E402  (Django must be set up before its models are loaded)
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from prefcenter.lists.reader import open_table  # noqa: E402
from tests.factories import CategoryFactory  # noqa: E402
from unsubscribe import actions  # noqa: E402
from unsubscribe.actions import BATCH, ImportedNo, Origin  # noqa: E402
from unsubscribe.addresses import normalise  # noqa: E402
from unsubscribe.choices import Channel, Source  # noqa: E402

#: What the import may cost, in floors.
BAR = 1.5
Spent = Counter[str]
Floor = Callable[[Sequence[ImportedNo]], None]
T = TypeVar("T")

_FACTS = '{"state": "%s", "frequency": "as_sent", "paused_until": null}'
#: What stands in every row: of a block, and of an opt-out of one category.
_BLOCK = ("opt_out", None, '{"suppressed": []}', '{"suppressed": ["unsubscribed_all"]}')
_OPT_OUT = ("opt_out", 1, _FACTS % "unspecified", _FACTS % "unsubscribed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--category", action="store_true", help="opt-outs of one category in place of blocks")
    wanted = parser.parse_args()
    call_command("migrate", verbosity=0)
    category_id = CategoryFactory.create().pk if wanted.category else None
    by_hand = (_PostgresqlFloor if connection.vendor == "postgresql" else _SqliteFloor)(category_id)
    with tempfile.TemporaryFile() as file:
        write(file, wanted.rows)
        tell(measure(file, by_hand, category_id), wanted.rows)


def write(file: BinaryIO, rows: int) -> None:
    """In no order, neither of addresses nor of digests, as lists are."""
    file.write(b"email,name,date\r\n")
    for number in range(rows):
        name = (number * 7_368_787) % 99_999_989
        file.write(f"reader.{name}@mail{name % 97}.example.com,Reader {number},2026-01-02\r\n".encode())
    file.seek(0)


def measure(file: BinaryIO, by_hand: Floor, category_id: int | None) -> Spent:
    """Seconds on the clock, by what they were spent on."""
    spent: Spent = Counter()
    origin = Origin(Source.IMPORT, timezone.now())
    asked = partial(actions.import_opt_outs, origin=origin, channel=Channel.EMAIL, category_id=category_id)
    preview = partial(actions.preview_opt_outs, **asked.keywords)
    for number, said in enumerate(batches(file, spent)):
        turns: list[tuple[str, Callable[[], object]]] = [
            ("import", partial(asked, said)),
            ("floor", partial(by_hand, said)),
        ]
        for name, turn in turns if number % 2 else reversed(turns):
            timed(name, turn, spent)
        timed("preview", partial(preview, said), spent)
        timed("import again", partial(asked, said), spent)
    return spent


def batches(file: BinaryIO, spent: Spent) -> Iterator[list[ImportedNo]]:
    rows = iter(open_table(file))
    while said := timed("reading", lambda: [_said(row.address) for row in islice(rows, BATCH)], spent):
        yield said


def _said(text: str) -> ImportedNo:
    address = normalise(text)
    return ImportedNo(address.digest, address.value)


def timed(name: str, call: Callable[[], T], spent: Spent) -> T:
    begun = time.perf_counter()
    done = call()
    spent[name] += time.perf_counter() - begun  # type: ignore[assignment]  # a Counter of seconds
    return done


def tell(spent: Spent, rows: int) -> None:
    for name, seconds in spent.items():
        print(f"{name:14}{seconds:8.2f} s for {rows:,} rows")  # noqa: T201  (it is what the script is for)
    ratio = (spent["reading"] + spent["import"]) / (spent["reading"] + spent["floor"])
    print(f"{ratio:.2f} of the floor; the bar is {BAR}")  # noqa: T201  (the same)


class _PostgresqlFloor:
    """Every row of each batch gets the next number, which is the id of all that is made of it."""

    def __init__(self, category_id: int | None) -> None:
        parameters = connection.get_connection_params()
        connection.close()  # nobody may be in a database that is copied
        server = {name: parameters[name] for name in ("host", "port", "user")}
        with psycopg.connect(**server, dbname="postgres", autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE floor TEMPLATE {parameters['dbname']}")
        self.connection = psycopg.connect(**server, dbname="floor")
        self.facts = _OPT_OUT if category_id else _BLOCK
        self.category_id = category_id
        self.before = 0

    def __call__(self, said: Sequence[ImportedNo]) -> None:
        now = timezone.now()
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE row (id bigint, digest bytea, value text) ON COMMIT DROP")
            with cursor.copy("COPY row FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(["int8", "bytea", "text"])
                for number, one in enumerate(sorted(said), self.before + 1):
                    copy.write_row((number, one.digest, one.value))
            for step, params in self._steps(now):
                cursor.execute(step, params)
        self.before += len(said)

    def _steps(self, now: datetime) -> Iterator[tuple[str, Sequence[object]]]:
        yield (
            "INSERT INTO unsubscribe_contact (id, language, only_chosen, created_at) SELECT id, '', FALSE, %s FROM row",
            [now],
        )
        yield (
            "INSERT INTO unsubscribe_address (id, contact_id, channel, value, digest, created_at)"
            " SELECT id, id, 'email', value, digest, %s FROM row",
            [now],
        )
        if self.category_id:
            yield (
                "INSERT INTO unsubscribe_preference (contact_id, category_id, channel, state, frequency, changed_at)"
                " SELECT id, 1, 'email', 'unsubscribed', 'as_sent', %s FROM row",
                [now],
            )
        else:
            yield (
                "INSERT INTO unsubscribe_suppression (address_id, reason, everywhere, source, since)"
                " SELECT id, 'unsubscribed_all', FALSE, 'import', %s FROM row",
                [now],
            )
        yield (
            "INSERT INTO unsubscribe_consentevent (at, kind, source, contact_id, address_id, channel, category_id,"
            " before, after, wording, actor, note)"
            " SELECT %s, %s, 'import', id, id, 'email', %s, %s::jsonb, %s::jsonb, '', '', '' FROM row",
            [now, *self.facts],
        )


class _SqliteFloor:
    """The same on SQLite, with the settings that Django gives its connections."""

    def __init__(self, category_id: int | None) -> None:
        path = str(connection.settings_dict["NAME"])
        connection.close()
        shutil.copy(path, f"{path}.floor")
        self.connection = sqlite3.connect(f"{path}.floor", isolation_level=None)
        self.connection.execute("PRAGMA foreign_keys = ON")
        self.connection.execute("PRAGMA journal_mode = DELETE")
        self.facts = _OPT_OUT if category_id else _BLOCK
        self.category_id = category_id
        self.before = 0

    def __call__(self, said: Sequence[ImportedNo]) -> None:
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        rows = [(number, one.digest, one.value) for number, one in enumerate(sorted(said), self.before + 1)]
        self.connection.execute("BEGIN IMMEDIATE")
        many = self.connection.executemany
        many(
            "INSERT INTO unsubscribe_contact (id, language, only_chosen, created_at) VALUES (?, '', 0, ?)",
            ((id_, now) for id_, _, _ in rows),
        )
        many(
            "INSERT INTO unsubscribe_address (id, contact_id, channel, value, digest, created_at)"
            " VALUES (?, ?, 'email', ?, ?, ?)",
            ((id_, id_, value, digest, now) for id_, digest, value in rows),
        )
        if self.category_id:
            many(
                "INSERT INTO unsubscribe_preference (contact_id, category_id, channel, state, frequency, changed_at)"
                " VALUES (?, 1, 'email', 'unsubscribed', 'as_sent', ?)",
                ((id_, now) for id_, _, _ in rows),
            )
        else:
            many(
                "INSERT INTO unsubscribe_suppression (address_id, reason, everywhere, source, since)"
                " VALUES (?, 'unsubscribed_all', 0, 'import', ?)",
                ((id_, now) for id_, _, _ in rows),
            )
        many(
            "INSERT INTO unsubscribe_consentevent (contact_id, address_id, at, kind, source, channel, category_id,"
            " before, after, wording, actor, note) VALUES (?, ?, ?, ?, 'import', 'email', ?, ?, ?, '', '', '')",
            ((id_, id_, now, *self.facts) for id_, _, _ in rows),
        )
        self.connection.execute("COMMIT")
        self.before += len(said)


if __name__ == "__main__":
    main()
