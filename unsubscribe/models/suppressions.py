"""Suppressions of addresses. One is lifted, never deleted; at most one per address and reason is active."""

from django.db import models

from ..choices import Source, SuppressionReason
from .categories import Campaign
from .contacts import Address


class Suppression(models.Model):
    """One address is suppressed for one reason. Which messages that stops: rules.may_send."""

    address = models.ForeignKey(Address, on_delete=models.PROTECT, related_name="suppressions", db_index=False)
    reason = models.CharField(max_length=16, choices=SuppressionReason)
    #: Whether the contact meant all of their addresses, those that are learned later included.
    everywhere = models.BooleanField(default=False)
    #: How it was set.
    source = models.CharField(max_length=16, choices=Source)
    #: The one in whose message the link was; None for a link without one, and for all other sources.
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    #: When it was set.
    since = models.DateTimeField()
    #: When the same no was said again last (law 12), before `since` where a file brought an older one; None where it
    #: was said once.
    said_at = models.DateTimeField(null=True, blank=True)
    #: How it was said last, a Source; "" where that is `source`.
    said_by = models.CharField(max_length=16, blank=True, default="", db_default="")
    #: The import that set it; None for everything else. Others that said it: ImportRepeat.
    import_id = models.BigIntegerField(null=True, blank=True)
    #: When it ended; None while it is in force.
    lifted_at = models.DateTimeField(null=True, blank=True)
    #: How it ended, a Source; "" for those that were lifted before this was kept.
    lifted_by = models.CharField(max_length=16, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["address", "reason"],
                condition=models.Q(lifted_at__isnull=True),
                name="one_active_suppression",
            )
        ]
        indexes = [
            models.Index(fields=["address"], name="suppression_history"),
            models.Index(
                fields=["import_id"], condition=models.Q(import_id__isnull=False), name="suppressions_of_import"
            ),
        ]

    def __str__(self) -> str:
        return self.get_reason_display()
