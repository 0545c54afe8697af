"""Every campaign that runs is kept, not the last two alone, and who sends a letter claims it first.

Nullable columns without a default: no row is rewritten, and the version before this one goes on writing meanwhile.
"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("unsubscribe", "0015_said_again_by_imports")]

    operations = [
        migrations.AddField("lastsent", "others", models.JSONField(null=True)),
        migrations.AddField("lastsent", "before_on", models.DateField(null=True)),
        migrations.AddField("lastsent", "claimed_at", models.DateTimeField(null=True)),
    ]
