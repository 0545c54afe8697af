"""Opt-outs and complaints per mail recorded as sent: in all, by category, by campaign, and over time.

All are of the same days; what an import brings is not. Of too few mails no rate is given.
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

#: Of fewer mails one person more or less would be a third of a percent; of fewer emails a complaint a whole Gmail line.
ENOUGH, ENOUGH_FOR_COMPLAINTS = 300, 1000
DAYS_TOGETHER = 7
#: Gmail's sender guidelines: stay below the first, never reach the second. Parts of the mails sent.
GMAIL_AIM, GMAIL_LIMIT = 0.001, 0.003
#: category and campaign, as the ledger and the counts name them; 0 for none
Key = tuple[int, int]
#: Both in one number: SQLite sorts a million of them in two thirds of the time it takes for pairs.
_CATEGORIES = 2**20
_KEY = Coalesce("campaign_id", 0) * _CATEGORIES + Coalesce("category_id", 0)


class Rate(NamedTuple):
    """`emails`: those of `sent` that went by email, because only they can be complained about."""

    opt_outs: int = 0
    complaints: int = 0
    sent: int = 0
    emails: int = 0

    def __add__(self, other: object) -> "Rate":
        assert isinstance(other, Rate)  # noqa: S101  (nothing else is ever added)
        return Rate(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    @property
    def opt_out_rate(self) -> float | None:
        """The part of the mails that led somebody to opt out; None where there are too few to say."""
        return self.opt_outs / self.sent if self.sent >= ENOUGH else None

    @property
    def complaint_rate(self) -> float | None:
        return self.complaints / self.emails if self.emails >= ENOUGH_FOR_COMPLAINTS else None


class Rates(NamedTuple):
    """`by_category` in the reader's order, `unnamed` being what names none; `by_campaign` the highest rate first."""

    total: Rate
    by_category: Sequence[tuple[Category, Rate]]
    unnamed: Rate
    by_campaign: Sequence[tuple[Campaign, Rate]]


def compare(selection: Selection, *, has_api_complaints: bool = True) -> Rates:
    """Seven queries at most, however many there are. Without complaints by the API one of them is spared, which looks
    at every block that came that way."""
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
    """The rate at each step; None where too few mails were sent to say.

    A day is taken together with the six before it, as far as they are in the period: people complain days after a
    mailing, when perhaps next to nothing is sent.
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
    """What is too small for a rate comes last."""
    campaign, rate = row
    return -(rate.opt_out_rate if rate.opt_out_rate is not None else -1), -rate.opt_outs, -campaign.pk
