"""How the database is emptied after a test that commits: all but what migrations put there, which no such test changes.

Django's own way empties these tables, too, and then makes every permission anew, which takes longer than many a test.
"""

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management.color import no_style
from django.db import connection
from django.test import TransactionTestCase

from tests.staff import make_groups

_KEPT = (ContentType, Permission, Group, Group.permissions.through)
_TABLES = {model._meta.db_table for model in _KEPT}
_as_django_does = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]


def keep_what_migrations_made() -> None:
    """From now on; called once, when the database is as the migrations left it."""
    made = _rows()

    def empty(case: TransactionTestCase) -> None:
        nonlocal made
        if _rows() == made:
            names = connection.introspection.django_table_names(only_existing=True, include_views=False)
            connection.ops.execute_sql_flush(
                connection.ops.sql_flush(no_style(), [name for name in names if name not in _TABLES])
            )
        else:
            _as_django_does(case)
            make_groups()
            made = _rows()

    TransactionTestCase._fixture_teardown = empty  # type: ignore[attr-defined]


def _rows() -> list[list[tuple[Any, ...]]]:
    return [list(model._base_manager.order_by("pk").values_list()) for model in _KEPT]
