"""Where the ledger's lines are sent by themselves, and what became of each."""

import uuid
from datetime import datetime

from django.db import models

from unsubscribe.choices import OutboxStatus
from unsubscribe.models import ConsentEvent

from .accounts import User


class WebhookEndpoint(models.Model):
    """A system that hears of what happens. `position`: the last line of the ledger that was looked at for it.

    `claimed_at`: a worker is sending to it; free again when the lease is over. `resting_until`: it did not answer.
    `failures`: so many in a row, since `failing_since`. `left_out`: what comes by these doors is not sent to it.
    `previous_secret` signs too, until `previous_until`.
    """

    name = models.CharField(max_length=120, help_text="Which system it is.")
    url = models.URLField("URL", max_length=500, help_text="https. What it gets is signed; it answers with 2xx.")
    secret = models.CharField(max_length=100, editable=False)
    previous_secret = models.CharField(max_length=100, blank=True, editable=False)
    previous_until = models.DateTimeField(null=True, editable=False)
    kinds = models.JSONField(default=list, blank=True)
    left_out = models.JSONField(default=list, blank=True)
    position = models.BigIntegerField(default=0, editable=False)
    claimed_at = models.DateTimeField(null=True, editable=False)
    resting_until = models.DateTimeField(null=True, editable=False)
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
    """One line for one endpoint. `uid` is the webhook-id, the same at each try, so that a second copy is recognised."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    event = models.ForeignKey(ConsentEvent, on_delete=models.PROTECT, related_name="+", db_index=False)
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
