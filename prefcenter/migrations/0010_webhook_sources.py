"""Which doors an endpoint does not hear of, and the secret before its newest. Who is there goes on hearing of all."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("prefcenter", "0009_desk")]

    operations = [
        migrations.AddField("webhookendpoint", "left_out", models.JSONField(blank=True, default=list)),
        migrations.AddField(
            "webhookendpoint", "previous_secret", models.CharField(blank=True, editable=False, max_length=100)
        ),
        migrations.AddField("webhookendpoint", "previous_until", models.DateTimeField(editable=False, null=True)),
    ]
