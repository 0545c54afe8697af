"""Shows the figures: as a table for people, as JSON for whoever compares two runs."""

import json
from collections.abc import Sequence
from typing import Any

from .measuring import Figure

#: Room for a figure that holds its bar, one that does not, and one that has none.
HELD, MISSED, ONLY_SHOWN = "holds", "MISSED", "-"


def as_table(figures: Sequence[Figure]) -> str:
    head = ["", "rows", "µs a row", "floor", "times", "at most", "memory", ""]
    rows = [_cells(one) for one in figures]
    widths = [max(len(row[place]) for row in [head, *rows]) for place in range(len(head))]
    lines = ["  ".join(_justified(row, widths)).rstrip() for row in [head, *rows]]
    notes = [f"  {one.name}: the floor is {one.floor_name}.{_also(one)}" for one in figures]
    return "\n".join([*lines, "", *notes])


def as_json(figures: Sequence[Figure], *, about: dict[str, Any]) -> str:
    shown = [one._asdict() | {"times": round(one.times, 3), "is_held": one.is_held} for one in figures]
    return json.dumps(about | {"figures": shown}, indent=2)


def _cells(one: Figure) -> list[str]:
    has_bar = one.most is not None or one.also is not None
    return [
        one.name,
        f"{one.rows:,}",
        f"{one.seconds / one.rows * 1e6:.2f}",
        f"{one.floor_seconds / one.rows * 1e6:.2f}",
        f"{one.times:.2f}",
        f"{one.most:g}" if one.most else "",
        "" if one.megabytes is None or one.most_megabytes is None else f"+{max(0, one.megabytes):.0f} MB",
        (HELD if one.is_held else MISSED) if has_bar else ONLY_SHOWN,
    ]


def _justified(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *rest = (
        text.ljust(width) if place == 0 else text.rjust(width)
        for place, (text, width) in enumerate(zip(row, widths, strict=True))
    )
    return [first, *rest]


def _also(one: Figure) -> str:
    if not one.also:
        return ""
    name, seconds, wanted = one.also
    return f" It is {seconds / one.seconds:.1f} times as fast as {name} (at least {wanted:g})."
