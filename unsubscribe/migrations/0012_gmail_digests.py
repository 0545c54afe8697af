"""The digest of the mailbox behind each Gmail address that is still known. What was erased before has only its own.

In stretches of ids, each committed by itself, so that nobody waits for it; interrupted, it goes on where it was.
"""

from django.db import migrations
from django.db.models import Max, Q

from unsubscribe.addresses import gmail_digest

WINDOW = 10_000


def fill(apps, schema_editor):
    addresses = apps.get_model("unsubscribe", "Address").objects.using(schema_editor.connection.alias)
    at_gmail = Q(value__endswith="@gmail.com") | Q(value__endswith="@googlemail.com")
    last = addresses.aggregate(last=Max("id"))["last"] or 0
    for start in range(0, last, WINDOW):
        stretch = addresses.filter(at_gmail, id__gt=start, id__lte=start + WINDOW, channel="email", gmail_digest=None)
        rows = list(stretch.only("value"))
        for row in rows:
            row.gmail_digest = gmail_digest(row.value)
        addresses.bulk_update(rows, ["gmail_digest"], batch_size=1000)


class Migration(migrations.Migration):

    atomic = False
    dependencies = [("unsubscribe", "0011_domains_and_spellings")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
