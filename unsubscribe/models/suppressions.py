"""Blocks on an address as a whole. A block is lifted, never deleted; at most one per address and reason is active."""

from django.db import models

from ..choices import Source, SuppressionReason
from .categories import Campaign
from .contacts import Address


class Suppression(models.Model):
    """`everywhere`: the person meant every address, also those that are learnt later.

    `since` and `source`: when and how the block was set. `said_at`: when the same no was said again last (before
    `since`, where a file brought an older one), None where it was said once. `said_by`: how it was said last, "" for as
    `source` says. `import_id`: the import that set it, None for everything else (others that said it: ImportRepeat).
    `lifted_by`: how it ended, "" for blocks that were lifted before this was kept.
    """

    address = models.ForeignKey(Address, on_delete=models.PROTECT, related_name="suppressions", db_index=False)
    reason = models.CharField(max_length=16, choices=SuppressionReason)
    everywhere = models.BooleanField(default=False)
    source = models.CharField(max_length=16, choices=Source)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    since = models.DateTimeField()
    said_at = models.DateTimeField(null=True, blank=True)
    said_by = models.CharField(max_length=16, blank=True, default="", db_default="")
    import_id = models.BigIntegerField(null=True, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
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
