"""An import can be taken back: by whom, when, and how far that got."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

_STATES = [
    ("checking", "Being checked"),
    ("ready", "Checked, to be confirmed"),
    ("running", "Being imported"),
    ("done", "Done"),
    ("failed", "Failed"),
    ("stopped", "Stopped"),
    ("taking", "Being taken back"),
    ("taken", "Taken back"),
]


class Migration(migrations.Migration):

    dependencies = [("prefcenter", "0012_reasons"), ("unsubscribe", "0010_said_again")]

    operations = [
        migrations.AlterField(
            "importrun", "state", models.CharField(choices=_STATES, default="checking", max_length=8)
        ),
        migrations.AddField(
            "importrun",
            "taken_back_by",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField("importrun", "taken_back_at", models.DateTimeField(null=True)),
        migrations.AddField("importrun", "taken_back", models.PositiveBigIntegerField(db_default=0, default=0)),
    ]
