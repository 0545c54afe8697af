"""The ledger: who wished what, when, by which source and with which wording. Append-only (law 9, requirement S5); it
holds no address, only the id of one. Its events are written by actions.recording and read by ledger.feed."""

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
    """One entry of the ledger. Without a category it is about the address or the contact as a whole.

    Saving a stored one, updating and deleting raise LedgerIsAppendOnly.
    """

    #: When it was recorded here; never the earlier time that a file or a provider names.
    at = models.DateTimeField()
    kind = models.CharField(max_length=8, choices=EventKind)
    source = models.CharField(max_length=16, choices=Source)
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="events", db_index=False)
    #: The address by which it was said, or the one that is suppressed.
    address = models.ForeignKey(Address, on_delete=models.PROTECT, related_name="events", db_index=False)
    #: Of the choice; where there is no category, that of the address.
    channel = models.CharField(max_length=8, choices=Channel)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    #: The one in whose message the link was; None for a link without one, and for all other sources.
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    #: What held before. The shapes of both, by kind: ledger.events.
    before = models.JSONField()
    #: What holds after.
    after = models.JSONField()
    #: What the contact read or wrote when they said so.
    wording = models.TextField(blank=True)
    #: Who recorded it for the contact: `staff 7`, `key 3`, the name of a command; "" is the contact.
    actor = models.CharField(max_length=150, blank=True)
    #: Why, as the actor says it, or as the program does where one event brings about another.
    note = models.TextField(blank=True)

    objects = _AppendOnly.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["contact"], name="ledger_by_contact"),
            # All that the figures count and filter by, so that a year is counted from the index alone. It costs a bulk
            # import 4 µs an event.
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
