"""Periods of whole days in the site's time zone, the days before to compare with, and the steps of a chart."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import NamedTuple

from django.utils import timezone

#: The longest period, because a chart of more months cannot be read.
MOST_DAYS = 5 * 366
_DAILY_UP_TO = 31
_WEEKLY_UP_TO = 400


class Span(NamedTuple):
    """From `since` (included) to `until` (excluded); both aware."""

    since: datetime
    until: datetime


class Bucket(NamedTuple):
    """One step of a chart: both days belong to it."""

    first: date
    last: date
    is_month: bool = False

    @property
    def span(self) -> Span:
        return Span(_midnight(self.first), _midnight(self.last + timedelta(days=1)))

    def __str__(self) -> str:
        """The label on a chart, in English: "3 Jun", "3–9 Jun", "Jun 2026"."""
        if self.is_month:
            return f"{self.first:%b %Y}"
        if self.first == self.last:
            return f"{self.first:%-d %b}"
        if self.first.month == self.last.month:
            return f"{self.first:%-d}–{self.last:%-d %b}"
        return f"{self.first:%-d %b} – {self.last:%-d %b}"


@dataclass(frozen=True)
class Period:
    """The days from `first` to `last`, both included, in TIME_ZONE. `now` (aware) says how far today has come."""

    first: date
    last: date
    now: datetime

    @classmethod
    def latest(cls, days: int, *, now: datetime) -> "Period":
        """The last `days`, today included."""
        today = timezone.localdate(now)
        return cls(today - timedelta(days=days - 1), today, now)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def span(self) -> Span:
        return Bucket(self.first, self.last).span

    @property
    def before(self) -> Span:
        """As many days before. If the last day is today, it ends at the same time of day, to compare like with like."""
        length = timedelta(days=self.days)
        until = _midnight(self.first)
        if self.span.until > self.now:
            until = min(until, max(self.now, self.span.since) - length)
        return Span(_midnight(self.first - length), until)

    @cached_property
    def buckets(self) -> list[Bucket]:
        """The steps: days; weeks, the first one longer or shorter; or months, cut off at both ends."""
        if self.days <= _DAILY_UP_TO:
            return [Bucket(day, day) for day in (self.first + timedelta(days=n) for n in range(self.days))]
        return list(self._weeks() if self.days <= _WEEKLY_UP_TO else self._months())

    @property
    def step(self) -> str:
        """What a bucket is: "day", "week" or "month"."""
        return "day" if self.days <= _DAILY_UP_TO else "week" if self.days <= _WEEKLY_UP_TO else "month"

    def _weeks(self) -> Iterator[Bucket]:
        # A first step of only a day or two would look like a drop.
        left_over = self.days % 7
        first, last = self.first, self.first + timedelta(days=left_over - 1 if left_over > 3 else left_over + 6)
        while last <= self.last:
            yield Bucket(first, last)
            first, last = last + timedelta(days=1), last + timedelta(days=7)

    def _months(self) -> Iterator[Bucket]:
        first = self.first
        while first <= self.last:
            next_month = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
            yield Bucket(first, min(next_month - timedelta(days=1), self.last), is_month=True)
            first = next_month


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
