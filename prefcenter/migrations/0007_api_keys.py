"""The keys of the API, and what was answered under an Idempotency-Key."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import unsubscribe.models.lookups


class Migration(migrations.Migration):

    dependencies = [("prefcenter", "0006_imports")]

    operations = [
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(help_text="Which system uses it, and for what.", max_length=120)),
                ("hint", models.CharField(editable=False, max_length=16)),
                ("digest", unsubscribe.models.lookups.DigestField(editable=False, max_length=32, unique=True)),
                ("scopes", models.JSONField(default=list)),
                ("created_at", models.DateTimeField(editable=False)),
                ("expires_at", models.DateTimeField(blank=True, help_text="Empty: never.", null=True)),
                ("revoked_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("last_used_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("period_at", models.DateTimeField(editable=False, null=True)),
                ("calls", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "created_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"verbose_name": "API key", "ordering": ["-id"]},
        ),
        migrations.CreateModel(
            name="IdempotentAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", unsubscribe.models.lookups.DigestField(max_length=32)),
                ("fingerprint", unsubscribe.models.lookups.DigestField(max_length=32)),
                ("status", models.PositiveSmallIntegerField(default=0)),
                ("body", models.JSONField(null=True)),
                ("created_at", models.DateTimeField(db_index=True)),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="prefcenter.apikey"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("key", "digest"), name="one_answer_per_key")],
            },
        ),
    ]
