"""Short links, for messages in which every character counts: the rows that they name."""

import django.db.models.deletion
import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('unsubscribe', '0008_campaign_clocks'),
    ]

    operations = [
        migrations.CreateModel(
            name='ShortLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('issued_on', models.DateField()),
                ('address', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='unsubscribe.address')),
                ('campaign', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='unsubscribe.campaign')),
                ('category', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='unsubscribe.category')),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('address'), django.db.models.functions.comparison.Coalesce('category', 0), django.db.models.functions.comparison.Coalesce('campaign', 0), name='one_short_link_per_target')],
            },
        ),
    ]
