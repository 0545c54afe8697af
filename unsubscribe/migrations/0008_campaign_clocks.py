"""A campaign is kept apart from the one before it, so that it is not too soon for itself after midnight either.

Nullable columns without a default, and no constraint that would have to be checked: no row is rewritten or read.
"""

import django.db.models.deletion
from django.db import migrations, models


def column(name, field):
    return migrations.AddField("lastsent", name, field)


class Migration(migrations.Migration):

    dependencies = [("unsubscribe", "0007_covering")]

    operations = [
        column("began_at", models.DateTimeField(null=True)),
        column("sent_at", models.DateTimeField(null=True)),
        column("earlier_on", models.DateField(null=True)),
        column(
            "earlier_campaign",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="unsubscribe.campaign",
            ),
        ),
        column("earlier_began_at", models.DateTimeField(null=True)),
        column("earlier_sent_at", models.DateTimeField(null=True)),
    ]
