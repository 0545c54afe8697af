"""Why contacts left, in their own answers, and what the staff noted about them."""

from django.db import models

from unsubscribe.models import Campaign, Category, ConsentEvent, Translatable

from .accounts import User


class FeedbackReason(Translatable):
    """A reason that contacts can choose after they left; edited by marketers, hidden rather than deleted."""

    #: In the language of whoever wrote it; others stand in `translations`.
    text = models.CharField(max_length=120)
    asks_for_more = models.BooleanField(default=False, help_text="Whoever ticks it may add a line of text.")
    #: Whether it is offered.
    is_active = models.BooleanField(default=True)
    #: On the form, from the top.
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.text

    @property
    def local_text(self) -> str:
        """The text in the active language."""
        return self.said("text")


class FeedbackTag(models.Model):
    """A label that the staff give to feedback."""

    #: As the staff read it.
    name = models.CharField(max_length=60, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Feedback(models.Model):
    """Why a contact left; asked for only after the opt-out is stored, one answer for each change (requirement P4).

    The columns from `reviewed_at` on are the staff's.
    """

    #: The opt-out that it is about.
    event = models.OneToOneField(ConsentEvent, on_delete=models.PROTECT, related_name="feedback")
    #: What they left; None: everything.
    category = models.ForeignKey(Category, on_delete=models.PROTECT, null=True, related_name="feedback")
    #: In whose message the link was, if it named one.
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, related_name="feedback")
    #: None where none was chosen.
    reason = models.ForeignKey(FeedbackReason, on_delete=models.PROTECT, null=True, blank=True)
    #: Only with a reason that asks for more.
    more = models.CharField("more about the reason", max_length=200, blank=True)
    #: In their own words. Erased with the contact.
    text = models.TextField(max_length=500, blank=True)
    #: When it was sent.
    created_at = models.DateTimeField()
    #: When the staff marked it as reviewed; None: not yet.
    reviewed_at = models.DateTimeField(null=True, blank=True)
    #: None until then, or where that account was deleted.
    reviewed_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    #: Which of the staff is to see to it.
    assigned_to = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        limit_choices_to={"is_staff": True, "is_active": True},
    )
    note = models.TextField(blank=True, help_text="For the staff. It is erased together with the person's own words.")
    #: Under which the staff filed it.
    tags = models.ManyToManyField(FeedbackTag, blank=True, related_name="feedback")

    class Meta:
        verbose_name_plural = "feedback"
        ordering = ["-created_at"]
        permissions = [("export_feedback", "Can export feedback")]
        indexes = [
            # The list as it opens (newest first, then by id), its drill-down by date, and the digest's two weeks.
            models.Index(fields=["created_at", "id"], name="feedback_by_time"),
            # What is still to be read: the filter "not reviewed", and the digest's texts.
            models.Index(
                fields=["created_at", "id"], condition=models.Q(reviewed_at=None), name="feedback_to_be_reviewed"
            ),
        ]

    def __str__(self) -> str:
        return str(self.reason or "In their own words")
