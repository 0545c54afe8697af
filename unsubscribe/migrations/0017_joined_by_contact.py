"""A no by one address holds for those it was joined to, whether that is pending or agreed to: one index for both."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("unsubscribe", "0016_running_campaigns")]

    operations = [
        migrations.AddIndex(
            model_name="address",
            index=models.Index(
                condition=models.Q(("joined_at__isnull", False)), fields=["contact"], name="joined_by_contact"
            ),
        ),
        migrations.RemoveIndex(model_name="address", name="pending_by_contact"),
    ]
