"""Notes that a mailing went out: its count, and the frequency clock of everyone it went to."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from ..choices import Channel
from ..models import Campaign, Category, LastSent, SentCount


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
) -> None:
    """One message each to these contacts, sent today, however often each is named. Who has had this campaign today is
    not counted again."""
    if not contact_ids:
        return
    today = timezone.localtime(now).date()
    row, _ = SentCount.objects.get_or_create(day=today, channel=channel, category=category, campaign=campaign)
    # Whoever records the same campaign at the same time looks only then who has had it.
    SentCount.objects.select_for_update(no_key=True).get(id=row.pk)
    again = _who_had(campaign, contact_ids, category=category, channel=channel, today=today)
    LastSent.objects.bulk_create(
        [
            LastSent(contact_id=contact_id, category=category, channel=channel, sent_on=today, campaign=campaign)
            for contact_id in sorted(set(contact_ids))
        ],
        update_conflicts=True,
        unique_fields=["contact", "category", "channel"],
        update_fields=["sent_on", "campaign"],
    )
    SentCount.objects.filter(id=row.pk).update(count=F("count") + len(set(contact_ids)) - again)


def _who_had(
    campaign: Campaign | None, contact_ids: Sequence[int], *, category: Category, channel: Channel, today: date
) -> int:
    if campaign is None:
        return 0
    clocks = LastSent.objects.filter(category=category, channel=channel, campaign=campaign, sent_on=today)
    return clocks.filter(contact_id__any_of=contact_ids).count()
