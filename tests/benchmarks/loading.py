"""Brings rows into a table as fast as it takes them: COPY on PostgreSQL, executemany elsewhere. It checks nothing.

A column that nobody named gets its model's default, so that a table may grow a column without this noticing.
"""

from collections.abc import Callable, Sequence
from typing import Any

from django.core.management.color import no_style
from django.db import connection
from django.db.models import Field, Model

AT_ONCE = 20_000

Rows = list[tuple[Any, ...]]


class Sheet:
    """Rows of one model on their way into its table, each a tuple of `names` in that order. JSON comes as text."""

    def __init__(self, model: type[Model], *names: str) -> None:
        fields = {field.name: field for field in model._meta.concrete_fields}
        others = [field for name, field in fields.items() if name not in names and not field.primary_key]
        self._table = model._meta.db_table
        self._columns = [str(field.column) for field in (*(fields[name] for name in names), *others)]
        self._rest = tuple(field.get_db_prep_save(field.get_default(), connection) for field in others)
        self._adapters = [(index, adapt) for index, name in enumerate(names) if (adapt := _adapter(fields[name]))]
        self._rows: Rows = []

    def add(self, *values: Any) -> None:
        self._rows.append(values + self._rest)
        if len(self._rows) >= AT_ONCE:
            self.flush()

    def flush(self) -> None:
        rows, self._rows = self._rows, []
        if rows:
            load(self._table, self._columns, self._adapted(rows))

    def _adapted(self, rows: Rows) -> Rows:
        for index, adapt in self._adapters:
            rows = [(*row[:index], adapt(row[index]), *row[index + 1 :]) for row in rows]
        return rows


def load(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    quote = connection.ops.quote_name
    into = f"{quote(table)} ({', '.join(map(quote, columns))})"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {into} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        marks = ", ".join(["%s"] * len(columns))
        cursor.executemany(f"INSERT INTO {into} VALUES ({marks})", rows)  # noqa: S608  (names of our own columns)


def set_sequences(*models: type[Model]) -> None:
    """Whoever comes next gets an id above those that were given here."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(models)):
            cursor.execute(statement)


def _adapter(field: "Field[Any, Any]") -> Callable[[Any], Any] | None:
    """What PostgreSQL's driver knows by itself and SQLite's does not."""
    if connection.vendor == "postgresql":
        return None
    kinds: dict[str, Callable[[Any], Any]] = {
        "DateTimeField": connection.ops.adapt_datetimefield_value,
        "DateField": connection.ops.adapt_datefield_value,
        "UUIDField": lambda value: value.hex,
    }
    return kinds.get(field.get_internal_type())
