"""Who may block domains: compliance, who may see the list as well."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations


def grant(apps, schema_editor):
    # Django makes permissions after all migrations; here they are needed before.
    config = installed.get_app_config("unsubscribe")
    create_permissions(config, apps=apps, using=schema_editor.connection.alias, verbosity=0)
    permissions = apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="unsubscribe", codename__in=("block_domain", "view_domainsuppression")
    )
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="compliance")
    group.permissions.add(*permissions)


class Migration(migrations.Migration):

    dependencies = [("prefcenter", "0013_import_taken_back"), ("unsubscribe", "0012_gmail_digests")]
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
