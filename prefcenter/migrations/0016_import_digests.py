"""The hashes of imported files become keyed: one of a file with one line was that of an address."""

import hashlib

from django.db import migrations, models

from unsubscribe.addresses import digest_of_sha256


def key(apps, schema_editor):
    runs = apps.get_model("prefcenter", "ImportRun").objects
    for id_, sha256 in runs.values_list("id", "sha256").iterator():
        keyed = digest_of_sha256(hashlib.sha256(b"prefcenter import\n" + bytes(sha256)).digest())
        runs.filter(id=id_).update(sha256=keyed)


class Migration(migrations.Migration):

    dependencies = [("prefcenter", "0015_account_messages")]

    operations = [
        migrations.AlterField(
            "importrun", "sha256", models.BinaryField(max_length=32, verbose_name="keyed hash of the file")
        ),
        migrations.RunPython(key, migrations.RunPython.noop),
    ]
