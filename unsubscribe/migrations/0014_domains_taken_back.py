"""Which import set a domain's block, when the same was said again and how, and by which door it ended.

Nullable columns and constant defaults: no row is rewritten, and the version before this one goes on writing meanwhile.
"""

from django.db import migrations, models

_BY = models.CharField(blank=True, db_default="", default="", max_length=16)


class Migration(migrations.Migration):

    dependencies = [("unsubscribe", "0013_pending_addresses")]

    operations = [
        migrations.AddField("domainsuppression", "import_id", models.BigIntegerField(blank=True, null=True)),
        migrations.AddField("domainsuppression", "said_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("domainsuppression", "said_by", _BY),
        migrations.AddField("domainsuppression", "lifted_source", _BY),
        migrations.AddIndex(
            "domainsuppression",
            models.Index(
                fields=["import_id"],
                condition=models.Q(import_id__isnull=False),
                name="domain_blocks_of_import",
            ),
        ),
    ]
