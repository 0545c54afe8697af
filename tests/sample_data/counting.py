"""How many messages a mailing was, and how often its links were looked at: counts, as the verbs add them up."""

import random
from collections.abc import Sequence
from datetime import date, timedelta

from prefcenter.models import Visits
from unsubscribe.choices import Channel
from unsubscribe.models import Category, SentCount

from .days import DAYS, ECHO, growth
from .world import Mailing, World

ON_FIRST_DAY = 0.92
WRITTEN_TO = 0.93
WITH_A_PHONE = 0.1
OPTED_IN = 0.2
#: Of those who are written to, how many look at the page behind the link, and how many have a scanner before them.
LOOKING, SCANNING = 0.006, 0.02
RECEIPTS_A_DAY = 0.01


def count(world: World, *, contacts: int, start: date, until: date, rng: random.Random) -> None:
    """What is counted without a campaign joins what is counted already."""
    by_id = {one.pk: one for one in world.categories}
    sent, visits = [], []
    for one in world.mailings:
        reach = _reach(one, by_id[one.category_id], contacts=contacts, start=start)
        sent += _sent(one, reach, until=until)
        visits += _visits(one, reach, until=until, rng=rng)
    SentCount.objects.bulk_create(sent, batch_size=1000)
    Visits.objects.bulk_create(visits, batch_size=1000)
    _receipts(world.transactional, contacts=contacts, start=start, until=until, rng=rng)


def _reach(mailing: Mailing, category: Category, *, contacts: int, start: date) -> int:
    there = contacts * growth((mailing.day - start).days / DAYS)
    share = WITH_A_PHONE if mailing.channel == Channel.SMS else OPTED_IN if category.needs_opt_in else WRITTEN_TO
    return max(1, round(there * share))


def _sent(mailing: Mailing, reach: int, *, until: date) -> list[SentCount]:
    first = max(1, round(reach * ON_FIRST_DAY))
    return [
        SentCount(
            day=mailing.day + timedelta(days=offset),
            channel=mailing.channel,
            category_id=mailing.category_id,
            campaign_id=mailing.campaign_id,
            count=many,
        )
        for offset, many in enumerate((first, reach - first))
        if many and mailing.day + timedelta(days=offset) <= until
    ]


def _visits(mailing: Mailing, reach: int, *, until: date, rng: random.Random) -> list[Visits]:
    rows = []
    for offset, part in enumerate(ECHO):
        looks = {"GET": LOOKING * mailing.badness * part, "HEAD": SCANNING * part}
        for method, share in looks.items():
            many, day = round(reach * share * rng.uniform(0.8, 1.2)), mailing.day + timedelta(days=offset)
            if many and day <= until:
                rows.append(Visits(day=day, campaign_id=mailing.campaign_id, method=method, count=many))
    return rows


def _receipts(categories: Sequence[Category], *, contacts: int, start: date, until: date, rng: random.Random) -> None:
    days = [start + timedelta(days=number) for number in range((until - start).days + 1)]
    SentCount.objects.bulk_create(
        [
            SentCount(
                day=day,
                channel=Channel.EMAIL,
                category=category,
                count=max(1, round(contacts * RECEIPTS_A_DAY * rng.uniform(0.7, 1.3))),
            )
            for category in categories
            for day in days
        ],
        batch_size=1000,
        ignore_conflicts=True,
    )
