"""When things happen: people come with the years, weeks have a rhythm, and a mailing is answered within days."""

import random
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.utils import timezone

from .world import Mailing

DAYS = 365
#: Monday to Sunday.
WEEK = (1.15, 1.1, 1.05, 1.0, 0.85, 0.6, 0.65)
#: Of all who answer a mailing, how many on its day and on the days after.
ECHO = (0.55, 0.2, 0.1, 0.06, 0.04, 0.03, 0.02)
#: How many of the contacts are there when the year begins.
THERE_AT_FIRST = 0.6
#: Mailings count so many times what happens without one.
MAILINGS_WEIGH = 1.2


class Day(NamedTuple):
    """`share`: how many of the year's events fall on it. `mailings` with their weights, None being no mailing."""

    day: date
    share: float
    grown: float
    mailings: Sequence[Mailing | None]
    weights: Sequence[float]


def calendar(mailings: Sequence[Mailing], *, start: date, days: int = DAYS) -> list[Day]:
    """The days from `start` on; their shares add up to one."""
    echoes: dict[date, list[tuple[Mailing, float]]] = {}
    for one in mailings:
        for offset, part in enumerate(ECHO):
            echoes.setdefault(one.day + timedelta(days=offset), []).append((one, part * one.badness))
    usual = sum(one.badness for one in mailings) / days or 1
    found = []
    for number in range(days):
        day, grown = start + timedelta(days=number), growth(number / days)
        heard = echoes.get(day, [])
        weights = [usual / MAILINGS_WEIGH * WEEK[day.weekday()], *(part for _, part in heard)]
        found.append(Day(day, sum(weights) * grown, grown, [None, *(one for one, _ in heard)], weights))
    total = sum(one.share for one in found)
    return [one._replace(share=one.share / total) for one in found]


def growth(part: float) -> float:
    """How many of the contacts are there when `part` of the year is over."""
    return THERE_AT_FIRST + (1 - THERE_AT_FIRST) * part


def moments(day: Day, count: int, rng: random.Random, *, until: datetime) -> Iterator[tuple[datetime, Mailing | None]]:
    """So many, in their order, and none later than `until`."""
    midnight = timezone.make_aware(datetime(day.day.year, day.day.month, day.day.day))  # noqa: DTZ001  (aware by this very call)
    answered = rng.choices(day.mailings, day.weights, k=count)
    seconds = [(_second(one, day.day, rng), number) for number, one in enumerate(answered)]
    for second, number in sorted(seconds):
        yield min(midnight + timedelta(seconds=second), until), answered[number]


def _second(mailing: Mailing | None, day: date, rng: random.Random) -> float:
    if mailing and mailing.day == day:
        return min(mailing.hour * 3600 + rng.expovariate(1 / 10_000), 86_399)
    return rng.triangular(5 * 3600, 86_400, 11 * 3600)
