"""What a contact chose, and when each category was last sent to them. Only actions writes it (law 1)."""

from datetime import UTC, datetime

from django.db import models

from ..choices import Channel, Frequency, PreferenceState
from .categories import Campaign, Category
from .contacts import Contact


class Preference(models.Model):
    """What a contact chose for one category on one channel. No row is the same as unspecified."""

    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="preferences", db_index=False)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="preferences", db_index=False)
    channel = models.CharField(max_length=8, choices=Channel)
    #: Whether they want it; rules.is_subscribed says what unspecified means.
    state = models.CharField(max_length=16, choices=PreferenceState, default=PreferenceState.UNSPECIFIED)
    #: How often at most, in calendar days of the site's time zone (rules.next_sending_day).
    frequency = models.CharField(max_length=8, choices=Frequency, default=Frequency.AS_SENT)
    #: The first day without a pause; None is no pause.
    paused_until = models.DateField(null=True, blank=True)
    #: When the state, the frequency or the pause last changed.
    changed_at = models.DateTimeField()
    #: When the same yes or no was said again last (law 12); None where it was said once, at `changed_at` or before.
    said_at = models.DateTimeField(null=True, blank=True)
    #: How the no was said last, a Source; "" where that is not known.
    said_by = models.CharField(max_length=16, blank=True, default="", db_default="")
    #: When the same frequency or pause was asked for again last; None where it was asked for once.
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
    """The frequency clock: when a category was last sent to a contact on a channel. facts.own reads it.

    A campaign is not too soon for itself while it runs (rules.CAMPAIGN_RUNS), so each that runs is kept: the last one,
    the one before it (`earlier_…`), and in `others` those before that.
    """

    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="last_sent", db_index=False)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="+", db_index=False)
    channel = models.CharField(max_length=8, choices=Channel)
    #: The day of the latest message, in the site's time zone.
    sent_on = models.DateField()
    #: The last campaign; None for a message without one.
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    #: When the last campaign was first recorded for the contact; None in rows older than this column.
    began_at = models.DateTimeField(null=True)
    #: When the guarded backend sent it to them; None where another mailer recorded it.
    sent_at = models.DateTimeField(null=True)
    #: `sent_on` of the campaign before the last.
    earlier_on = models.DateField(null=True)
    #: The campaign before the last; None where there is none.
    earlier_campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    #: `began_at` of that one.
    earlier_began_at = models.DateTimeField(null=True)
    #: `sent_at` of that one.
    earlier_sent_at = models.DateTimeField(null=True)
    #: The campaigns before those that still run: by the campaign's id, as a text, `[began_at, sent_at]`; times in UTC
    #: as the database writes them, or null. None where there are none. Read by other_campaigns.
    others = models.JSONField(null=True)
    #: The day of the latest message before the last campaign began; None where there was none or it is not known.
    before_on = models.DateField(null=True)
    #: When a process claimed the last campaign for this contact to send it; None once it said what became of it. After
    #: rules.CLAIM_HOLDS the claim of a process that died has lapsed.
    claimed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contact", "category", "channel"], name="one_clock")]

    def __str__(self) -> str:
        return str(self.sent_on)


def other_campaigns(others: dict[str, list[str | None]] | None) -> dict[int, tuple[datetime | None, datetime | None]]:
    """LastSent.others by the campaign's id: when it began, and when the guarded backend sent it; aware."""
    return {int(id_): (_moment(began_at), _moment(sent_at)) for id_, (began_at, sent_at) in (others or {}).items()}


def _moment(text: str | None) -> datetime | None:
    at = datetime.fromisoformat(text) if text else None
    return at.replace(tzinfo=UTC) if at and not at.tzinfo else at  # SQLite leaves out the zone
