"""Contacts and the addresses where they are reached. A row outlives the person's erasure, what it said does not."""

from django.db import models

from .. import addresses
from ..choices import Channel
from .lookups import DigestField


class Contact(models.Model):
    """A person we may write to. `only_chosen`: what they did not choose by name counts as no."""

    language = models.CharField(max_length=16, blank=True)
    paused_until = models.DateField(null=True, blank=True)
    only_chosen = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"contact {self.pk}"


class Address(models.Model):
    """Unique per channel by its digest; `value` is empty once erased, or when only its hash was ever known."""

    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="addresses")
    channel = models.CharField(max_length=8, choices=Channel)
    value = models.TextField(blank=True)
    digest = DigestField(max_length=32)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "addresses"
        constraints = [models.UniqueConstraint(fields=["digest", "channel"], name="one_address_per_channel")]

    def __str__(self) -> str:
        return addresses.mask(self.value, channel=self.channel)
