"""What a short link names: its token has room only for the id of a row and a signature (links.sign_short)."""

from django.db import models
from django.db.models.functions import Coalesce

from .categories import Campaign, Category
from .contacts import Address


class ShortLink(models.Model):
    """One for each address, category and campaign. Never deleted: a link that stops mail never expires (law 6)."""

    address = models.ForeignKey(Address, on_delete=models.PROTECT, related_name="+", db_index=False)
    #: None is everything.
    category = models.ForeignKey(Category, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    #: None where the message belonged to no campaign.
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    #: The last day on which it was handed out; the preferences link beside it expires counted from this day.
    issued_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "address", Coalesce("category", 0), Coalesce("campaign", 0), name="one_short_link_per_target"
            )
        ]

    def __str__(self) -> str:
        return f"short link {self.pk}"
