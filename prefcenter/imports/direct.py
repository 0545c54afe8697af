"""An import by a command: the file is read where it lies. A dry run writes nothing at all, not even that it was."""

import uuid
from collections.abc import Callable
from datetime import datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from prefcenter.models import ImportRun, ImportState

from . import report, runs, working
from .effects import By
from .files import Kept, fingerprint
from .reading import Source, Terms, open_source
from .tally import Tally

OnProgress = Callable[[Tally, int, int], None]
"""Told the tally, the bytes read, and the bytes of the file."""


class Result(NamedTuple):
    label: str
    encoding: str
    tally: Tally
    before: ImportRun | None  # the last time that this very file was imported
    run: ImportRun | None  # None for a dry run


def preview(path: Path, terms: Terms, *, now: datetime, on_progress: OnProgress) -> Result:
    """What an import would do. Raises a TableError or an OSError."""
    with path.open("rb") as stream:
        kept, source, before = _opened(path, stream, terms, now=now)
        tally = Tally()
        for tally in working.foresee(source):
            on_progress(tally, stream.tell(), kept.size)
    return Result(source.format.label, source.table.encoding, tally, before, None)


def apply(path: Path, terms: Terms, *, actor: str, now: datetime, on_progress: OnProgress) -> Result:
    """The import itself, in the list of all imports. Raises a TableError or an OSError, and Lost when it was stopped.

    Interrupted, it says so in its row; whoever runs it again finds what was imported already there.
    """
    with path.open("rb") as stream:
        kept, source, before = _opened(path, stream, terms, now=now)
        claim: dict[str, Any] = {"claimed_by": uuid.uuid4(), "claimed_at": now, "confirmed_at": now}
        run = runs.make(kept, source, file_name=path.name, now=now, state=ImportState.RUNNING, **claim)
        by = By(actor, f"Import {run.pk}, {source.format.label}.", run.pk)
        tally = Tally()
        try:
            with report.written(run) as add_to_report:
                for tally in working.carry_out(run, source, by, stream):
                    add_to_report(tally.last_bad)
                    on_progress(tally, stream.tell(), kept.size)
        except KeyboardInterrupt:
            working.end(run, ImportState.STOPPED, working.INTERRUPTED.format(line=tally.last_line))
            raise
        working.end(run, ImportState.DONE)
    return Result(source.format.label, source.table.encoding, tally, before, run)


def _opened(path: Path, stream: BinaryIO, terms: Terms, *, now: datetime) -> tuple[Kept, Source, ImportRun | None]:
    with path.open("rb") as whole:
        sha256 = fingerprint(file_digest(whole, "sha256").digest())
    before = runs.imported_before(sha256, terms.kind).order_by("-id").first()
    source = open_source(stream, terms, file_name=runs.shown(path.name), now=now)
    return Kept("", sha256, path.stat().st_size), source, before
