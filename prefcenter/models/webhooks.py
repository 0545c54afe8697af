"""Where the ledger's lines are sent by themselves, and what became of each."""

import uuid
from datetime import datetime

from django.db import models

from unsubscribe.choices import OutboxStatus
from unsubscribe.models import ConsentEvent

from .accounts import User


class WebhookEndpoint(models.Model):
    """A system that hears of what happens."""

    name = models.CharField(max_length=120, help_text="Which system it is.")
    url = models.URLField("URL", max_length=500, help_text="https. What it gets is signed; it answers with 2xx.")
    secret = models.CharField(max_length=100, editable=False)
    #: Signs as well, until `previous_until`.
    previous_secret = models.CharField(max_length=100, blank=True, editable=False)
    previous_until = models.DateTimeField(null=True, editable=False)
    #: Which kinds of events are sent to it, a list of EventKind; empty is all.
    kinds = models.JSONField(default=list, blank=True)
    #: What comes by these sources is not sent to it; a list of Source.
    left_out = models.JSONField(default=list, blank=True)
    #: The id of the last event that was looked at for it.
    position = models.BigIntegerField(default=0, editable=False)
    #: A worker is sending to it; free again when the lease is over.
    claimed_at = models.DateTimeField(null=True, editable=False)
    #: It did not answer, and is left alone until then.
    resting_until = models.DateTimeField(null=True, editable=False)
    #: How many in a row, since `failing_since`.
    failures = models.PositiveIntegerField(default=0, editable=False)
    failing_since = models.DateTimeField(null=True, editable=False)
    disabled_at = models.DateTimeField(null=True, editable=False)
    disabled_because = models.CharField(max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, editable=False, related_name="+")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name

    def wants(self, event: ConsentEvent) -> bool:
        """No kinds chosen: all of them."""
        return (not self.kinds or event.kind in self.kinds) and event.source not in self.left_out

    def secrets(self, *, now: datetime) -> list[str]:
        """Those that sign, the newest first."""
        is_over = self.previous_until is None or self.previous_until <= now
        return [self.secret] if is_over else [self.secret, self.previous_secret]


class WebhookDelivery(models.Model):
    """One event for one endpoint."""

    #: The webhook-id, the same at each try, so that a second copy is recognised.
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    event = models.ForeignKey(ConsentEvent, on_delete=models.PROTECT, related_name="+", db_index=False)
    #: QUEUED waits until `due_at`, for the first time or for its next try. SENT was answered with 2xx. FAILED is given
    #: up until somebody sends it again.
    status = models.CharField(max_length=8, choices=OutboxStatus, default=OutboxStatus.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "webhook deliveries"
        constraints = [models.UniqueConstraint(fields=["endpoint", "event"], name="one_delivery_per_event")]
        indexes = [models.Index(fields=["endpoint", "status", "due_at"], name="deliveries_due")]

    def __str__(self) -> str:
        return f"delivery {self.pk}"
