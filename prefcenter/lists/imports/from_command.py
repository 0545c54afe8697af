"""An import by a command: the file is read where it lies. A dry run writes nothing at all, not even that it was."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hashlib import file_digest
from pathlib import Path
from typing import BinaryIO, NamedTuple

from prefcenter.models import ImportRun, ImportState

from . import lifecycle, report, worker
from .batches import ImportOrigin
from .columns import answers, validating
from .columns.answers import Answers, ColumnAnswer
from .columns.asking import Asking
from .columns.questions import ColumnQuestion
from .files import KeptFile, fingerprint
from .progress import Progress
from .reading import ImportOptions, ImportSource, open_source

OnProgress = Callable[[Progress, int, int], None]
"""Told the progress, the bytes read, and the bytes of the file."""
NOTHING_SAID: Mapping[str, ColumnAnswer] = {}


class Result(NamedTuple):
    """`questions` that are open, if there are any: then nothing was done, and `progress` knows only the rows.

    `columns`: how those were read of which somebody has said it, in words.
    """

    label: str
    encoding: str
    progress: Progress
    before: ImportRun | None  # the last time that this very file was imported
    run: ImportRun | None  # None for a dry run
    columns: Mapping[str, str]
    questions: Sequence[ColumnQuestion] = ()


def preview(
    path: Path,
    terms: ImportOptions,
    *,
    now: datetime,
    on_progress: OnProgress,
    said: Mapping[str, ColumnAnswer] = NOTHING_SAID,
) -> Result:
    """What an import would do. `said`: what columns mean, by `answers.key` of their headings.

    Raises a TableError, an OSError or Misfit.
    """
    with path.open("rb") as stream:
        kept, source, before = _opened(path, stream, terms, said, now=now)
        asking, progress = _asked(source, stream, kept, on_progress)
        if questions := _open(asking):
            return _result(source, progress, before, None, questions)
        source, progress = _again(path, stream, source, asking), Progress()
        for progress in worker.foresee(source):
            on_progress(progress, stream.tell(), kept.size)
    return _result(source, progress, before, None)


def apply(
    path: Path,
    terms: ImportOptions,
    *,
    actor: str,
    now: datetime,
    on_progress: OnProgress,
    said: Mapping[str, ColumnAnswer] = NOTHING_SAID,
) -> Result:
    """The import itself, in the list of all imports; what was said is kept for the next. With open questions it does
    nothing. Raises a TableError, an OSError or Misfit, and Lost when it was stopped.

    Interrupted, it says so in its row; whoever runs it again finds what was imported already there.
    """
    with path.open("rb") as stream:
        kept, source, before = _opened(path, stream, terms, said, now=now)
        asking, progress = _asked(source, stream, kept, on_progress)
        if questions := _open(asking):
            return _result(source, progress, before, None, questions)
        answers.keep(said, shown=source.columns.headings, actor=actor, now=now)
        source = _again(path, stream, source, asking)
        claim = lifecycle.claimed(now=now) | {"confirmed_at": now}
        run = lifecycle.make(kept, source, file_name=path.name, now=now, state=ImportState.RUNNING, **claim)
        by = ImportOrigin(actor, f"Import {run.pk}, {source.format.label}.", run.pk)
        progress = _carry_out(run, source, by, stream, on_progress)
    return _result(source, progress, before, run)


def _result(
    source: ImportSource,
    progress: Progress,
    before: ImportRun | None,
    run: ImportRun | None,
    questions: Sequence[ColumnQuestion] = (),
) -> Result:
    return Result(source.format.label, source.table.encoding, progress, before, run, source.columns.in_words, questions)


def _carry_out(
    run: ImportRun, source: ImportSource, by: ImportOrigin, stream: BinaryIO, on_progress: OnProgress
) -> Progress:
    progress = Progress()
    try:
        with report.written(run) as add_to_report:
            for progress in worker.carry_out(run, source, by, stream):
                add_to_report(progress.last_bad)
                on_progress(progress, stream.tell(), run.size)
    except KeyboardInterrupt:
        worker.end(run, ImportState.STOPPED, worker.INTERRUPTED.format(line=progress.last_line))
        raise
    worker.end(run, ImportState.DONE)
    return progress


def _opened(
    path: Path, stream: BinaryIO, terms: ImportOptions, said: Mapping[str, ColumnAnswer], *, now: datetime
) -> tuple[KeptFile, ImportSource, ImportRun | None]:
    with path.open("rb") as whole:
        sha256 = fingerprint(file_digest(whole, "sha256").digest())
    before = lifecycle.imported_before(sha256, terms.kind).order_by("-id").first()
    known = Answers(answers.kept(), said)
    source = open_source(stream, terms, file_name=lifecycle.shown(path.name), now=now, said=known)
    validating.columns_of(source.table, source.columns, said)
    return KeptFile("", sha256, path.stat().st_size), source, before


def _asked(source: ImportSource, stream: BinaryIO, kept: KeptFile, on_progress: OnProgress) -> tuple[Asking, Progress]:
    """What has to be asked, and how many rows were read for it.

    It is found before anything is done: a column may begin to tell far down in the file.
    """
    asking, progress = source.asking(), Progress()
    for rows in source.shown_to(asking) if asking.has_columns else ():
        progress.position += rows
        on_progress(progress, stream.tell(), kept.size)
    validating.values_of(asking, source.columns.answers)
    return asking, progress


def _open(asking: Asking) -> list[ColumnQuestion]:
    return [one for one in asking.questions if one.is_open]


def _again(path: Path, stream: BinaryIO, source: ImportSource, asking: Asking) -> ImportSource:
    """The same file from its beginning, if it was read for questions."""
    if not asking.has_columns:
        return source
    stream.seek(0)
    said = source.columns.answers.with_orders(asking.orders)
    name, noticed = lifecycle.shown(path.name), asking.noticed
    return open_source(stream, source.terms, file_name=name, now=source.now, said=said, noticed=noticed)
