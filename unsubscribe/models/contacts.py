"""Contacts and the addresses where they are reached. Erasing a contact empties the rows and keeps the digests."""

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
    """A person we may write to."""

    #: The language code (as in LANGUAGES) in which they are written to; "" where they chose none.
    language = models.CharField(max_length=16, blank=True)
    #: The first day without a pause of everything; None is no pause.
    paused_until = models.DateField(null=True, blank=True)
    #: When the same pause of everything was asked for again last; None where it was once.
    pause_said_at = models.DateTimeField(null=True, blank=True)
    #: True after they opted in to a category again, having unsubscribed from everything: what they did not choose by
    #: name counts as unsubscribed.
    only_chosen = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    #: When they were erased. From then on nothing more is written about them.
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        permissions = [("act_for_contact", "Can act for a contact: record an opt-out, block, lift, send a link")]

    def __str__(self) -> str:
        return f"contact {self.pk}"


class Address(models.Model):
    """Where a contact is reached on one channel. Unique per channel by its digest."""

    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="addresses")
    channel = models.CharField(max_length=8, choices=Channel)
    #: Normalised. "" once erased, or when only its hash was ever known.
    value = models.TextField(blank=True)
    #: Of the normalised value (addresses.digest). It outlives an erasure.
    digest = DigestField(max_length=32)
    #: Of a Gmail address: the digest of the mailbox behind its spelling (addresses.gmail_digest). It outlives an
    #: erasure as the other does. None for other addresses, and where only the hash was known.
    gmail_digest = DigestField(max_length=32, null=True, editable=False)
    created_at = models.DateTimeField()
    #: When a sender's system said that it is the contact's as well; None for the one the contact began with.
    joined_at = models.DateTimeField(null=True, blank=True)
    #: When the older address, or the staff, agreed, and this one as well if it was_known. Until then it is pending
    #: (law 11): a no by either holds for both, and in all else they are two.
    agreed_at = models.DateTimeField(null=True, blank=True)
    #: Pending, and the contact had an address on this channel before: the contact's yes to a category was said for that
    #: one, and does not count for this (rules.state_beside).
    is_beside = models.BooleanField(default=False, db_default=False)
    #: The contact it was joined to, if that was answered with "not mine"; None for all others.
    parted_from = models.ForeignKey(
        Contact, on_delete=models.PROTECT, related_name="+", null=True, blank=True, db_index=False
    )

    class Meta:
        verbose_name_plural = "addresses"
        # On PostgreSQL it holds the id as well; see migration 0007.
        constraints = [models.UniqueConstraint(fields=["digest", "channel"], name="one_address_per_channel")]
        indexes = [
            models.Index(Handle("value"), "id", name="address_by_mask"),
            models.Index(
                fields=["contact"],
                condition=models.Q(joined_at__isnull=False),
                name="joined_by_contact",
            ),
            models.Index(
                fields=["gmail_digest"],
                condition=models.Q(gmail_digest__isnull=False),
                name="address_by_gmail_mailbox",
            ),
        ]

    def __str__(self) -> str:
        return addresses.mask(self.value, channel=self.channel)

    @property
    def is_pending(self) -> bool:
        """Whether a sender joined it to its contact and nobody has agreed to that yet (law 11)."""
        return self.joined_at is not None and self.agreed_at is None

    @property
    def was_known(self) -> bool:
        """Whether it was known by itself before it was joined, or before the contact was known: then its own mailbox
        agrees as well. Looks the contact up."""
        return self.joined_at is not None and self.created_at < max(self.joined_at, self.contact.created_at)

    @property
    def language(self) -> str:
        """The contact's language, "" where they chose none or the address is pending. Looks the contact up."""
        return "" if self.is_pending else self.contact.language
