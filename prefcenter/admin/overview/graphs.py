"""The two charts of the page and the tables beside them, in words and shapes. It counts nothing."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from prefcenter.reports import Bucket, Selection, charts, numbers, rates
from prefcenter.reports.counts import Counted

#: No more and less grow upwards, more again downwards; each by its name in EventCounts.
_UP = {"opt_outs": "Opt-outs", "opt_downs": "Opt-downs", "pauses": "Pauses"}
_DOWN = {"undone": "Undos", "back": "Resubscriptions"}


class ChartRow(NamedTuple):
    """One step, in the table beside the chart."""

    step: str
    cells: Sequence[str]


class Chart(NamedTuple):
    """`shapes` of reports.charts; `scale` its ticks with their labels, `titles` what is shown when somebody points
    at its bars or dots; `axis` has a label or "" for each step."""

    shapes: Any
    scale: Sequence[tuple[charts.Tick, str]]
    titles: Sequence[str]
    axis: Sequence[str]
    heads: Sequence[str]
    rows: Sequence[ChartRow]

    @property
    def labelled(self) -> Iterable[tuple[Any, str]]:
        marks = self.shapes.bars if isinstance(self.shapes, charts.Stacks) else self.shapes.dots
        return zip(marks, self.titles, strict=True)


def wishes(counted: Counted) -> Chart:
    up, down = ([[getattr(one, name) for _, one in counted.steps] for name in names] for names in (_UP, _DOWN))
    heads = [*_UP.values(), *_DOWN.values()]
    rows = [
        ChartRow(str(step), [numbers.number(column[place]) for column in (*up, *down)])
        for place, (step, _) in enumerate(counted.steps)
    ]
    shapes = charts.stacks(up, down)
    titles = [f"{rows[bar.step].step}: {heads[bar.series]} {rows[bar.step].cells[bar.series]}" for bar in shapes.bars]
    scale = [(tick, numbers.short(tick.value)) for tick in shapes.ticks]
    return Chart(shapes, scale, titles, _axis(counted), heads, rows)


def complaints(selection: Selection, counted: Counted) -> Chart | None:
    """Against Gmail's lines; None if no step had mails enough to say."""
    values = rates.complaints_over_time(selection, [(step, one.complaints) for step, one in counted.steps])
    if all(value is None for value in values):
        return None
    rows = [_complaints(step, one.complaints, value) for (step, one), value in zip(counted.steps, values, strict=True)]
    shapes = charts.lines(values, marks=(rates.GMAIL_AIM, rates.GMAIL_LIMIT))
    titles = [f"{rows[place].step}: {rows[place].cells[1]}" for place, _, _ in shapes.dots]
    scale = [(tick, numbers.short_percent(tick.value)) for tick in shapes.ticks]
    return Chart(shapes, scale, titles, _axis(counted), ["Complaints", _rate_head(selection)], rows)


def _complaints(step: Bucket, count: int, rate: float | None) -> ChartRow:
    return ChartRow(str(step), [numbers.number(count), numbers.percent(rate)])


def _rate_head(selection: Selection) -> str:
    return f"{rates.DAYS_TOGETHER}-day rate" if selection.period.step == "day" else "Rate"


def _axis(counted: Counted) -> list[str]:
    shown = charts.labelled(len(counted.steps))
    return [
        (str(step) if step.is_month else f"{step.first:%-d %b}") if place in shown else ""
        for place, (step, _) in enumerate(counted.steps)
    ]
