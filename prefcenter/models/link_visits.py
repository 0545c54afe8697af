"""Requests for a link, and how often links were looked at. Neither names anybody: there are digests and numbers."""

from django.db import models

from unsubscribe.models import Campaign
from unsubscribe.models.lookups import DigestField


class LinkRequest(models.Model):
    """An address was typed into the page that sends links. Stored alike whether or not it is known (requirement P8).

    The rows are what the limits count and what the worker answers; kept for a day (pages.link_requests).
    """

    #: The digest of the email address (addresses.digest).
    address = DigestField(max_length=32)
    #: A keyed digest of the network that asked: an IPv4 address, or the /56 of an IPv6 address.
    network = DigestField(max_length=32)
    #: When it was asked for.
    created_at = models.DateTimeField()
    #: When a worker looked it up and queued the email, if there was one to send; None: not yet.
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["address", "created_at"], name="link_requests_by_address"),
            models.Index(fields=["network", "created_at"], name="link_requests_by_network"),
            models.Index(fields=["created_at"], condition=models.Q(answered_at=None), name="link_requests_open"),
        ]

    def __str__(self) -> str:
        return f"link request {self.pk}"


class Visits(models.Model):
    """How often the links of a campaign were fetched in a day, by contacts and by scanners (requirement E12)."""

    #: In the site's time zone.
    day = models.DateField()
    #: The one that the links name; None for links without one.
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, related_name="+")
    #: GET or HEAD. POSTs, which act, are not counted here.
    method = models.CharField(max_length=4)
    #: How many such requests there were.
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "visits"
        constraints = [
            models.UniqueConstraint(fields=["day", "campaign", "method"], name="one_count_per_campaign"),
            models.UniqueConstraint(
                fields=["day", "method"],
                condition=models.Q(campaign__isnull=True),
                name="one_count_without_campaign",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.count} on {self.day}"
