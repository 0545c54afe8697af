"""Blocks on all addresses of one domain. One is lifted, never deleted; at most one per domain and reason is active."""

from django.db import models

from ..choices import Source, SuppressionReason


class DomainSuppression(models.Model):
    """This domain, without its subdomains. It names nobody, so the ledger does not know of it: the row is the record.

    domain:    lower-case, in its xn-- form
    actor:     who set it, as in the ledger (`staff 7`, `key 3`, the name of a command)
    since:     when the domain said no, or the moment it was set
    lifted_at: when it ended; `lifted_by` and `lifted_note` say who ended it and why
    """

    domain = models.CharField(max_length=253)
    reason = models.CharField(max_length=16, choices=SuppressionReason)
    source = models.CharField(max_length=16, choices=Source)
    actor = models.CharField(max_length=150, blank=True)
    note = models.TextField(blank=True)
    since = models.DateTimeField()
    created_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.CharField(max_length=150, blank=True)
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
        indexes = [models.Index(fields=["domain"], name="domain_block_history")]

    def __str__(self) -> str:
        return self.domain
