"""The history's mailings: planned, recorded for those the gate lets through, and their links visited."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from prefcenter.models import Visits
from unsubscribe import actions, gate
from unsubscribe.choices import Channel, Outcome
from unsubscribe.mailing import Mailing
from unsubscribe.models import Campaign, Category

from .contacts import SampleContact

#: How many days lie between two mailings of a category, by its place in the list.
RHYTHMS = (7, 10, 14, 30, 30)
SATURDAY = 5
HOURS = (7, 8, 9, 10, 16, 18)
#: Every so many-th mailing of the category with this slug goes out by text message.
BY_TEXT_MESSAGE, OFFERS = 5, "offers"
#: One in so many campaigns makes far more contacts leave.
BAD_ONE_IN = 40
#: The part of the recipients who open the link's page, and the part whose links a scanner fetches.
LOOKING, SCANNING = 0.012, 0.03
#: The part of these on the day of the mailing and on each day after.
LATER = (0.6, 0.2, 0.1, 0.06, 0.04)
#: The part of the contacts who get a receipt on a day.
RECEIPTS_A_DAY = 0.01
#: For gate.everybody, which is never to return None.
EVERYBODY = 10**9


@dataclass(eq=False)
class PlannedMailing:
    """A mailing. `hour` is when it goes out; `badness`: how many times as many contacts as usual leave after it;
    `campaign` and `reach` (recipients) are set once it is sent."""

    category: Category
    channel: Channel
    day: date
    hour: int
    badness: float
    name: str
    campaign: Campaign | None = None
    reach: int = 0


def plan(
    categories: Iterable[Category],
    rng: random.Random,
    *,
    start: date,
    days: int,
    titles: Mapping[str, Sequence[str]],
) -> list[PlannedMailing]:
    """The mailings of the days from `start`. `titles`: by a category's slug, what its mailings are called in turn, each
    with its number; others are named by their day."""
    planned = []
    for place, category in enumerate(categories):
        rhythm, names = RHYTHMS[place % len(RHYTHMS)], titles.get(category.slug, ())
        for number, offset in enumerate(range(rng.randrange(min(rhythm, days)), days, rhythm), 1):
            day = _on_a_weekday(start + timedelta(days=offset))
            by_text = category.slug == OFFERS and number % BY_TEXT_MESSAGE == 0
            channel = Channel.SMS if by_text else Channel.EMAIL
            badness = rng.uniform(6, 12) if rng.randrange(BAD_ONE_IN) == 0 else rng.lognormvariate(0, 0.4)
            name = numbered(names, number) if names else f"{category.name}, {day:%-d %B %Y}"
            planned.append(PlannedMailing(category, channel, day, rng.choice(HOURS), badness, _unused(name, category)))
    return planned


def _on_a_weekday(day: date) -> date:
    """That day, or the Monday after a weekend."""
    return day + timedelta(days=7 - day.weekday() if day.weekday() >= SATURDAY else 0)


def numbered(names: Sequence[str], number: int) -> str:
    """The name of issue `number`, counted from one."""
    return f"{names[(number - 1) % len(names)]}, no. {number}"


def _unused(name: str, category: Category) -> str:
    """The name, with a number if the category has a campaign of this name from an earlier history."""
    name = name[-100:]
    same = Campaign.objects.filter(category=category, name__startswith=name).count()
    return f"{name} ({same + 1})" if same else name


def send(mailing: PlannedMailing, contacts: Sequence[SampleContact], *, now: datetime) -> None:
    """Records the mailing as sent to all the gate lets through."""
    category, channel = mailing.category, mailing.channel
    mailing.campaign = actions.campaign_named(mailing.name, category=category, now=now)
    about = Mailing(category, channel=channel, campaign=mailing.campaign)
    verdicts = gate.everybody(about, now=now, most=EVERYBODY)
    if verdicts is None:
        raise AssertionError("Everybody was asked about.")
    digests = ((one.contact_id, one.digests.get(channel)) for one in contacts)
    let_through = [
        contact_id
        for contact_id, digest in digests
        if digest and verdicts.named.get(digest, verdicts.others).outcome == Outcome.SEND
    ]
    recorded = actions.record_sent(let_through, about, now=now)
    mailing.reach = len(recorded)


def send_receipts(
    categories: Iterable[Category], contacts: Sequence[SampleContact], rng: random.Random, *, now: datetime
) -> None:
    """Records messages of these categories to a few contacts, without a campaign."""
    for category in categories:
        many = max(1, round(len(contacts) * RECEIPTS_A_DAY * rng.uniform(0.7, 1.3)))
        ids = [one.contact_id for one in rng.sample(contacts, min(many, len(contacts))) if not one.is_erased]
        actions.record_sent(ids, Mailing(category), now=now)


def visit(mailings: Iterable[PlannedMailing], rng: random.Random, *, until: date) -> None:
    """Counts visits to the links of these mailings, up to that day."""
    rows = []
    for one in mailings:
        for offset, part in enumerate(LATER):
            looks = {"GET": LOOKING * one.badness * part, "HEAD": SCANNING * part}
            for method, share in looks.items():
                many, day = round(one.reach * share * rng.uniform(0.8, 1.2)), one.day + timedelta(days=offset)
                if many and day <= until:
                    rows.append(Visits(day=day, campaign=one.campaign, method=method, count=many))
    Visits.objects.bulk_create(rows, batch_size=1000)
