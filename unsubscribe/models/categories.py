"""Categories, their campaigns, and how many messages of each were sent. They are retired, never deleted (law 9)."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import get_language

from ..choices import Channel, Purpose

_slug = RegexValidator(
    r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z",
    "Please use lower-case letters, digits and hyphens; it becomes a label in List-Id.",
)


class Translatable(models.Model):
    """A row whose texts are translated: `said` has them in the active language."""

    #: By language code (as in LANGUAGES), by field: the text. What is missing there is shown as written.
    translations = models.JSONField(default=dict, blank=True)

    class Meta:
        abstract = True

    def said(self, field: str) -> str:
        """The field in the language that is active, else as it was written."""
        translated = self.translations.get(get_language() or "", {})
        return str(translated.get(field) or getattr(self, field))


class CategoryGroup(Translatable):
    """A heading on the preference page, under which categories stand together."""

    #: As written; its translations are in `translations`, as of a category's name and description.
    name = models.CharField(max_length=120)
    #: On the page, from the top; groups with the same one by their ids.
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def local_name(self) -> str:
        return self.said("name")


class Category(Translatable):
    """A kind of message people can choose. The slug never changes: List-Id and links rest on it (RFC 2919).

    Once retired, nothing is sent in it and nobody is offered it. What people chose of it stays as they chose it, and
    the links of mails already sent in it still stop them.
    """

    #: By which the API and files name it.
    slug = models.CharField(max_length=63, unique=True, validators=[_slug])
    #: On pages, in emails and in List-Id; it may change.
    name = models.CharField(max_length=120)
    #: Under the name on the preference page.
    description = models.TextField(blank=True)
    #: Marketing can be switched off; transactional messages are shown and cannot.
    purpose = models.CharField(max_length=16, choices=Purpose, default=Purpose.MARKETING)
    #: Whether an unspecified preference counts as unsubscribed (rules.is_subscribed).
    needs_opt_in = models.BooleanField(default=False, help_text="Nobody is subscribed who did not choose it.")
    #: False: shown only to those who get it, or whose link names it.
    is_listed = models.BooleanField(default=True, help_text="Offered on the preference page.")
    #: The heading under which it stands; None where it stands under none.
    group = models.ForeignKey(
        CategoryGroup, on_delete=models.SET_NULL, null=True, blank=True, related_name="categories"
    )
    #: Within its group.
    position = models.PositiveSmallIntegerField(default=0)
    #: From when nothing is sent in it; None while it is in use.
    retired_at = models.DateTimeField(
        "retired",
        null=True,
        blank=True,
        editable=False,
        help_text="From then on nothing is sent in it and nobody is offered it. What people chose of it stays.",
    )

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def local_name(self) -> str:
        return self.said("name")

    @property
    def is_offered(self) -> bool:
        """Whether the preference page offers it to a contact who does not get it."""
        return self.is_listed and self.retired_at is None

    @property
    def local_description(self) -> str:
        return self.said("description")


class Campaign(models.Model):
    """One mailing of one category. Links carry its id, so that opt-outs and feedback can name it."""

    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="campaigns")
    #: As the sending system says it, unique in its category.
    name = models.CharField(max_length=120, help_text="As the sending system says it. It never changes.")
    #: What staff read in place of the name; "" where it has none.
    title = models.CharField(max_length=120, blank=True, help_text="What the staff read in place of the name.")
    created_at = models.DateTimeField()
    #: From when the staff's filters leave it out; nothing else changes.
    retired_at = models.DateTimeField(
        "retired", null=True, blank=True, editable=False, help_text="From then on the staff's filters leave it out."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["category", "name"], name="one_campaign_per_name")]

    def __str__(self) -> str:
        return self.title or self.name


class SentCount(models.Model):
    """How many messages of a category and campaign were recorded as sent on a day: what every rate is counted by."""

    #: In the site's time zone.
    day = models.DateField()
    channel = models.CharField(max_length=8, choices=Channel)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="sent_counts")
    #: None for messages without a campaign.
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
