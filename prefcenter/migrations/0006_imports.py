"""Imports: one row for each file, and the permission, which compliance has."""

import django.db.models.deletion
from django.apps import apps as installed
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.db import migrations, models


def grant(apps, schema_editor):
    # Django makes permissions after all migrations; here they are needed before.
    config = installed.get_app_config("prefcenter")
    create_permissions(config, apps=apps, using=schema_editor.connection.alias, verbosity=0)
    permissions = apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="prefcenter", codename__in=("import_opt_outs", "view_importrun")
    )
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="compliance")
    group.permissions.add(*permissions)


class Migration(migrations.Migration):

    dependencies = [("prefcenter", "0005_groups")]

    operations = [
        migrations.CreateModel(
            name='ImportRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('opt_outs', 'Opt-outs'), ('contacts', 'Contacts')], max_length=8)),
                ('state', models.CharField(choices=[('checking', 'Being checked'), ('ready', 'Checked, to be confirmed'), ('running', 'Being imported'), ('done', 'Done'), ('failed', 'Failed'), ('stopped', 'Stopped')], default='checking', max_length=8)),
                ('file_name', models.CharField(max_length=100)),
                ('stored_as', models.CharField(blank=True, max_length=32)),
                ('sha256', models.BinaryField(max_length=32, verbose_name='SHA-256 of the file')),
                ('size', models.PositiveBigIntegerField(verbose_name='bytes')),
                ('recognised', models.CharField(max_length=32, verbose_name='recognised as')),
                ('encoding', models.CharField(max_length=16)),
                ('channel', models.CharField(choices=[('email', 'Email'), ('sms', 'Text message'), ('whatsapp', 'WhatsApp'), ('push', 'Push notification'), ('phone', 'Phone call'), ('post', 'Post')], default='email', max_length=8)),
                ('reason', models.CharField(blank=True, choices=[('unsubscribed_all', 'Unsubscribed from everything'), ('complaint', 'Complained'), ('hard_bounce', 'Address does not exist'), ('manual', 'Blocked by staff'), ('erased', 'Erased')], help_text='Empty: as the file says.', max_length=16)),
                ('foreseen', models.JSONField(default=dict)),
                ('counts', models.JSONField(default=dict)),
                ('problems', models.JSONField(default=list)),
                ('position', models.PositiveBigIntegerField(default=0, verbose_name='rows read')),
                ('last_line', models.PositiveBigIntegerField(default=0, verbose_name='last line read')),
                ('bytes_read', models.PositiveBigIntegerField(default=0)),
                ('error', models.TextField(blank=True)),
                ('created_at', models.DateTimeField()),
                ('checked_at', models.DateTimeField(null=True)),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('claimed_by', models.UUIDField(editable=False, null=True)),
                ('claimed_at', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('category', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='unsubscribe.category')),
                ('confirmed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'import',
                'ordering': ['-id'],
                'permissions': [('import_opt_outs', 'Can import opt-outs and contacts')],
            },
        ),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
