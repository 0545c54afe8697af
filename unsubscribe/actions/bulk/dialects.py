"""Where the SQL of the bulk verbs differs between PostgreSQL and SQLite: a few fragments, and how rows are loaded.

A file is small beside the tables it goes into, so on PostgreSQL its rows are looked up one by one in an index: LATERAL
with LIMIT and ANY(ARRAY()) keep the planner from reading a table of millions as a whole for each batch. SQLite does so
by itself, and its writer is alone as soon as the transaction has begun.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol

from django.db import connection

from ...addresses import gmail_digest

#: One address of a file, once: its digest; the normalised address, "" where only the digest is known; when its no was
#: said, aware, None where the file does not say; its position in the file. Of a plain tuple the garbage collector loses
#: track, of a NamedTuple not: with 50,000 that costs an import a tenth of its time.
Row = tuple[bytes, str, datetime | None, int]


class Dialect(Protocol):
    """Fragments of SQL with named parameters (`%(name)s`)."""

    #: Whether others may write at the same time, so that rows must be locked.
    has_other_writers: bool
    #: The function that returns the later of two times, neither of them NULL.
    greatest: str

    def load(self, cursor: Any, rows: Iterable[Row]) -> None:
        """Makes the temporary table `staged` of these rows, which come in the order of their digests."""

    def array(self, values: Iterable[Any]) -> Any:
        """A parameter for `one_of`."""

    def one_of(self, name: str) -> str:
        """`column …`: it is one of the values of this parameter."""

    def among(self, select: str) -> str:
        """`column …`: it is one of those that are selected, few beside the table of the column."""

    def narrowed(self, column: str, select: str) -> str:
        """` AND …`: the same, where a join implies it already, for the planner."""

    def look_up(self, join: str, table: str, alias: str, condition: str) -> str:
        """Joins the only row of a table that meets the condition; `join` is JOIN or LEFT JOIN."""

    def next_id(self, table: str) -> str:
        """A new id for a row of `staged`. With the parameter `reserve` it may be used, and is never drawn again."""

    def json(self, name: str) -> str:
        """The value of a column of JSON that this parameter holds as text."""

    def choice(self, *, state: str, frequency: str, paused_until: str) -> str:
        """JSON as ledger.events.ChoiceData has it, of three expressions."""


class Postgresql:
    has_other_writers = True
    greatest = "GREATEST"

    def load(self, cursor: Any, rows: Iterable[Row]) -> None:
        cursor.execute(
            "CREATE TEMPORARY TABLE staged"
            " (digest bytea, value text, at timestamptz, position integer, gmail_digest bytea)"
        )
        with cursor.copy("COPY staged FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["bytea", "text", "timestamptz", "int4", "bytea"])
            for row in rows:
                copy.write_row((*row, gmail_digest(row[1])))

    def array(self, values: Iterable[Any]) -> list[Any]:
        return list(values)

    def one_of(self, name: str) -> str:
        return f"= ANY(%({name})s)"

    def among(self, select: str) -> str:
        return f"= ANY(ARRAY({select}))"

    def narrowed(self, column: str, select: str) -> str:
        return f" AND {column} {self.among(select)}"

    def look_up(self, join: str, table: str, alias: str, condition: str) -> str:
        return f"{join} LATERAL (SELECT * FROM {table} AS {alias} WHERE {condition} LIMIT 1) AS {alias} ON TRUE"

    def next_id(self, table: str) -> str:
        return f"CASE WHEN %(reserve)s THEN nextval('{table}_id_seq') END"

    def json(self, name: str) -> str:
        return f"%({name})s::jsonb"

    def choice(self, *, state: str, frequency: str, paused_until: str) -> str:
        return f"jsonb_build_object('state', {state}, 'frequency', {frequency}, 'paused_until', {paused_until})"


class Sqlite:
    has_other_writers = False
    greatest = "max"

    def load(self, cursor: Any, rows: Iterable[Row]) -> None:
        cursor.execute(
            "CREATE TEMPORARY TABLE staged (number INTEGER PRIMARY KEY, digest, value, at, position, gmail_digest)"
        )
        stored = connection.ops.adapt_datetimefield_value
        cursor.executemany(
            "INSERT INTO staged (digest, value, at, position, gmail_digest) VALUES (%s, %s, %s, %s, %s)",
            ((digest, value, at and stored(at), position, gmail_digest(value)) for digest, value, at, position in rows),
        )

    def array(self, values: Iterable[Any]) -> str:
        return json.dumps(list(values))

    def one_of(self, name: str) -> str:
        return self.among(f"SELECT value FROM json_each(%({name})s)")

    def among(self, select: str) -> str:
        return f"IN ({select})"

    def narrowed(self, column: str, select: str) -> str:
        return ""

    def look_up(self, join: str, table: str, alias: str, condition: str) -> str:
        return f"{join} {table} AS {alias} ON {condition}"

    def next_id(self, table: str) -> str:
        # After the last id that was ever drawn, also by a row that is gone.
        return f"number + COALESCE((SELECT seq FROM sqlite_sequence WHERE name = '{table}'), 0)"

    def json(self, name: str) -> str:
        return f"%({name})s"

    def choice(self, *, state: str, frequency: str, paused_until: str) -> str:
        # As Python writes JSON, blanks and all: that is how the other verbs store it.
        return (
            f"""'{{"state": "' || {state} || '", "frequency": "' || {frequency}"""
            f""" || '", "paused_until": ' || json_quote({paused_until}) || '}}'"""
        )


_DIALECTS: dict[str, Dialect] = {"postgresql": Postgresql(), "sqlite": Sqlite()}


def current() -> Dialect:
    """That of the database in use."""
    return _DIALECTS[connection.vendor]
