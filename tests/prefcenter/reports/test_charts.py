"""Shapes from numbers: nothing leaves the chart, nothing is drawn larger or smaller than it is."""

import itertools

import pytest

from prefcenter.reports import charts
from prefcenter.reports.charts import HEIGHT, WIDTH, Bar

pytestmark = pytest.mark.sqlite_only

UP, DOWN = [[30, 0, 81], [10, 10, 5]], [[0, 20, 0], [3, 0, 1]]


def height_of(bars: list[Bar], *, series: int, step: int) -> float:
    return sum(bar.height for bar in bars if (bar.series, bar.step) == (series, step))


def test_each_count_is_as_high_as_it_is_large() -> None:
    bars = list(charts.stacks(UP, DOWN).bars)
    unit = height_of(bars, series=0, step=0) / 30
    for series, counts in enumerate([*UP, *DOWN]):
        for step, count in enumerate(counts):
            assert height_of(bars, series=series, step=step) == pytest.approx(count * unit, abs=0.02)


def test_a_count_of_nothing_has_no_bar() -> None:
    assert len(charts.stacks(UP, DOWN).bars) == sum(count > 0 for counts in (*UP, *DOWN) for count in counts)


def test_stacks_stand_on_the_axis_hang_from_it_and_stay_within() -> None:
    found = charts.stacks(UP, DOWN)
    for bar in found.bars:
        bottom = bar.y + bar.height
        assert bottom <= found.zero + 0.02 if bar.series < len(UP) else bar.y >= found.zero - 0.02
        assert bar.y >= 0
        assert bottom <= HEIGHT + 0.02
        assert bar.x >= 0
        assert bar.x + bar.width <= WIDTH


def test_bars_of_one_step_lie_upon_each_other_without_a_gap() -> None:
    [lower, upper] = [bar for bar in charts.stacks(UP).bars if bar.step == 0]
    assert upper.y + upper.height == pytest.approx(lower.y, abs=0.02)
    assert upper.x == lower.x


def test_the_axis_says_zero_where_the_bars_begin() -> None:
    found = charts.stacks(UP, DOWN)
    assert [tick.y for tick in found.ticks if tick.value == 0] == [found.zero]
    assert [tick.y for tick in found.ticks] == sorted(tick.y for tick in found.ticks)


@pytest.mark.parametrize("up", [[[]], [[0, 0]], [[0], [0]]], ids=str)
def test_of_nothing_there_is_an_empty_chart(up: list[list[int]]) -> None:
    found = charts.stacks(up)
    assert (list(found.bars), found.zero) == ([], HEIGHT)


@pytest.mark.parametrize("most", [1, 2, 3, 5, 7, 12, 99, 100, 101, 12_345, 1_000_000])
def test_counts_have_whole_numbers_on_their_scale_and_few_of_them(most: int) -> None:
    values = [tick.value for tick in charts.stacks([[most]]).ticks]
    assert values[0] >= most
    assert values[-1] == 0
    assert all(value == int(value) for value in values)
    assert 2 <= len(values) <= 6


@pytest.mark.parametrize(
    ("highest", "step"), [(0, 1), (4, 1), (10, 2.5), (17, 5), (0.003, 0.001), (0.3, 0.1), (0.0013, 0.0005), (8, 2)]
)
def test_steps_are_nice(highest: float, step: float) -> None:
    assert charts.nice_step(highest) == pytest.approx(step)


def test_a_line_breaks_where_nothing_is_known() -> None:
    found = charts.lines([0.001, 0.002, None, 0.002])
    assert [len(run.split()) for run in found.runs] == [2, 1]
    assert [place for place, _, _ in found.dots] == [0, 1, 3]


def test_a_line_is_as_high_as_its_marks_and_values_say() -> None:
    found = charts.lines([0.0, 0.001, 0.003], marks=(0.001, 0.003))
    heights = [y for _, _, y in found.dots]
    assert heights[0] == HEIGHT
    assert heights[1:] == [mark.y for mark in found.marks]
    assert all(0 <= y <= HEIGHT for y in heights)


def test_marks_are_in_sight_when_all_values_are_small_or_there_are_none() -> None:
    for values in ([0.00001], [None, None], []):
        assert [0 <= mark.y < HEIGHT for mark in charts.lines(values, marks=(0.001, 0.003)).marks] == [True, True]


@pytest.mark.parametrize(
    ("part", "whole", "filled"),
    [(0, 10, 0), (5, 10, 50), (10, 10, 100), (11, 10, 100), (1, 100_000, 1), (1, 0, 0), (0, 0, 0), (0.002, 0.004, 50)],
)
def test_a_small_bar_is_never_empty_for_something_nor_too_full(part: float, whole: float, filled: float) -> None:
    assert charts.share(part, whole) == filled


@pytest.mark.parametrize("steps", [1, 2, 7, 30, 53, 60])
def test_labels_are_few_begin_with_the_first_and_are_evenly_spaced(steps: int) -> None:
    places = sorted(charts.labelled(steps))
    assert places[0] == 0
    assert len(places) <= 6
    assert places[-1] < steps
    assert len({later - earlier for earlier, later in itertools.pairwise(places)}) <= 1
