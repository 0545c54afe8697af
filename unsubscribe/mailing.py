"""What is about to be sent: what the gate is asked about, what links name, what is recorded as sent."""

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
    once:     True refuses it to a contact with a frequency to whom our own backend sent this campaign in that time

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
        """Whether it goes to nobody who did not subscribe."""
        return bool(self.category and self.category.needs_opt_in)


def purpose_of(category: Category | None, declared: Purpose | None) -> Purpose:
    """What was declared, else what the category is for; marketing where nobody said anything (law 7).

    Raises ContradictoryPurpose for a message that is of a marketing category and calls itself transactional, and
    RetiredCategory for any message of a category in which nothing is sent any more.
    """
    if category and category.retired_at:
        raise RetiredCategory
    if category and category.purpose == Purpose.MARKETING and declared == Purpose.TRANSACTIONAL:
        raise ContradictoryPurpose
    return declared or (Purpose(category.purpose) if category else Purpose.MARKETING)
