"""A no by one address now looks at all addresses of its contact, and nothing reads the index of the pending ones."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("unsubscribe", "0016_running_campaigns")]

    operations = [migrations.RemoveIndex(model_name="address", name="pending_by_contact")]
