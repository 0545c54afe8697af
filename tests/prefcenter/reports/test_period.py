"""Days of the house: none is counted twice or forgotten, and half a day is compared with half a day."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from prefcenter.reports import Period
from tests.conftest import NOW

LENGTHS = [1, 3, 7, 30, 31, 32, 90, 365, 366, 400, 401, 800, 1830]


@pytest.mark.parametrize("days", LENGTHS)
def test_every_day_is_in_one_step_and_in_no_other(days: int) -> None:
    period = Period.latest(days, now=NOW)
    steps = [
        step.first + timedelta(days=n) for step in period.buckets for n in range((step.last - step.first).days + 1)
    ]
    assert steps == [period.first + timedelta(days=n) for n in range(days)]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo"])
@pytest.mark.parametrize("days", [30, 365, 800])
def test_steps_follow_each_other_to_the_second_over_summer_and_winter(days: int, zone: str, settings: Any) -> None:
    settings.TIME_ZONE = zone
    period = Period.latest(days, now=NOW)
    spans = [step.span for step in period.buckets]
    assert (spans[0].since, spans[-1].until) == tuple(period.span)
    assert [one.until for one in spans[:-1]] == [one.since for one in spans[1:]]


@pytest.mark.parametrize(
    ("days", "step", "steps"),
    [(7, "day", 7), (31, "day", 31), (32, "week", 5), (90, "week", 13), (365, "week", 52), (401, "month", 14)],
)
def test_steps_are_days_then_weeks_then_months(days: int, step: str, steps: int) -> None:
    period = Period.latest(days, now=NOW)
    assert (period.step, len(period.buckets)) == (step, steps)


def test_a_day_is_one_of_the_house(settings: Any) -> None:
    settings.TIME_ZONE = "Asia/Tokyo"
    period = Period.latest(1, now=datetime(2026, 3, 10, 16, tzinfo=UTC))
    assert period.first == date(2026, 3, 11)
    assert period.span.since == datetime(2026, 3, 10, 15, tzinfo=UTC)


def test_a_week_that_is_not_over_is_compared_with_one_of_the_same_length() -> None:
    period = Period.latest(7, now=NOW)
    assert period.before.since == datetime(2026, 2, 25, tzinfo=UTC)
    assert period.before.until == NOW - timedelta(days=7)


def test_days_that_are_over_are_compared_with_whole_ones() -> None:
    period = Period(date(2026, 3, 1), date(2026, 3, 9), NOW)
    assert period.before == (datetime(2026, 2, 20, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))


@pytest.mark.parametrize("days", LENGTHS)
def test_what_was_before_ends_where_the_period_begins_at_the_latest(days: int) -> None:
    period = Period.latest(days, now=NOW)
    assert period.before.since < period.before.until <= period.span.since
