"""Turns numbers into the shapes of an SVG, WIDTH by HEIGHT in its own units; colours and words are the template's.

The page stretches the SVG to its width, so labels and dots are not part of it but positioned by the page.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

WIDTH, HEIGHT = 1000.0, 240.0
#: The part of a step's width that its bar takes.
BAR = 0.72
_NICE = (1, 2, 2.5, 5, 10)
#: Tolerance for comparing floats.
_HAIR = 1e-9


class Tick(NamedTuple):
    """A line across the chart at `y`, and its value."""

    y: float
    value: float


class Bar(NamedTuple):
    """One bar. `series` and `step` are its places among the series and along the axis, from 0."""

    x: float
    y: float
    width: float
    height: float
    series: int
    step: int


class Stacks(NamedTuple):
    """A chart of stacked bars. `zero`: the y of the axis; `ticks`: from the top down."""

    bars: Sequence[Bar]
    ticks: Sequence[Tick]
    zero: float


class LineShapes(NamedTuple):
    """A line chart.

    runs:  the `points` of polylines, one for each stretch without a gap
    dots:  each known point: its step, x and y
    marks: the level lines that were asked for; `ticks` those of the scale, from the top down
    """

    runs: Sequence[str]
    dots: Sequence[tuple[int, float, float]]
    marks: Sequence[Tick]
    ticks: Sequence[Tick]


def stacks(up: Sequence[Sequence[int]], down: Sequence[Sequence[int]] = ()) -> Stacks:
    """Series stacked upwards, and others downwards from the same axis. All have the same number of steps."""
    highest, lowest = _tallest(up), _tallest(down)
    step = nice_step(highest + lowest, is_whole=True)
    above, below = max(1, math.ceil(highest / step)) * step, lowest
    unit = HEIGHT / (above + below)
    zero = above * unit
    rows = range(-int(below / step), round(above / step) + 1)
    ticks = [Tick(round(zero - row * step * unit, 2), abs(row * step)) for row in reversed(rows)]
    return Stacks([*_pile(up, 0, zero, -unit), *_pile(down, len(up), zero, unit)], ticks, round(zero, 2))


def lines(values: Sequence[float | None], *, marks: Sequence[float] = ()) -> LineShapes:
    """One series from 0 up, with a gap where a value is None. The scale includes the level lines at `marks`."""
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    highest = max([*(value for _, value in known), *marks], default=0)
    step = nice_step(highest)
    rows = max(1, math.ceil(highest / step - _HAIR))
    dots = [(place, _middle(place, len(values)), _level(value, rows * step)) for place, value in known]
    ticks = [Tick(round(HEIGHT * place / rows, 2), (rows - place) * step) for place in range(rows + 1)]
    return LineShapes(_runs(dots), dots, [Tick(_level(mark, rows * step), mark) for mark in marks], ticks)


def nice_step(highest: float, *, most: int = 4, is_whole: bool = False) -> float:
    """The step of a scale: the smallest of 1, 2, 2.5 and 5 times a power of ten with which `most` steps reach
    `highest`; 1 where that is 0. `is_whole`: no fractions."""
    if highest <= 0:
        return 1
    power = 10.0 ** math.floor(math.log10(highest / most))
    steps = [nice * power for nice in _NICE if nice * power * most >= highest * (1 - _HAIR)]
    return next((step for step in steps if not is_whole or step == int(step)), 1)


def share(part: float, whole: float) -> float:
    """`part` of `whole` as a percentage for a small bar: at least 1 for anything above 0, and at most 100."""
    if part <= 0 or whole <= 0:
        return 0
    return round(min(100.0, max(1.0, 100 * part / whole)), 1)


def labelled(steps: int, *, most: int = 6) -> set[int]:
    """The places along the axis that get a label: evenly spaced from the first, none too near the end."""
    every = max(1, math.ceil(steps / most))
    return {place for place in range(0, steps, every) if place == 0 or steps - place > every / 2}


def _tallest(series: Sequence[Sequence[int]]) -> int:
    return max((sum(values) for values in zip(*series, strict=True)), default=0)


def _pile(series: Sequence[Sequence[int]], first: int, zero: float, unit: float) -> list[Bar]:
    """The bars of these series, the first one with the number `first`. `unit`: the height of a count of one, negative
    for bars that grow upwards."""
    bars = []
    for step, counts in enumerate(zip(*series, strict=True)):
        width = WIDTH / len(series[0])
        x, reached = step * width + width * (1 - BAR) / 2, zero
        for place, count in enumerate(counts):
            start, reached = reached, reached + count * unit
            if count:
                top, height = round(min(start, reached), 2), round(abs(reached - start), 2)
                bars.append(Bar(round(x, 2), top, round(width * BAR, 2), height, first + place, step))
    return bars


def _middle(place: int, steps: int) -> float:
    return round((place + 0.5) * WIDTH / steps, 2)


def _level(value: float, top: float) -> float:
    return round(HEIGHT * (1 - value / top), 2)


def _runs(points: Sequence[tuple[int, float, float]]) -> list[str]:
    runs: list[list[str]] = []
    last = None
    for place, x, y in points:
        if last is None or place != last + 1:
            runs.append([])
        runs[-1].append(f"{x},{y}")
        last = place
    return [" ".join(run) for run in runs]
