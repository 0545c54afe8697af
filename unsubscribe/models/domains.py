"""Domain blocks. One is lifted, never deleted; at most one per domain and reason is active."""

from django.db import models

from ..choices import Source, SuppressionReason


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
