"""Contacts and the addresses where they are reached. A row outlives the person's erasure, what it said does not."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler

from .. import addresses
from ..choices import Channel
from .lookups import DigestField


class Handle(models.Func):
    """What a mask shows of an email address: `j@example.com` of `j•••@example.com`, so that masked forms are found.

    Without parameters, because only then does SQLite see that an index of the same expression answers the query. No
    longer than a domain can be, because PostgreSQL indexes no long texts, such as some device tokens.
    """

    _PLACE = "substr(%(expressions)s, 1, 1) || substr(%(expressions)s, nullif({}(%(expressions)s, '@'), 0), 255)"
    template = _PLACE.format("strpos")
    arity = 1
    output_field = models.TextField()

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        return super().as_sql(compiler, connection, template=self._PLACE.format("instr"), **context)


class Contact(models.Model):
    """A person we may write to. `only_chosen`: what they did not choose by name counts as no."""

    language = models.CharField(max_length=16, blank=True)
    paused_until = models.DateField(null=True, blank=True)
    only_chosen = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        permissions = [("act_for_contact", "Can act for a contact: record an opt-out, block, lift, send a link")]

    def __str__(self) -> str:
        return f"contact {self.pk}"


class Address(models.Model):
    """Unique per channel by its digest; `value` is empty once erased, or when only its hash was ever known.

    gmail_digest: of a Gmail address, the digest of the mailbox behind its spelling (addresses.gmail_digest). It
    outlives an erasure as the other does. None for other addresses, and where only the hash was ever known.
    """

    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="addresses")
    channel = models.CharField(max_length=8, choices=Channel)
    value = models.TextField(blank=True)
    digest = DigestField(max_length=32)
    gmail_digest = DigestField(max_length=32, null=True, editable=False)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "addresses"
        # On PostgreSQL it holds the id as well; see migration 0007.
        constraints = [models.UniqueConstraint(fields=["digest", "channel"], name="one_address_per_channel")]
        indexes = [
            models.Index(Handle("value"), "id", name="address_by_mask"),
            models.Index(
                fields=["gmail_digest"],
                condition=models.Q(gmail_digest__isnull=False),
                name="address_by_gmail_mailbox",
            ),
        ]

    def __str__(self) -> str:
        return addresses.mask(self.value, channel=self.channel)
