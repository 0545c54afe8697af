"""Where consent events are POSTed to, and what became of each. How they are sent: webhooks.delivery."""

import uuid
from datetime import datetime

from django.db import models

from unsubscribe.choices import OutboxStatus
from unsubscribe.models import ConsentEvent

from .accounts import User


class WebhookEndpoint(models.Model):
    """A system of the sender's that gets consent events."""

    name = models.CharField(max_length=120, help_text="Which system it is.")
    url = models.URLField("URL", max_length=500, help_text="https. What it gets is signed; it answers with 2xx.")
    #: Signs what is sent: "whsec_" and the base64 of 32 random bytes, as standardwebhooks.com has it.
    secret = models.CharField(max_length=100, editable=False)
    #: The one before it, which signs as well until `previous_until`; "" if there is none.
    previous_secret = models.CharField(max_length=100, blank=True, editable=False)
    #: A day after the secret was renewed; None if none signs beside it.
    previous_until = models.DateTimeField(null=True, editable=False)
    #: Which kinds of events are sent to it, a list of EventKind; empty is all.
    kinds = models.JSONField(default=list, blank=True)
    #: Events by these sources are not sent to it; a list of Source.
    left_out = models.JSONField(default=list, blank=True)
    #: The id of the last event that was looked at for it; of the wanted ones up to there a delivery was made.
    position = models.BigIntegerField(default=0, editable=False)
    #: When a worker took it to send to it; free again when the lease is over.
    claimed_at = models.DateTimeField(null=True, editable=False)
    #: It failed, and nothing is sent to it until then.
    resting_until = models.DateTimeField(null=True, editable=False)
    #: How many attempts failed since the last one that succeeded.
    failures = models.PositiveIntegerField(default=0, editable=False)
    #: When the first of them did; None where there are none.
    failing_since = models.DateTimeField(null=True, editable=False)
    #: When staff, a 410 or three days without success turned it off; None while it is on.
    disabled_at = models.DateTimeField(null=True, editable=False)
    #: Which of them, as a sentence for staff.
    disabled_because = models.CharField(max_length=200, blank=True, editable=False)
    #: When it was made; it gets what happened from then on.
    created_at = models.DateTimeField(editable=False)
    #: None where that account was deleted.
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, editable=False, related_name="+")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name

    def wants(self, event: ConsentEvent) -> bool:
        """Whether this event is sent to it."""
        return (not self.kinds or event.kind in self.kinds) and event.source not in self.left_out

    def secrets(self, *, now: datetime) -> list[str]:
        """The secrets that sign at `now` (aware), the newest first."""
        is_over = self.previous_until is None or self.previous_until <= now
        return [self.secret] if is_over else [self.secret, self.previous_secret]


class WebhookDelivery(models.Model):
    """One event for one endpoint."""

    #: The webhook-id ("msg_" before its hex digits), the same at each try, so that receivers recognise a second copy.
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    #: To which it goes.
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    #: What is sent, as webhooks.payload has it.
    event = models.ForeignKey(ConsentEvent, on_delete=models.PROTECT, related_name="+", db_index=False)
    #: QUEUED waits until `due_at`, for the first time or for its next try. SENT was answered with 2xx. FAILED is given
    #: up until staff send it again. The other statuses don't occur.
    status = models.CharField(max_length=8, choices=OutboxStatus, default=OutboxStatus.QUEUED)
    #: How many tries were made; those that found the endpoint silent again don't count.
    attempts = models.PositiveSmallIntegerField(default=0)
    #: When it is tried next; once FAILED, when it was given up.
    due_at = models.DateTimeField()
    #: When it was answered with 2xx.
    sent_at = models.DateTimeField(null=True)
    #: What went wrong the last time, as a sentence; "" where nothing did.
    last_error = models.CharField(max_length=200, blank=True)
    #: When the event was made ready for it.
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "webhook deliveries"
        constraints = [models.UniqueConstraint(fields=["endpoint", "event"], name="one_delivery_per_event")]
        indexes = [models.Index(fields=["endpoint", "status", "due_at"], name="deliveries_due")]

    def __str__(self) -> str:
        return f"delivery {self.pk}"
