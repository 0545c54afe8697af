"""Notes that a mailing goes out or went out: its count, and the frequency clock of everyone it goes to."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from ..mailing import Mailing
from ..models import Campaign, Category, LastSent, SentCount
from .bulk import clocks


def campaign_named(name: str, *, category: Category, now: datetime) -> Campaign | None:
    """The campaign of this name in this category, made if it is new; None for a blank name. The first 120 characters of
    a name count."""
    name = name.strip()[:120]
    if not name:
        return None
    return Campaign.objects.get_or_create(category=category, name=name, defaults={"created_at": now})[0]


@transaction.atomic
def record_sent(
    contact_ids: Sequence[int],
    mailing: Mailing,
    *,
    now: datetime,
    by_us: bool = False,
    paced: Mapping[int, date] = {},
) -> set[int]:
    """Counts one message to each of these contacts, as of today, and starts their frequency clocks.

    mailing: with a category. Whom this campaign reached within rules.CAMPAIGN_RUNS is not counted again
    by_us:   our own backend has sent it; else another mailer said that it will
    paced:   Verdict.last_day by contact, of those who chose a frequency and have not been sent it yet

    Returns the ids of those that are recorded now: all but those in `paced` who were recorded for another message since
    the gate was asked.
    """
    ids = sorted(set(contact_ids))
    if not ids:
        return set()
    category, campaign, channel = mailing.category, mailing.campaign, mailing.channel
    _hold(campaign)
    had = clocks.had(ids, mailing, now=now) if campaign else set()
    recorded = clocks.wind(ids, mailing, paced=paced, now=now, sent_at=now if by_us else None)
    if fresh := len(recorded - had):
        day = timezone.localtime(now).date()
        row, _ = SentCount.objects.get_or_create(day=day, channel=channel, category=category, campaign=campaign)
        SentCount.objects.filter(id=row.pk).update(count=F("count") + fresh)
    return recorded


@transaction.atomic
def claim(paced: Mapping[int, date], mailing: Mailing, *, now: datetime) -> set[int]:
    """Claims contacts who chose a frequency, before a message is sent to them: of several callers at the same moment,
    one gets each. `paced` is as in record_sent; the answer holds the ids that are the caller's to send to.

    Then call record_sent for those it was sent to, and give_back for the others. If the caller dies in between, they
    can be claimed for the same campaign again after rules.CLAIM_HOLDS.
    """
    _hold(mailing.campaign)
    return clocks.claim(paced, mailing, now=now)


@transaction.atomic
def give_back(contact_ids: Sequence[int], mailing: Mailing, *, claimed_at: datetime) -> None:
    """Undoes a claim: nothing was sent to these contacts. `claimed_at` is the `now` of the claim.

    Where the campaign was recorded before, it stays so, as of today.
    """
    claimed = LastSent.objects.filter(
        contact_id__any_of=list(contact_ids),
        category=mailing.category,
        channel=mailing.channel,
        campaign=mailing.campaign,
        claimed_at=claimed_at,
    )
    # In the order in which they are noted, so that nobody waits for another in a circle.
    ids = list(claimed.select_for_update().order_by("contact_id").values_list("id", flat=True))
    rows = LastSent.objects.filter(id__any_of=ids)
    began = rows.filter(began_at=claimed_at)
    began.filter(earlier_on=None).delete()
    began.update(
        sent_on=F("earlier_on"),
        campaign=F("earlier_campaign"),
        began_at=F("earlier_began_at"),
        sent_at=F("earlier_sent_at"),
        claimed_at=None,
        before_on=None,
        earlier_on=None,
        earlier_campaign=None,
        earlier_began_at=None,
        earlier_sent_at=None,
    )
    rows.update(claimed_at=None)


def _hold(campaign: Campaign | None) -> None:
    """Whoever notes the same campaign at the same time looks only then who has had it."""
    if campaign:
        Campaign.objects.select_for_update(no_key=True).get(id=campaign.pk)
