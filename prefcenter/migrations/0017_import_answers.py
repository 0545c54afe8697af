"""What columns of imported files mean, as somebody said it. What was checked without asking is checked once more."""

from django.db import migrations, models


def check_again(apps, schema_editor):
    """Only what nobody has confirmed yet: a worker takes it up."""
    runs = apps.get_model("prefcenter", "ImportRun").objects.using(schema_editor.connection.alias)
    runs.filter(state="ready").update(
        state="checking", checked_at=None, counts={}, problems=[], position=0, last_line=0, bytes_read=0, attempts=0
    )


class Migration(migrations.Migration):

    dependencies = [("prefcenter", "0016_import_digests")]

    operations = [
        migrations.CreateModel(
            name="ImportAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("heading", models.CharField(max_length=100, unique=True)),
                ("shown", models.CharField(max_length=100, verbose_name="column")),
                ("means", models.JSONField(default=dict)),
                ("answered_by", models.CharField(max_length=50)),
                ("answered_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "answer about a column",
                "verbose_name_plural": "answers about columns",
                "ordering": ["shown"],
            },
        ),
        migrations.AddField("importrun", "columns", models.JSONField(editable=False, null=True)),
        migrations.AddField("importrun", "answers", models.JSONField(editable=False, null=True)),
        migrations.RunPython(check_again, migrations.RunPython.noop),
    ]
