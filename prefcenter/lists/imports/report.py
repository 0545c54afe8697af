"""The report of an import: which lines were not taken, and why; without addresses.

The run's row holds the first PROBLEMS_KEPT of them. Where there are more, all of them are in a gzipped CSV beside the
uploads (files.lines_of).
"""

import csv
import gzip
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from typing import Any

from prefcenter.models import ImportRun

from . import files
from .progress import PROBLEMS_KEPT, not_taken
from .reading import Bad

HEADER = ["line", "problem"]


def lines(run: ImportRun) -> Iterator[list[str]]:
    """The rows below HEADER, as far as the run got; at the end one that says how many are missing, if any are."""
    listed = 0
    for line, problem in takewhile(lambda row: int(row[0]) <= run.last_line, _all(run)):
        listed += 1
        yield [str(line), problem]
    if left_out := not_taken(run.counts) - listed:
        yield ["", f"{left_out:,} more lines were skipped; this report lists the first {listed:,}."]


def is_whole(run: ImportRun) -> bool:
    """Whether all lines are listed."""
    return not_taken(run.counts) <= len(run.problems) or files.lines_of(run.pk).exists()


@contextmanager
def written(run: ImportRun) -> Iterator[Callable[[Sequence[Bad]], None]]:
    """Writes the file of a run that is read from its beginning. Yields what is to be called for each batch with the
    rows that were not taken. An error on the way leaves no file."""
    count, path = 0, files.lines_of(run.pk)
    path.unlink(missing_ok=True)
    with files.scratch() as unfinished:
        with gzip.open(unfinished, "wt", newline="") as file:
            rows = csv.writer(file)

            def add(bad: Sequence[Bad]) -> None:
                nonlocal count
                count += len(bad)
                rows.writerows((one.line, one.problem) for one in bad)

            yield add
        if count > PROBLEMS_KEPT:
            unfinished.replace(path)


def _all(run: ImportRun) -> Iterable[Any]:
    if not_taken(run.counts) <= len(run.problems) or not is_whole(run):
        yield from run.problems
        return
    with gzip.open(files.lines_of(run.pk), "rt", newline="") as file:
        yield from csv.reader(file)
