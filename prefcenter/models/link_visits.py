"""Who asked for a link, and how often links were looked at: counted, and nobody named."""

from django.db import models

from unsubscribe.models import Campaign
from unsubscribe.models.lookups import DigestField


class LinkRequest(models.Model):
    """Somebody typed an address and asked for a link. Stored alike whether or not the address is known, and kept for a
    day: the rows are what the limits count, and what the worker answers."""

    #: Its digest.
    address = DigestField(max_length=32)
    #: A digest of the network that asked, never an address.
    network = DigestField(max_length=32)
    created_at = models.DateTimeField()
    #: When a worker looked it up and queued the email, if there was one to send.
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
    """How often the links of a campaign were looked at in a day: by people, and by the scanners that fetch every link
    in a mail (requirement E12). It says nothing of who looked."""

    day = models.DateField()
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, related_name="+")
    #: GET or HEAD; what acts is no look.
    method = models.CharField(max_length=4)
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
