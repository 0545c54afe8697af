"""Numbers become the shapes of an SVG. Pure; it knows no colours, no words and no template.

A chart is WIDTH by HEIGHT of its own units. The page stretches it to its own width, and leaves its height; letters and
dots, which must not be stretched, are left to the page.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

WIDTH, HEIGHT = 1000.0, 240.0
#: Of a step's width, how much its bar takes.
BAR = 0.72
_NICE = (1, 2, 2.5, 5, 10)
#: What is above only because 0.3 cannot be written in binary is not above.
_HAIR = 1e-9


class Tick(NamedTuple):
    """A line across the chart at `y`, and the value that it stands for."""

    y: float
    value: float


class Bar(NamedTuple):
    """`series` and `step` say whose it is: the place among the series, and along the axis."""

    x: float
    y: float
    width: float
    height: float
    series: int
    step: int


class Stacks(NamedTuple):
    """`zero` is the y of the axis; `ticks` from the top down."""

    bars: Sequence[Bar]
    ticks: Sequence[Tick]
    zero: float


class LineShapes(NamedTuple):
    """`runs` are the points of polylines, one for each stretch without a gap; `dots` their points by step."""

    runs: Sequence[str]
    dots: Sequence[tuple[int, float, float]]
    marks: Sequence[Tick]
    ticks: Sequence[Tick]


def stacks(up: Sequence[Sequence[int]], down: Sequence[Sequence[int]] = ()) -> Stacks:
    """Series stacked upwards, and others downwards from the same axis. All count something at each step."""
    highest, lowest = _tallest(up), _tallest(down)
    step = nice_step(highest + lowest, is_whole=True)
    above, below = max(1, math.ceil(highest / step)) * step, lowest
    unit = HEIGHT / (above + below)
    zero = above * unit
    rows = range(-int(below / step), round(above / step) + 1)
    ticks = [Tick(round(zero - row * step * unit, 2), abs(row * step)) for row in reversed(rows)]
    return Stacks([*_pile(up, 0, zero, -unit), *_pile(down, len(up), zero, unit)], ticks, round(zero, 2))


def lines(values: Sequence[float | None], *, marks: Sequence[float] = ()) -> LineShapes:
    """One series from 0 up, with a gap where a value is None, and level lines at `marks`, which are always in sight."""
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    highest = max([*(value for _, value in known), *marks], default=0)
    step = nice_step(highest)
    rows = max(1, math.ceil(highest / step - _HAIR))
    dots = [(place, _middle(place, len(values)), _level(value, rows * step)) for place, value in known]
    ticks = [Tick(round(HEIGHT * place / rows, 2), (rows - place) * step) for place in range(rows + 1)]
    return LineShapes(_runs(dots), dots, [Tick(_level(mark, rows * step), mark) for mark in marks], ticks)


def nice_step(highest: float, *, most: int = 4, is_whole: bool = False) -> float:
    """The smallest of 1, 2, 2.5 and 5 times a power of ten of which at most `most` reach `highest`; 1 for nothing."""
    if highest <= 0:
        return 1
    power = 10.0 ** math.floor(math.log10(highest / most))
    steps = [nice * power for nice in _NICE if nice * power * most >= highest * (1 - _HAIR)]
    return next((step for step in steps if not is_whole or step == int(step)), 1)


def share(part: float, whole: float) -> float:
    """How many of 100 units of a small bar are filled; never none for something, and never more than there are."""
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
    """`unit` is the height of one, and negative for bars that grow upwards."""
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
