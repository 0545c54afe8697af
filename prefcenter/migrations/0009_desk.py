"""desk"""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations


def let_marketers_keep_campaigns(apps, schema_editor):
    """And delete a reason that nobody ticked."""
    permissions = apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label__in=("unsubscribe", "prefcenter"),
        codename__in=("add_campaign", "change_campaign", "delete_feedbackreason"),
    )
    marketer, _ = apps.get_model("auth", "Group").objects.get_or_create(name="marketer")
    marketer.permissions.add(*permissions)


def let_compliance_prove(apps, schema_editor):
    # Django makes permissions after all migrations; here this one is needed before.
    config = installed.get_app_config("prefcenter")
    create_permissions(config, apps=apps, using=schema_editor.connection.alias, verbosity=0)
    permission = apps.get_model("auth", "Permission").objects.get(
        content_type__app_label="prefcenter", codename="prove_contact"
    )
    compliance, _ = apps.get_model("auth", "Group").objects.get_or_create(name="compliance")
    compliance.permissions.add(permission)


def let_compliance_export_opt_outs(apps, schema_editor):
    config = installed.get_app_config("prefcenter")
    create_permissions(config, apps=apps, using=schema_editor.connection.alias, verbosity=0)
    permission = apps.get_model("auth", "Permission").objects.get(
        content_type__app_label="prefcenter", codename="export_opt_outs"
    )
    compliance, _ = apps.get_model("auth", "Group").objects.get_or_create(name="compliance")
    compliance.permissions.add(permission)


class Migration(migrations.Migration):

    dependencies = [("prefcenter", "0008_webhooks")]

    operations = [
        migrations.RunPython(let_marketers_keep_campaigns, migrations.RunPython.noop),
        migrations.CreateModel(
            name="ProvenContact",
            fields=[],
            options={
                "permissions": [("prove_contact", "Can make a proof of what happened with a contact")],
                "proxy": True,
                "default_permissions": (),
                "indexes": [],
                "constraints": [],
            },
            bases=("unsubscribe.contact",),
        ),
        migrations.RunPython(let_compliance_prove, migrations.RunPython.noop),
        migrations.CreateModel(
            name="OptOut",
            fields=[],
            options={
                "verbose_name": "opt-out",
                "permissions": [("export_opt_outs", "Can export opt-outs")],
                "proxy": True,
                "default_permissions": (),
                "indexes": [],
                "constraints": [],
            },
            bases=("unsubscribe.suppression",),
        ),
        migrations.RunPython(let_compliance_export_opt_outs, migrations.RunPython.noop),
    ]
