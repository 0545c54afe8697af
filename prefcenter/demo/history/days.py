"""When things happen: by the days of the week, the growing number of contacts, and the days after each mailing."""

import random
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.utils import timezone

from .mailings import PlannedMailing

#: How much happens from Monday to Sunday.
WEEK = (1.15, 1.1, 1.05, 1.0, 0.85, 0.6, 0.65)
#: The part of the answers to a mailing on its day and on each day after.
ECHO = (0.55, 0.2, 0.1, 0.06, 0.04, 0.03, 0.02)
#: The part of the contacts that are there at the beginning.
THERE_AT_FIRST = 0.8
#: How many times as much happens in answer to mailings as without one.
MAILINGS_WEIGH = 1.2
DAY_SECONDS = 86_400


class Day(NamedTuple):
    """One day of the history.

    share:     the part of all events that fall on it
    grown:     the part of all contacts that are there
    mailings:  those that are answered on it, with their `weights`; None is no mailing
    begins_at: aware, as `ends_at`, which on the last day is the end of the history
    """

    day: date
    share: float
    grown: float
    mailings: Sequence[PlannedMailing | None]
    weights: Sequence[float]
    begins_at: datetime
    ends_at: datetime


def calendar(mailings: Sequence[PlannedMailing], *, start: date, until: datetime) -> list[Day]:
    """The days from `start` to that of `until`; their shares add up to one."""
    days = (timezone.localdate(until) - start).days + 1
    usual = sum(one.badness for one in mailings) / days or 1
    found = []
    for number in range(days):
        day, grown = start + timedelta(days=number), THERE_AT_FIRST + (1 - THERE_AT_FIRST) * number / days
        heard = [one for one in mailings if 0 <= (day - one.day).days < len(ECHO)]
        weights = [usual / MAILINGS_WEIGH * WEEK[day.weekday()]]
        weights += [ECHO[(day - one.day).days] * one.badness for one in heard]
        begins_at, ends_at = midnight(day), min(midnight(day + timedelta(days=1)), until)
        share = sum(weights) * grown * (ends_at - begins_at).total_seconds() / DAY_SECONDS
        found.append(Day(day, share, grown, [None, *heard], weights, begins_at, ends_at))
    total = sum(one.share for one in found)
    return [one._replace(share=one.share / total) for one in found]


def midnight(day: date) -> datetime:
    """The beginning of the day in the site's time zone; aware."""
    return timezone.make_aware(datetime(day.year, day.month, day.day))  # noqa: DTZ001  (aware by this very call)


def times(day: Day, count: int, rng: random.Random) -> Iterator[tuple[datetime, PlannedMailing | None]]:
    """`count` times within the day (aware), sorted, each with the mailing that is answered, or None."""
    length = (day.ends_at - day.begins_at).total_seconds()
    answered = rng.choices(day.mailings, day.weights, k=count)
    seconds = [(_second(one, day.day, rng), number) for number, one in enumerate(answered)]
    within = [(second if second < length else rng.uniform(0, length), number) for second, number in seconds]
    for second, number in sorted(within):
        yield day.begins_at + timedelta(seconds=second), answered[number]


def _second(mailing: PlannedMailing | None, day: date, rng: random.Random) -> float:
    if mailing and mailing.day == day:
        return min(mailing.hour * 3600 + rng.expovariate(1 / 10_000), DAY_SECONDS - 1)
    return rng.triangular(5 * 3600, DAY_SECONDS, 11 * 3600)
