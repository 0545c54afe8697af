"""`column__any_of=[...]`: whether a column's value is in a list of any length, which travels as one parameter.

Django's own `__in` sends one parameter per member, which SQLite and PostgreSQL's protocol both limit.
"""

import json
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BinaryField, Field, ForeignKey, Lookup
from django.db.models.sql.compiler import SQLCompiler

# SQLite has no arrays; 32-byte slices of one blob do the same, and stay an index search.
_SLICES = """(
    WITH RECURSIVE slice(i) AS (SELECT 0 WHERE %s > 0 UNION ALL SELECT i + 1 FROM slice WHERE i + 1 < %s)
    SELECT substr(%s, i * 32 + 1, 32) FROM slice
)"""


class DigestField(BinaryField):
    """Thirty-two bytes: a digest or a hash. `any_of` depends on the length."""


@Field.register_lookup
class AnyOf(Lookup):
    """For integers, texts and DigestFields, and for foreign keys by their ids."""

    lookup_name = "any_of"

    def get_prep_lookup(self) -> list[Any]:
        return list(self.rhs)

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        column, params = self.process_lhs(compiler, connection)
        if connection.vendor == "postgresql":
            return f"{column} = ANY(%s)", (*params, self.rhs)
        if isinstance(self.lhs.output_field, BinaryField):
            return f"{column} IN {_SLICES}", (*params, len(self.rhs), len(self.rhs), b"".join(self.rhs))
        return f"{column} IN (SELECT value FROM json_each(%s))", (*params, json.dumps(self.rhs))  # noqa: S608  (a column's name, no input)


ForeignKey.register_lookup(AnyOf)
