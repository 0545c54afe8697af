"""Opt-outs and complaints per message recorded as sent: in all, by category, by campaign, and over time.

All are of the same days, so that imported opt-outs are left out. Below ENOUGH messages there is no rate.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import chain
from typing import NamedTuple

from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce

from unsubscribe.choices import Channel, EventKind
from unsubscribe.models import Campaign, Category

from . import conditions
from .period import Bucket
from .selection import Selection, during

#: How many messages an opt-out rate needs, and how many emails a complaint rate. With fewer, one opt-out more would be
#: over a third of a percent, and one complaint over Gmail's target.
ENOUGH, ENOUGH_FOR_COMPLAINTS = 300, 1000
#: Over how many days complaints_over_time takes a day's rate.
DAYS_TOGETHER = 7
#: Gmail's sender guidelines: the complaint rate should stay below the first and never reach the second.
GMAIL_AIM, GMAIL_LIMIT = 0.001, 0.003
#: The ids of a category and a campaign, 0 for none.
Key = tuple[int, int]
#: For a Key as one number, which SQLite sorts in two thirds of the time it takes for pairs.
_CATEGORIES = 2**20
_KEY = Coalesce("campaign_id", 0) * _CATEGORIES + Coalesce("category_id", 0)


class Rate(NamedTuple):
    """Numbers, and the rates by them.

    opt_outs:   conditions.opted_out, without imports
    complaints: conditions.COMPLAINT
    sent:       messages recorded as sent
    emails:     those of them that were emails, by which complaints are measured
    """

    opt_outs: int = 0
    complaints: int = 0
    sent: int = 0
    emails: int = 0

    def __add__(self, other: object) -> "Rate":
        assert isinstance(other, Rate)  # noqa: S101  (nothing else is ever added)
        return Rate(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    @property
    def opt_out_rate(self) -> float | None:
        """Opt-outs per message, from 0; None where fewer than ENOUGH were sent."""
        return self.opt_outs / self.sent if self.sent >= ENOUGH else None

    @property
    def complaint_rate(self) -> float | None:
        """Complaints per email, from 0; None where fewer than ENOUGH_FOR_COMPLAINTS were sent."""
        return self.complaints / self.emails if self.emails >= ENOUGH_FOR_COMPLAINTS else None


class Rates(NamedTuple):
    """The rates of a selection.

    by_category: in the order of the categories
    unnamed:     of events without a category or campaign
    by_campaign: the highest opt-out rate first, those without a rate last
    """

    total: Rate
    by_category: Sequence[tuple[Category, Rate]]
    unnamed: Rate
    by_campaign: Sequence[tuple[Campaign, Rate]]


def compare(selection: Selection, *, has_api_complaints: bool = True) -> Rates:
    """The rates of the selection's period, in seven queries at most.

    has_api_complaints: False leaves out complaints by the API, whose query reads every suppression by that source
    """
    found: defaultdict[Key, Rate] = defaultdict(Rate)
    in_period = during(selection.period.span)
    for category, campaign, sent, emails in _sent(selection):
        found[category, campaign or 0] += Rate(sent=sent, emails=emails or 0)
    for key, lines in _lines(selection, in_period & Q(kind=EventKind.OPT_OUT, source__in=conditions.OF_THESE_DAYS)):
        found[key] += Rate(opt_outs=lines)
    for line in selection.stayed_off(selection.period.span):
        found[line.category, line.campaign] += Rate(opt_outs=-1)
    by_api = _lines(selection, in_period & conditions.COMPLAINT_BY_API) if has_api_complaints else ()
    for key, lines in chain(_lines(selection, in_period & conditions.COMPLAINT_BY_PROVIDER), by_api):
        found[key] += Rate(complaints=lines)
    found = defaultdict(Rate, {key: rate for key, rate in found.items() if rate != Rate()})
    by_campaign = _gather((campaign, rate) for (_, campaign), rate in found.items())
    campaigns = Campaign.objects.filter(id__any_of=list(by_campaign)).select_related("category")
    owner = {one.pk: one.category_id for one in campaigns}
    by_category = _gather((category or owner.get(campaign, 0), rate) for (category, campaign), rate in found.items())
    return Rates(
        sum(found.values(), Rate()),
        [(one, by_category[one.pk]) for one in Category.objects.filter(id__any_of=list(by_category))],
        by_category.get(0, Rate()),
        sorted(((one, by_campaign[one.pk]) for one in campaigns), key=_highest),
    )


def complaints_over_time(selection: Selection, complaints: Sequence[tuple[Bucket, int]]) -> list[float | None]:
    """The complaint rate at each step; None where too few emails were sent. `complaints`: their number at each step.

    Where a step is a day, the rate is that of DAYS_TOGETHER days up to it, as far as they are in the period, because
    people complain days after a mailing.
    """
    rows = selection.sent().filter(channel=Channel.EMAIL).order_by().values_list("day").annotate(emails=Sum("count"))
    emails: dict[date, int] = dict(rows)
    steps = [
        Rate(complaints=lines, emails=sum(count for day, count in emails.items() if step.first <= day <= step.last))
        for step, lines in complaints
    ]
    width = DAYS_TOGETHER if selection.period.step == "day" else 1
    return [sum(steps[max(0, end - width) : end], Rate()).complaint_rate for end in range(1, len(steps) + 1)]


def _sent(selection: Selection) -> Iterable[tuple[int, int | None, int, int | None]]:
    rows = selection.sent().order_by().values_list("category_id", "campaign_id")
    return rows.annotate(sent=Sum("count"), emails=Sum("count", filter=Q(channel=Channel.EMAIL)))


def _lines(selection: Selection, meaning: Q) -> Iterator[tuple[Key, int]]:
    rows = selection.events().filter(meaning).order_by()
    for key, lines in rows.values_list(_KEY).annotate(lines=Count("*")):
        campaign, category = divmod(key, _CATEGORIES)
        yield (category, campaign), lines


def _gather(rates: Iterable[tuple[int, Rate]]) -> dict[int, Rate]:
    found: defaultdict[int, Rate] = defaultdict(Rate)
    for key, rate in rates:
        found[key] += rate
    return dict(found)


def _highest(row: tuple[Campaign, Rate]) -> tuple[float, int, int]:
    """The sort key of by_campaign."""
    campaign, rate = row
    return -(rate.opt_out_rate if rate.opt_out_rate is not None else -1), -rate.opt_outs, -campaign.pk
