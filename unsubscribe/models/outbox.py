"""Messages that are owed: the row is the truth, whatever becomes of the task that should carry it."""

import uuid
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler

from ..choices import OutboxKind, OutboxStatus
from .contacts import Address, Contact


class Waited(models.Func):
    """The seconds from `created_at` to `sent_at`; null until then.

    Without parameters, because only then does SQLite see that an index of the same expression answers the query.
    """

    template = "date_part('epoch', %(expressions)s)"
    arg_joiner = " - "
    output_field = models.FloatField()

    def __init__(self) -> None:
        super().__init__("sent_at", "created_at")

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        days = "(julianday(%(expressions)s)) * 86400.0"
        return super().as_sql(compiler, connection, template=days, arg_joiner=") - julianday(", **context)


class OwedEmail(models.Model):
    """An email that is owed to somebody."""

    #: The Message-ID's own part, so that a second copy after a crash can be recognised.
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    #: QUEUED waits until `due_at`, for the first time or, with attempts made, for its next try. SENDING is claimed, and
    #: free again when the lease is over. FAILED was tried as often as it may be; DROPPED was no longer needed, and
    #: `last_error` says why.
    status = models.CharField(max_length=8, choices=OutboxStatus, default=OutboxStatus.QUEUED)
    #: How many tries were begun.
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    #: When a worker took it to be sent.
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    #: What the mail server answered to the last try, or why it was dropped. Emptied when the contact is erased.
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        abstract = True


class OutboxMessage(OwedEmail):
    """An email owed to a contact. While one is queued, further changes of the contact join it."""

    kind = models.CharField(max_length=16, choices=OutboxKind)
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="outbox")
    address = models.ForeignKey(Address, on_delete=models.PROTECT, related_name="+")
    #: The events that a confirmation confirms; a list of ids of ConsentEvent.
    event_ids = models.JSONField(default=list)
    #: The categories that a question asks about; a list of ids of Category.
    category_ids = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["address", "kind"],
                condition=models.Q(status=OutboxStatus.QUEUED, attempts=0),
                name="one_open_message",
            )
        ]
        indexes = [
            models.Index(fields=["status", "due_at"], name="outbox_due"),
            # The median of a year is half a walk along it, where sorting took PostgreSQL and SQLite ten times as long.
            # PostgreSQL does not look at the rows only if all that the expression is made of is there as well.
            models.Index(
                Waited(),
                "kind",
                "sent_at",
                "created_at",
                condition=models.Q(sent_at__isnull=False),
                name="outbox_waits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"
