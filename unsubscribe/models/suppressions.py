"""Blocks on an address as a whole. A block is lifted, never deleted; at most one per address and reason is active."""

from django.db import models

from ..choices import Source, SuppressionReason
from .categories import Campaign
from .contacts import Address


class Suppression(models.Model):
    """`everywhere`: the person meant every address, also those that are learnt later."""

    address = models.ForeignKey(Address, on_delete=models.PROTECT, related_name="suppressions", db_index=False)
    reason = models.CharField(max_length=16, choices=SuppressionReason)
    everywhere = models.BooleanField(default=False)
    source = models.CharField(max_length=16, choices=Source)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    since = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["address", "reason"],
                condition=models.Q(lifted_at__isnull=True),
                name="one_active_suppression",
            )
        ]
        indexes = [models.Index(fields=["address"], name="suppression_history")]

    def __str__(self) -> str:
        return self.get_reason_display()
