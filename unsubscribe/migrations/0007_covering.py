"""The ids of a mailing's addresses are read from the index alone: on a million of them a quarter of the time.

By hand, for PostgreSQL: SQLite's indexes hold the id anyway, and Django's `include` would warn of it at every start.
"""

from django.db import migrations

_CONSTRAINT = "one_address_per_channel UNIQUE (digest, channel)"


def change(apps, schema_editor, *, to):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE unsubscribe_address DROP CONSTRAINT one_address_per_channel")
        schema_editor.execute(f"ALTER TABLE unsubscribe_address ADD CONSTRAINT {to}")


def cover(apps, schema_editor):
    change(apps, schema_editor, to=f"{_CONSTRAINT} INCLUDE (id)")


def uncover(apps, schema_editor):
    change(apps, schema_editor, to=_CONSTRAINT)


class Migration(migrations.Migration):

    dependencies = [("unsubscribe", "0006_ledger")]

    operations = [migrations.RunPython(cover, uncover)]
