"""Which of the categories and campaigns that links name are still there: links live longer than rows."""

from collections.abc import Callable, Iterable

from ..choices import Purpose
from ..links import Target
from ..models import Campaign, Category


def known(targets: Iterable[Target], *, is_lost: Callable[[Target], Target] | None = None) -> list[Target]:
    """The targets that name a category people can still choose, or none at all; lost campaigns are left out.

    A lost category goes to `is_lost`, without which the target is dropped. For an opt-out it becomes a no to
    everything: too much, rather than too little.
    """
    targets = list(targets)
    named = {target.category_id for target in targets if target.category_id is not None}
    choosable = Category.objects.filter(id__in=named, purpose=Purpose.MARKETING)
    categories = {None, *choosable.values_list("id", flat=True)} if named else {None}
    campaigns = known_campaigns(target.campaign_id for target in targets)
    targets = [target if target.campaign_id in campaigns else target._replace(campaign_id=None) for target in targets]
    if is_lost is None:
        return [target for target in targets if target.category_id in categories]
    return [target if target.category_id in categories else is_lost(target) for target in targets]


def known_campaigns(campaign_ids: Iterable[int | None]) -> set[int | None]:
    named = {campaign_id for campaign_id in campaign_ids if campaign_id is not None}
    if not named:
        return {None}
    return {None, *Campaign.objects.filter(id__in=named).values_list("id", flat=True)}
