"""Addresses that were joined to a contact are pending until the older one agrees; so are all that were joined before.

Which address a contact began with is not written down anywhere. It was learnt in the same moment as the contact, and of
several of that moment it has the lowest number; where there is none of that moment, the one known longest stands.
Of erased contacts nothing is changed. One statement, which PostgreSQL and SQLite take in the same words.
"""

import django.db.models.deletion
from django.db import migrations, models

_JOINED_BEFORE = """
    UPDATE unsubscribe_address SET
        joined_at = unsubscribe_address.created_at,
        is_beside = ranked.on_channel > 1
    FROM (
        SELECT
            address.id AS id,
            row_number() OVER (
                PARTITION BY address.contact_id
                ORDER BY CASE WHEN address.created_at = contact.created_at THEN 0 ELSE 1 END, address.id
            ) AS place,
            row_number() OVER (
                PARTITION BY address.contact_id, address.channel
                ORDER BY CASE WHEN address.created_at = contact.created_at THEN 0 ELSE 1 END, address.id
            ) AS on_channel
        FROM unsubscribe_address AS address
        JOIN unsubscribe_contact AS contact ON contact.id = address.contact_id
        WHERE contact.erased_at IS NULL
    ) AS ranked
    WHERE ranked.id = unsubscribe_address.id AND ranked.place > 1
"""


class Migration(migrations.Migration):

    dependencies = [("unsubscribe", "0012_gmail_digests")]

    operations = [
        migrations.AddField(
            model_name="address", name="joined_at", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddField(
            model_name="address", name="agreed_at", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddField(
            model_name="address", name="is_beside", field=models.BooleanField(db_default=False, default=False)
        ),
        migrations.AddField(
            model_name="address",
            name="parted_from",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="unsubscribe.contact",
            ),
        ),
        migrations.AddIndex(
            model_name="address",
            index=models.Index(
                condition=models.Q(("agreed_at__isnull", True), ("joined_at__isnull", False)),
                fields=["contact"],
                name="pending_by_contact",
            ),
        ),
        migrations.RunSQL(_JOINED_BEFORE, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="consentevent",
            name="kind",
            field=models.CharField(
                choices=[
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
                    ("join", "Answered whether an address is theirs"),
                ],
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="outboxmessage",
            name="kind",
            field=models.CharField(
                choices=[
                    ("confirmation", "Confirmation"),
                    ("link", "Fresh link"),
                    ("opt_in", "Question whether to opt in"),
                    ("erase", "Question whether to erase"),
                    ("join", "Question whether an address is theirs"),
                    ("joined", "Notice that an address was added"),
                    ("download", "Notice of a download"),
                    ("erasing", "Notice that somebody asked to erase"),
                ],
                max_length=16,
            ),
        ),
    ]
