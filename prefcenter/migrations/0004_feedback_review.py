import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('prefcenter', '0003_cache_table'),
    ]

    operations = [
        migrations.CreateModel(
            name='FeedbackTag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, unique=True)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.AlterModelOptions(
            name='feedback',
            options={'ordering': ['-created_at'], 'permissions': [('export_feedback', 'Can export feedback')], 'verbose_name_plural': 'feedback'},
        ),
        migrations.AddField(
            model_name='feedback',
            name='assigned_to',
            field=models.ForeignKey(blank=True, limit_choices_to={'is_active': True, 'is_staff': True}, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='feedback',
            name='note',
            field=models.TextField(blank=True, help_text="For the staff. It is erased together with the person's own words."),
        ),
        migrations.AddField(
            model_name='feedback',
            name='reviewed_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='feedback',
            name='reviewed_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='feedback',
            name='tags',
            field=models.ManyToManyField(blank=True, related_name='feedback', to='prefcenter.feedbacktag'),
        ),
        migrations.AddIndex(
            model_name='feedback',
            index=models.Index(fields=['created_at', 'id'], name='feedback_by_time'),
        ),
        migrations.AddIndex(
            model_name='feedback',
            index=models.Index(condition=models.Q(('reviewed_at', None)), fields=['created_at', 'id'], name='feedback_to_be_reviewed'),
        ),
        migrations.AddField(
            model_name='user',
            name='digest_sent_on',
            field=models.DateField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='wants_digest',
            field=models.BooleanField(default=False, help_text='A mail each Monday with what people said when they left.', verbose_name='wants the weekly digest'),
        ),
    ]
