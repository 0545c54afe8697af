from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("unsubscribe", "0004_act_for_contact")]

    operations = [
        migrations.AddField(
            model_name="category",
            name="retired_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="From then on nothing is sent in it and nobody is offered it. What people chose of it stays.",
                null=True,
                verbose_name="retired",
            ),
        ),
        migrations.AddField(
            model_name="campaign",
            name="retired_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="From then on the staff's filters leave it out.",
                null=True,
                verbose_name="retired",
            ),
        ),
        migrations.AddField(
            model_name="campaign",
            name="title",
            field=models.CharField(
                blank=True, default="", help_text="What the staff read in place of the name.", max_length=120
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="campaign",
            name="name",
            field=models.CharField(help_text="As the sending system says it. It never changes.", max_length=120),
        ),
    ]
