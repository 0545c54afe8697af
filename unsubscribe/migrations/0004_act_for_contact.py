import unsubscribe.models.contacts
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("unsubscribe", "0003_seals"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="contact",
            options={
                "permissions": [
                    ("act_for_contact", "Can act for a contact: record an opt-out, block, lift, send a link")
                ]
            },
        ),
        migrations.AddIndex(
            model_name="address",
            index=models.Index(unsubscribe.models.contacts.Handle("value"), models.F("id"), name="address_by_mask"),
        ),
    ]
