"""Messages that are owed: the row is the truth, whatever becomes of the task that should carry it."""

import uuid

from django.db import models

from ..choices import OutboxKind, OutboxStatus
from .contacts import Address, Contact


class OutboxMessage(models.Model):
    """`uid` is the Message-ID's own part, so that a second copy after a crash can be recognised.

    queued, no attempts yet: still open, further changes of the contact join it
    queued, attempts made:   waits for its next try
    sending:                 claimed at `claimed_at`; free again when the lease is over
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=16, choices=OutboxKind)
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="outbox")
    address = models.ForeignKey(Address, on_delete=models.PROTECT, related_name="+")
    event_ids = models.JSONField(default=list)
    status = models.CharField(max_length=8, choices=OutboxStatus, default=OutboxStatus.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["address", "kind"],
                condition=models.Q(status=OutboxStatus.QUEUED, attempts=0),
                name="one_open_message",
            )
        ]
        indexes = [models.Index(fields=["status", "due_at"], name="outbox_due")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"
