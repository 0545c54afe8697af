"""The past: who wished what, when, by which door and with which wording. Append-only (law 9,
requirement S5); it holds no address."""

from typing import Any, NoReturn

from django.db import models

from ..choices import Channel, EventKind, Source
from ..errors import LedgerIsAppendOnly
from .categories import Campaign, Category
from .contacts import Address, Contact


class _AppendOnly(models.QuerySet["ConsentEvent"]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise LedgerIsAppendOnly

    def delete(self) -> NoReturn:
        raise LedgerIsAppendOnly

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise LedgerIsAppendOnly


class ConsentEvent(models.Model):
    """One line of the ledger. No category means the address or the contact as a whole."""

    #: When it was recorded here. No earlier time that a file or a provider names.
    at = models.DateTimeField()
    kind = models.CharField(max_length=8, choices=EventKind)
    source = models.CharField(max_length=16, choices=Source)
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="events", db_index=False)
    #: By which it was said, or whose suppression it is.
    address = models.ForeignKey(Address, on_delete=models.PROTECT, related_name="events", db_index=False)
    #: Of the choice; where there is no category, that of the address.
    channel = models.CharField(max_length=8, choices=Channel)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    #: In whose message the link was.
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    #: What held before and holds after; their shapes, by kind: ledger.events.
    before = models.JSONField()
    after = models.JSONField()
    #: What the person read when they said so.
    wording = models.TextField(blank=True)
    #: Who recorded it, where the person did not: `staff 7`, `key 3`, the name of a command.
    actor = models.CharField(max_length=150, blank=True)
    #: By whoever recorded it, or by the program where one event brings about another.
    note = models.TextField(blank=True)

    objects = _AppendOnly.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["contact"], name="ledger_by_contact"),
            # What the figures count stands side by side, in the order of time, with all that they narrow it by: whole
            # years are counted without a look at the lines. What a bulk import pays for it is 4 µs a line.
            models.Index(
                fields=["kind", "source", "at", "channel", "category", "campaign"],
                name="ledger_by_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.get_source_display()})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise LedgerIsAppendOnly
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise LedgerIsAppendOnly
