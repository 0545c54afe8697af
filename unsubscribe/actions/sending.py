"""Notes that a mailing went out: its count, and the frequency clock of everyone it went to."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from ..choices import Channel
from ..models import Campaign, Category, LastSent, SentCount
from ..rules import CAMPAIGN_RUNS
from .bulk import clocks


def campaign_named(name: str, *, category: Category, now: datetime) -> Campaign | None:
    """The campaign of this name, made when it is new; None for no name. Of a long name the beginning counts."""
    name = name.strip()[:120]
    if not name:
        return None
    return Campaign.objects.get_or_create(category=category, name=name, defaults={"created_at": now})[0]


@transaction.atomic
def record_sent(
    contact_ids: Sequence[int],
    *,
    category: Category,
    channel: Channel,
    now: datetime,
    campaign: Campaign | None = None,
    by_us: bool = False,
) -> None:
    """One message each to these contacts, sent today, however often each is named. Who has had this campaign within 48
    hours is not counted again.

    `by_us`: our own backend has sent it; else somebody else's mailer said that it will.
    """
    ids = sorted(set(contact_ids))
    if not ids:
        return
    if campaign:
        # Whoever records the same campaign at the same time looks only then who has had it.
        Campaign.objects.select_for_update(no_key=True).get(id=campaign.pk)
    fresh = len(ids) - _who_had(campaign, ids, category=category, channel=channel, now=now)
    sent_at = now if by_us else None
    clocks.wind(ids, category=category, channel=channel, campaign=campaign, sent_at=sent_at, now=now)
    if fresh:
        day = timezone.localtime(now).date()
        row, _ = SentCount.objects.get_or_create(day=day, channel=channel, category=category, campaign=campaign)
        SentCount.objects.filter(id=row.pk).update(count=F("count") + fresh)


def _who_had(
    campaign: Campaign | None, contact_ids: Sequence[int], *, category: Category, channel: Channel, now: datetime
) -> int:
    if campaign is None:
        return 0
    since = now - CAMPAIGN_RUNS
    by_day = Q(began_at=None, sent_on__gt=timezone.localtime(since).date())  # as rows were before they had a time
    last = Q(campaign=campaign) & (Q(began_at__gt=since) | by_day)
    earlier = Q(earlier_campaign=campaign, earlier_began_at__gt=since)
    rows = LastSent.objects.filter(last | earlier, category=category, channel=channel)
    return rows.filter(contact_id__any_of=contact_ids).count()
