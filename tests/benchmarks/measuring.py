"""Measures one piece of work beside its floor: by turns, the best of each, so that a busy moment counts for neither."""

from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

_STATUS, _FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class Figure(NamedTuple):
    """`seconds` for so many `rows`, and what the floor took. `most`: how many times the floor it may take at most.

    `megabytes` is by how much memory grew at its peak, None where the system does not say. `also` compares with
    something else: what it is, its seconds, and how many times faster than that we have to be.
    """

    name: str
    floor_name: str
    rows: int
    seconds: float
    floor_seconds: float
    most: float | None = None
    megabytes: float | None = None
    most_megabytes: float | None = None
    also: tuple[str, float, float] | None = None

    @property
    def times(self) -> float:
        return self.seconds / self.floor_seconds

    @property
    def is_held(self) -> bool:
        """Whether every bar is. What has none is only reported."""
        memory = (self.megabytes or 0) <= (self.most_megabytes or float("inf"))
        faster = not self.also or self.also[1] / self.seconds >= self.also[2]
        return memory and faster and (self.most is None or self.times <= self.most)


class Measured(NamedTuple):
    seconds: float
    floor_seconds: float
    megabytes: float | None


def by_turns(work: Callable[[], object], floor: Callable[[], object], *, rounds: int) -> Measured:
    seconds, floors, grown = [], [], []
    for _ in range(rounds):
        floors.append(timed(floor))
        before = _restart_peak()
        seconds.append(timed(work))
        grown.append(_peak() - before if before else None)
    known = [one for one in grown if one is not None]
    return Measured(min(seconds), min(floors), max(known) if known else None)


def timed(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def _restart_peak() -> float:
    """The memory in use, in MB, from which its peak is measured again; 0 where the system cannot say."""
    try:
        _FORGET.write_text("5")
    except OSError:
        return 0
    return _megabytes("VmRSS")


def _peak() -> float:
    return _megabytes("VmHWM")


def _megabytes(name: str) -> float:
    lines = _STATUS.read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))
