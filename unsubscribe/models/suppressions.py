"""Suppressions of addresses and domains, lifted and never deleted, and which imports repeated one."""

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


class DomainSuppression(models.Model):
    """A suppression of every address of a domain, its subdomains not included. It names no contact, so it is not in the
    ledger: this row is the record."""

    #: In lower case, in its xn-- form.
    domain = models.CharField(max_length=253)
    reason = models.CharField(max_length=16, choices=SuppressionReason)
    #: How it was set.
    source = models.CharField(max_length=16, choices=Source)
    #: Who set it, as in the ledger: `staff 7`, `key 3`, the name of a command.
    actor = models.CharField(max_length=150, blank=True)
    #: Why, as the actor says it.
    note = models.TextField(blank=True)
    #: From when it counts: the time in the file or the call that set it, else the moment it was set.
    since = models.DateTimeField()
    created_at = models.DateTimeField()
    #: When the same was said again last (law 12); None where it was said once, at `since` or, where the time of that is
    #: not known, before.
    said_at = models.DateTimeField(null=True, blank=True)
    #: How it was said last, a Source; "" where it was said once.
    said_by = models.CharField(max_length=16, blank=True, default="", db_default="")
    #: The import that set it; None for everything else. Others that said it: ImportRepeat.
    import_id = models.BigIntegerField(null=True, blank=True)
    #: When it ended; None while it is in force.
    lifted_at = models.DateTimeField(null=True, blank=True)
    #: How it ended, a Source; "" for those that were lifted before this was kept.
    lifted_source = models.CharField(max_length=16, blank=True, default="", db_default="")
    #: Who ended it, as `actor`.
    lifted_by = models.CharField(max_length=150, blank=True)
    #: Why it was ended.
    lifted_note = models.TextField(blank=True)

    class Meta:
        verbose_name = "domain block"
        permissions = [("block_domain", "Can block domains, and lift such blocks")]
        constraints = [
            models.UniqueConstraint(
                fields=["domain", "reason"],
                condition=models.Q(lifted_at__isnull=True),
                name="one_active_domain_block",
            )
        ]
        indexes = [
            models.Index(fields=["domain"], name="domain_block_history"),
            models.Index(
                fields=["import_id"], condition=models.Q(import_id__isnull=False), name="domain_blocks_of_import"
            ),
        ]

    def __str__(self) -> str:
        return self.domain


class ImportRepeat(models.Model):
    """An import that named a no which an earlier import had set (`import_id` of the suppression or preference).

    The repeats of a row are deleted as soon as any other source says the same no, the choice changes, or one of these
    imports can no longer be taken back. So a row with `said_at` and no repeats stays when an import is taken back.
    """

    #: The name of the model whose row it is: suppression, preference or domainsuppression.
    model = models.CharField(max_length=20)
    #: Of that row.
    row_id = models.BigIntegerField()
    #: The import that repeated it.
    import_id = models.BigIntegerField()
    #: When that import, or its file, says that it was said; the last of them is the row's `said_at`.
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "row_id", "import_id"], name="one_repeat_of_import")]
        indexes = [models.Index(fields=["import_id", "model", "row_id"], name="repeats_of_import")]

    def __str__(self) -> str:
        return f"{self.model} {self.row_id}, import {self.import_id}"
