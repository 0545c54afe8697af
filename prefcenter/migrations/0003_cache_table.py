"""Makes the table of the database cache, in which the limits of signing in are counted."""

from typing import Any

from django.core.management import call_command
from django.db import migrations


def make_table(apps: Any, schema_editor: Any) -> None:
    """Does nothing if the cache is another one, or the table is there already."""
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):

    dependencies = [
        ('prefcenter', '0002_link_requests_and_visits'),
    ]

    operations = [
        migrations.RunPython(make_table, migrations.RunPython.noop),
    ]
