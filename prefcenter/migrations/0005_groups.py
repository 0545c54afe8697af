"""Three groups for the staff: who reads figures and edits texts, who helps people, who exports and proves."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

SEES_PEOPLE = [
    *("view_contact", "view_address", "view_preference", "view_suppression", "view_lastsent"),
    *("view_consentevent", "view_outboxmessage", "view_campaign", "view_category", "view_categorygroup"),
]
GROUPS = {
    "marketer": [
        *("view_category", "add_category", "change_category", "view_campaign"),
        *("view_categorygroup", "add_categorygroup", "change_categorygroup"),
        *("view_feedback", "change_feedback", "view_feedbackreason", "add_feedbackreason", "change_feedbackreason"),
        *("view_feedbacktag", "add_feedbacktag", "change_feedbacktag"),
        *("view_sentcount", "view_visits", "view_consentevent", "view_suppression", "view_preference"),
    ],
    "support": [*SEES_PEOPLE, "act_for_contact", "view_feedback", "view_feedbackreason", "view_feedbacktag"],
    "compliance": [
        *SEES_PEOPLE,
        *("view_seal", "view_sentcount", "view_visits", "view_linkrequest"),
        *("view_feedback", "view_feedbackreason", "view_feedbacktag", "export_feedback"),
    ],
}


def make(apps, schema_editor):
    # Django makes permissions after all migrations; here they are needed before.
    for label in ("unsubscribe", "prefcenter"):
        config = installed.get_app_config(label)
        create_permissions(config, apps=apps, using=schema_editor.connection.alias, verbosity=0)
    permissions = apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label__in=("unsubscribe", "prefcenter")
    )
    for name, codenames in GROUPS.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=name)
        group.permissions.add(*permissions.filter(codename__in=codenames))


class Migration(migrations.Migration):

    dependencies = [
        ("prefcenter", "0004_feedback_review"),
        ("unsubscribe", "0004_act_for_contact"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
