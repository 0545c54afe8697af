import unsubscribe.models.lookups
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('unsubscribe', '0002_texts_in_languages_and_questions'),
    ]

    operations = [
        migrations.CreateModel(
            name='Seal',
            fields=[
                ('number', models.BigIntegerField(primary_key=True, serialize=False)),
                ('version', models.PositiveSmallIntegerField()),
                ('at', models.DateTimeField()),
                ('count', models.PositiveIntegerField()),
                ('settled', models.BigIntegerField()),
                ('through', models.BigIntegerField()),
                ('previous', unsubscribe.models.lookups.DigestField(max_length=32)),
                ('hash', unsubscribe.models.lookups.DigestField(max_length=32)),
                ('entries', models.BinaryField()),
            ],
        ),
    ]
