"""Blocks on domains, and the second digest of Gmail addresses; 0012_gmail_digests fills it where it can be made."""

import unsubscribe.models.lookups
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('unsubscribe', '0010_said_again'),
    ]

    operations = [
        migrations.CreateModel(
            name='DomainSuppression',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('domain', models.CharField(max_length=253)),
                ('reason', models.CharField(choices=[('unsubscribed_all', 'Unsubscribed from everything'), ('complaint', 'Complained'), ('hard_bounce', 'Address does not exist'), ('manual', 'Blocked by staff'), ('erased', 'Erased')], max_length=16)),
                ('source', models.CharField(choices=[('one_click', 'One-click'), ('page', 'Page'), ('mailto', 'Mail'), ('sms', 'Text message'), ('complaint', 'Complaint'), ('import', 'Import'), ('api', 'API'), ('staff', 'Staff')], max_length=16)),
                ('actor', models.CharField(blank=True, max_length=150)),
                ('note', models.TextField(blank=True)),
                ('since', models.DateTimeField()),
                ('created_at', models.DateTimeField()),
                ('lifted_at', models.DateTimeField(blank=True, null=True)),
                ('lifted_by', models.CharField(blank=True, max_length=150)),
                ('lifted_note', models.TextField(blank=True)),
            ],
            options={
                'verbose_name': 'domain block',
                'permissions': [('block_domain', 'Can block domains, and lift such blocks')],
            },
        ),
        migrations.AddField(
            model_name='address',
            name='gmail_digest',
            field=unsubscribe.models.lookups.DigestField(max_length=32, null=True),
        ),
        migrations.AddIndex(
            model_name='address',
            index=models.Index(condition=models.Q(('gmail_digest__isnull', False)), fields=['gmail_digest'], name='address_by_gmail_mailbox'),
        ),
        migrations.AddIndex(
            model_name='domainsuppression',
            index=models.Index(fields=['domain'], name='domain_block_history'),
        ),
        migrations.AddConstraint(
            model_name='domainsuppression',
            constraint=models.UniqueConstraint(condition=models.Q(('lifted_at__isnull', True)), fields=('domain', 'reason'), name='one_active_domain_block'),
        ),
    ]
