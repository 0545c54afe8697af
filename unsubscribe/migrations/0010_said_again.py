"""When a no was said again and how, which import set it, and how a block ended. What stands already is left as it is."""

from django.db import migrations, models

_AT = models.DateTimeField(blank=True, null=True)
_IMPORT = models.BigIntegerField(blank=True, null=True)
# A default in the database, so that the version before this one goes on writing meanwhile.
_BY = models.CharField(blank=True, db_default="", default="", max_length=16)
_KINDS = [
    ("opt_out", "Opted out"),
    ("opt_in", "Opted in"),
    ("opt_down", "Opted down"),
    ("opt_up", "Asked for more often"),
    ("pause", "Paused"),
    ("resume", "Resumed"),
    ("suppress", "Suppressed"),
    ("again", "Said no again"),
    ("lift", "Lifted"),
    ("erase", "Erased"),
    ("access", "Asked what is held"),
]


def _of_import(name):
    return models.Index(fields=["import_id"], condition=models.Q(import_id__isnull=False), name=name)


class Migration(migrations.Migration):

    dependencies = [("unsubscribe", "0009_short_links")]

    operations = [
        migrations.AddField("preference", "import_id", _IMPORT),
        migrations.AddField("preference", "said_at", _AT),
        migrations.AddField("preference", "said_by", _BY),
        migrations.AddField("suppression", "import_id", _IMPORT),
        migrations.AddField("suppression", "said_at", _AT),
        migrations.AddField("suppression", "said_by", _BY),
        migrations.AddField("suppression", "lifted_by", _BY),
        migrations.AlterField("consentevent", "kind", models.CharField(choices=_KINDS, max_length=8)),
        migrations.AddIndex("preference", _of_import("preferences_of_import")),
        migrations.AddIndex("suppression", _of_import("suppressions_of_import")),
    ]
