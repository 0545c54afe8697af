"""The ledger's index by kind, source and time, for the figures; and the outbox's, by how long a message took."""

import unsubscribe.models.outbox
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("unsubscribe", "0005_retired")]

    operations = [
        migrations.RemoveIndex(model_name="consentevent", name="ledger_by_time"),
        migrations.AddIndex(
            model_name="consentevent",
            index=models.Index(
                fields=["kind", "source", "at", "channel", "category", "campaign"],
                name="ledger_by_kind",
            ),
        ),
        migrations.AddIndex(
            model_name="outboxmessage",
            index=models.Index(
                unsubscribe.models.outbox.Waited(),
                models.F("kind"),
                models.F("sent_at"),
                models.F("created_at"),
                condition=models.Q(("sent_at__isnull", False)),
                name="outbox_waits",
            ),
        ),
    ]
