"""What a contact chose, and when each category last reached them. Written by actions alone."""

from datetime import UTC, datetime

from django.db import models

from ..choices import Channel, Frequency, PreferenceState
from .categories import Campaign, Category
from .contacts import Contact


class Preference(models.Model):
    """One category on one channel. No row is the same as unspecified."""

    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="preferences", db_index=False)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="preferences", db_index=False)
    channel = models.CharField(max_length=8, choices=Channel)
    state = models.CharField(max_length=16, choices=PreferenceState, default=PreferenceState.UNSPECIFIED)
    #: The fastest that is wanted; the gate enforces it.
    frequency = models.CharField(max_length=8, choices=Frequency, default=Frequency.AS_SENT)
    #: The first day without a pause; None is no pause.
    paused_until = models.DateField(null=True, blank=True)
    #: When the state, the frequency or the pause last became another.
    changed_at = models.DateTimeField()
    #: When the same yes or no was said again last; None where it was said once (at `changed_at` or before).
    said_at = models.DateTimeField(null=True, blank=True)
    #: How the no was said last, a Source; "" where nobody knows.
    said_by = models.CharField(max_length=16, blank=True, default="", db_default="")
    #: When the same frequency or pause was asked for again last.
    less_said_at = models.DateTimeField(null=True, blank=True)
    #: The import that set the no; None for everything else. Others that said it: ImportRepeat.
    import_id = models.BigIntegerField(null=True, blank=True)
    #: The state that this import found; "" where there is no import.
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

    A campaign is not too soon for itself while it runs (rules.CAMPAIGN_RUNS), so each that runs is kept: the last one,
    the one before it (`earlier_…`), and in `others` those before that.
    """

    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="last_sent", db_index=False)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="+", db_index=False)
    channel = models.CharField(max_length=8, choices=Channel)
    #: The day of the latest message, in the site's time zone.
    sent_on = models.DateField()
    #: The last one; None for a message without a campaign.
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    #: When the last campaign was first recorded.
    began_at = models.DateTimeField(null=True)
    #: When our own backend sent it to them; None where a mailer said that it will.
    sent_at = models.DateTimeField(null=True)
    #: The same four of the one before it.
    earlier_on = models.DateField(null=True)
    earlier_campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    earlier_began_at = models.DateTimeField(null=True)
    earlier_sent_at = models.DateTimeField(null=True)
    #: Those before that, by the id of the campaign as text: `[began_at, sent_at]`, times in UTC as the database writes
    #: them; None where there are none. Read by other_campaigns.
    others = models.JSONField(null=True)
    #: The day of the latest message when the last campaign began; None where nobody knows any more.
    before_on = models.DateField(null=True)
    #: When a process set out to send the last one, and has not said yet what became of it. A process that dies on the
    #: way leaves it there; rules.CLAIM_HOLDS later it means no more than that the campaign was recorded.
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
