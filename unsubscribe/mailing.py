"""What is about to be sent. The gate, links and the record of what was sent all take it."""

from dataclasses import dataclass

from .choices import Channel, Purpose
from .errors import ContradictoryPurpose, RetiredCategory
from .models import Campaign, Category


@dataclass(frozen=True, init=False)
class Mailing:
    """One message to any number of addresses.

    category: None for a message of no category; marketing without one is refused where any category was left
    channel:  of all its addresses
    purpose:  what was declared, else what the category is for (purpose_of)
    campaign: not too soon for itself for rules.CAMPAIGN_RUNS after it was first recorded for a contact, whatever was
              recorded since: so a mailing can be asked about, recorded, and then pass the guarded backend's gate
    once:     True refuses it to a contact with a frequency to whom the guarded backend sent this campaign in that time

    Raises ContradictoryPurpose and RetiredCategory when it is made.
    """

    category: Category | None
    channel: Channel
    purpose: Purpose
    campaign: Campaign | None
    once: bool

    def __init__(
        self,
        category: Category | None,
        *,
        channel: Channel = Channel.EMAIL,
        purpose: Purpose | None = None,
        campaign: Campaign | None = None,
        once: bool = False,
    ) -> None:
        vars(self).update(category=category, channel=channel, campaign=campaign, once=once)
        vars(self).update(purpose=purpose_of(category, purpose))

    @property
    def category_id(self) -> int | None:
        return self.category.pk if self.category else None

    @property
    def campaign_id(self) -> int | None:
        return self.campaign.pk if self.campaign else None

    @property
    def needs_opt_in(self) -> bool:
        """Whether its category needs opt-in, so that it goes only to those who subscribed."""
        return bool(self.category and self.category.needs_opt_in)


def purpose_of(category: Category | None, declared: Purpose | None) -> Purpose:
    """What was declared, else what the category is for, else marketing (law 7).

    Raises ContradictoryPurpose where a message of a marketing category is declared transactional, and RetiredCategory.
    """
    if category and category.retired_at:
        raise RetiredCategory
    if category and category.purpose == Purpose.MARKETING and declared == Purpose.TRANSACTIONAL:
        raise ContradictoryPurpose
    return declared or (Purpose(category.purpose) if category else Purpose.MARKETING)
