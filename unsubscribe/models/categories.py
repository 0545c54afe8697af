"""What people can choose between, and the mailings sent under each choice. Nothing here is ever deleted."""

from django.core.validators import RegexValidator
from django.db import models

from ..choices import Channel, Purpose

_slug = RegexValidator(
    r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z",
    "Please use lower-case letters, digits and hyphens; it becomes a label in List-Id.",
)


class Category(models.Model):
    """A kind of message people can choose. The slug never changes: List-Id and links rest on it (RFC 2919)."""

    slug = models.CharField(max_length=63, unique=True, validators=[_slug])
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    purpose = models.CharField(max_length=16, choices=Purpose, default=Purpose.MARKETING)
    needs_opt_in = models.BooleanField(default=False, help_text="Nobody is subscribed who did not choose it.")
    is_listed = models.BooleanField(default=True, help_text="Offered on the preference page.")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class Campaign(models.Model):
    """One mailing of one category; its id travels in the links so that opt-outs and feedback can name it."""

    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="campaigns")
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["category", "name"], name="one_campaign_per_name")]

    def __str__(self) -> str:
        return self.name


class SentCount(models.Model):
    """How many messages were recorded as sent on a day: the ground that every rate stands on."""

    day = models.DateField()
    channel = models.CharField(max_length=8, choices=Channel)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="sent_counts")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, blank=True, related_name="sent_counts")
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["category", "campaign", "channel", "day"], name="one_count_per_day"),
            models.UniqueConstraint(
                fields=["category", "channel", "day"],
                condition=models.Q(campaign__isnull=True),
                name="one_count_per_day_without_campaign",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.count} on {self.day}"
