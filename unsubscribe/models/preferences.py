"""What a contact chose, and when each category last reached them. Written by actions alone."""

from datetime import UTC, datetime

from django.db import models

from ..choices import Channel, Frequency, PreferenceState
from .categories import Campaign, Category
from .contacts import Contact


class Preference(models.Model):
    """One category on one channel. No row is the same as unspecified.

    `said_at`: when the same yes or no was said again last, None where it was said once (at `changed_at` or before).
    `said_by`: how the no was said last, "" where nobody knows. `less_said_at`: when the same frequency or pause was
    asked for again last. `import_id`: the import that set the no, None for everything else, and `state_before` what
    it found, "" where there is none.
    """

    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="preferences", db_index=False)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="preferences", db_index=False)
    channel = models.CharField(max_length=8, choices=Channel)
    state = models.CharField(max_length=16, choices=PreferenceState, default=PreferenceState.UNSPECIFIED)
    frequency = models.CharField(max_length=8, choices=Frequency, default=Frequency.AS_SENT)
    paused_until = models.DateField(null=True, blank=True)
    changed_at = models.DateTimeField()
    said_at = models.DateTimeField(null=True, blank=True)
    said_by = models.CharField(max_length=16, blank=True, default="", db_default="")
    less_said_at = models.DateTimeField(null=True, blank=True)
    import_id = models.BigIntegerField(null=True, blank=True)
    state_before = models.CharField(max_length=16, choices=PreferenceState, blank=True, default="", db_default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contact", "category", "channel"], name="one_preference")]
        indexes = [
            models.Index(
                fields=["import_id"], condition=models.Q(import_id__isnull=False), name="preferences_of_import"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()}, {self.get_frequency_display()}"


class LastSent(models.Model):
    """The frequency clock: the day of the latest message of a category to a contact on a channel.

    A campaign is not too soon for itself while it runs, so each that runs is kept: the last one, the one before it
    (`earlier_…`), and in `others` those before that. Of each: the day it was last recorded, when it was first, and when
    our own backend sent it to them (None: a mailer said that it will). `others` has by the id of the campaign, as text,
    the last two: `[began_at, sent_at]`, moments in UTC as the database writes them.

    `before_on`: the day of the latest message when the last campaign began, None where nobody knows any more.
    `claimed_at`: when a process set out to send the last one, and has not said yet what became of it. A process that
    dies on the way leaves it there; rules.CLAIM_HOLDS later it means no more than that the campaign was recorded.
    """

    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="last_sent", db_index=False)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="+", db_index=False)
    channel = models.CharField(max_length=8, choices=Channel)
    sent_on = models.DateField()
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    began_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    earlier_on = models.DateField(null=True)
    earlier_campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    earlier_began_at = models.DateTimeField(null=True)
    earlier_sent_at = models.DateTimeField(null=True)
    others = models.JSONField(null=True)
    before_on = models.DateField(null=True)
    claimed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contact", "category", "channel"], name="one_clock")]

    def __str__(self) -> str:
        return str(self.sent_on)


def other_campaigns(others: dict[str, list[str | None]] | None) -> dict[int, tuple[datetime | None, datetime | None]]:
    """LastSent.others by the id of the campaign: when it began, and when it was sent."""
    return {int(id_): (_moment(began_at), _moment(sent_at)) for id_, (began_at, sent_at) in (others or {}).items()}


def _moment(text: str | None) -> datetime | None:
    at = datetime.fromisoformat(text) if text else None
    return at.replace(tzinfo=UTC) if at and not at.tzinfo else at  # SQLite leaves out the zone
