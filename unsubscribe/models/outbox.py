"""The outbox: emails that are owed, stored in the transaction of the change they are about (law 4)."""

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
    """What every table of owed emails has. outbox.claims moves a row from one status to the next."""

    #: The local part of the Message-ID: a second copy after a crash bears the same.
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    #: QUEUED: waits until `due_at` for its first try or, with attempts made, its next. SENDING: claimed by a worker
    #: until the lease is over. SENT: handed to the mail server. FAILED: refused for good, or tried as often as
    #: rules.retry_after allows. DROPPED: not needed any more; `last_error` says why.
    status = models.CharField(max_length=8, choices=OutboxStatus, default=OutboxStatus.QUEUED)
    #: How many attempts were begun.
    attempts = models.PositiveSmallIntegerField(default=0)
    #: Not to be sent before.
    due_at = models.DateTimeField()
    #: When a worker last claimed it; None before, and while it waits for another try.
    claimed_at = models.DateTimeField(null=True, blank=True)
    #: When the mail server took it; None for all others.
    sent_at = models.DateTimeField(null=True, blank=True)
    #: What went wrong at the last attempt, without addresses, or why it was put off or dropped; for staff, in English.
    #: Emptied when the contact is erased.
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        abstract = True


class OutboxMessage(OwedEmail):
    """An email owed to a contact. While it is queued, what comes for the same address and kind joins it
    (outbox.queue)."""

    kind = models.CharField(max_length=16, choices=OutboxKind)
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="outbox")
    #: To which it goes.
    address = models.ForeignKey(Address, on_delete=models.PROTECT, related_name="+")
    #: A list of ids of ConsentEvent: what a confirmation confirms. Empty for the other kinds.
    event_ids = models.JSONField(default=list)
    #: A list of ids of Category: what the kind opt_in asks about. Empty for the other kinds.
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
            # The median of a year is read from the index, ten times as fast as by sorting. PostgreSQL reads it without
            # the rows only if every column of the expression is in it as well.
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
