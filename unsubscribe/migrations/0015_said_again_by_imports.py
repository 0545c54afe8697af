"""Which imports said a no again, what a category was before an import, and when less was asked for again.

Nullable columns and constant defaults: no table is rewritten, and the version before this one goes on writing
meanwhile. Of the no's that imports set before, the ledger knows what they found.
"""

from django.db import migrations, models
from django.db.models import OuterRef, Subquery, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce

_AT = models.DateTimeField(blank=True, null=True)
_STATES = [("subscribed", "Subscribed"), ("unsubscribed", "Unsubscribed"), ("unspecified", "Not chosen")]


def fill(apps, schema_editor):
    alias = schema_editor.connection.alias
    events = apps.get_model("unsubscribe", "ConsentEvent").objects.using(alias)
    found = events.filter(
        contact_id=OuterRef("contact_id"),
        category_id=OuterRef("category_id"),
        channel=OuterRef("channel"),
        kind="opt_out",
        source="import",
    )
    last = found.order_by("-id").values(state=KeyTextTransform("state", "before"))[:1]
    rows = apps.get_model("unsubscribe", "Preference").objects.using(alias)
    of_imports = rows.filter(import_id__isnull=False, state="unsubscribed")
    of_imports.update(state_before=Coalesce(Subquery(last), Value("")))


class Migration(migrations.Migration):

    dependencies = [("unsubscribe", "0014_domains_taken_back")]

    operations = [
        migrations.AddField("contact", "pause_said_at", _AT),
        migrations.AddField("preference", "less_said_at", _AT),
        migrations.AddField(
            "preference",
            "state_before",
            models.CharField(blank=True, choices=_STATES, db_default="", default="", max_length=16),
        ),
        migrations.CreateModel(
            name="ImportRepeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("model", models.CharField(max_length=20)),
                ("row_id", models.BigIntegerField()),
                ("import_id", models.BigIntegerField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["model", "row_id", "import_id"], name="one_repeat_of_import")
                ],
                "indexes": [models.Index(fields=["import_id", "model", "row_id"], name="repeats_of_import")],
            },
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
