"""An import by a command, which reads the file where it lies. A dry run stores nothing, not even an ImportRun."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hashlib import file_digest
from pathlib import Path
from typing import BinaryIO, NamedTuple

from prefcenter.models import ImportRun, ImportState

from . import lifecycle, report, worker
from .columns import answers, validating
from .columns.answers import Answers, ColumnAnswer
from .columns.asking import Asking
from .columns.questions import ColumnQuestion
from .files import KeptFile, fingerprint
from .progress import Progress
from .reading import ImportOptions, ImportSource, open_source

#: Called after each batch with the progress, the bytes read, and the bytes of the file.
OnProgress = Callable[[Progress, int, int], None]
NOTHING_SAID: Mapping[str, ColumnAnswer] = {}


class Result(NamedTuple):
    """What became of an import or a dry run."""

    #: Of the format, for people.
    label: str
    #: As Python names it, "xlsx" of a spreadsheet.
    encoding: str
    #: With open questions only `position` counts.
    progress: Progress
    #: The last import of the same file; None if there is none.
    before: ImportRun | None
    #: None for a dry run, and with open questions.
    run: ImportRun | None
    #: By heading, how columns were read of which it was said, in words.
    columns: Mapping[str, str]
    #: The open ones. If there are any, nothing was imported or foreseen.
    questions: Sequence[ColumnQuestion] = ()


def import_file(
    path: Path,
    options: ImportOptions,
    *,
    actor: str | None,
    now: datetime,
    on_progress: OnProgress,
    said: Mapping[str, ColumnAnswer] = NOTHING_SAID,
) -> Result:
    """Imports the file, as a run in the list of imports, and keeps what was said for later files; without an `actor` it
    only looks what an import would do. With open questions it does nothing.

    actor: the command's name, as the ledger stores it; None for a dry run
    now:   aware
    said:  what columns mean, by `answers.key` of their headings; it goes before what was kept

    Raises a TableError, an OSError, Misfit where `said` does not fit the file, and Lost where it was stopped in the
    admin. A KeyboardInterrupt is noted in the run; run again, the file finds what was imported already there.
    """
    with path.open("rb") as stream:
        kept, source, before = _opened(path, stream, options, said, now=now)
        asking, progress = _asked(source, stream, kept, on_progress)
        run, questions = None, [one for one in asking.questions if one.is_open]
        if not questions:
            source, progress = _again(path, stream, source, asking), Progress()
            if actor is None:
                for progress in worker.foresee(source):
                    on_progress(progress, stream.tell(), kept.size)
            else:
                answers.keep(said, shown=source.columns.headings, actor=actor, now=now)
                claim = lifecycle.claimed(now=now) | {"confirmed_at": now}
                run = lifecycle.make(kept, source, file_name=path.name, now=now, state=ImportState.RUNNING, **claim)
                progress = _carry_out(run, source, stream, on_progress, actor=actor)
    label, encoding, columns = source.format.label, source.table.encoding, source.columns.in_words
    return Result(label, encoding, progress, before, run, columns, questions)


def _carry_out(
    run: ImportRun, source: ImportSource, stream: BinaryIO, on_progress: OnProgress, *, actor: str
) -> Progress:
    progress = Progress()
    try:
        with report.written(run) as add_to_report:
            for progress in worker.carry_out(run, source, stream, actor=actor):
                add_to_report(progress.last_bad)
                on_progress(progress, stream.tell(), run.size)
    except KeyboardInterrupt:
        worker.end(run, ImportState.STOPPED, worker.INTERRUPTED.format(line=progress.last_line))
        raise
    worker.end(run, ImportState.DONE)
    return progress


def _opened(
    path: Path, stream: BinaryIO, options: ImportOptions, said: Mapping[str, ColumnAnswer], *, now: datetime
) -> tuple[KeptFile, ImportSource, ImportRun | None]:
    with path.open("rb") as whole:
        sha256 = fingerprint(file_digest(whole, "sha256").digest())
    before = lifecycle.imported_before(sha256, options.kind).order_by("-id").first()
    known = Answers(answers.kept(), said)
    source = open_source(stream, options, file_name=lifecycle.shown(path.name), now=now, said=known)
    validating.columns_of(source.table, source.columns, said)
    return KeptFile("", sha256, path.stat().st_size), source, before


def _asked(source: ImportSource, stream: BinaryIO, kept: KeptFile, on_progress: OnProgress) -> tuple[Asking, Progress]:
    """What has to be asked, and how many rows were read for it: all of them, because a column may begin to tell far
    down in the file. Raises Misfit."""
    asking, progress = source.asking(), Progress()
    for rows in source.shown_to(asking) if asking.has_columns else ():
        progress.position += rows
        on_progress(progress, stream.tell(), kept.size)
    validating.values_of(asking, source.columns.answers)
    return asking, progress


def _again(path: Path, stream: BinaryIO, source: ImportSource, asking: Asking) -> ImportSource:
    """The file opened from its beginning again, with what was found in it, if it was read for questions."""
    if not asking.has_columns:
        return source
    stream.seek(0)
    said = source.columns.answers.with_orders(asking.orders)
    name, noticed = lifecycle.shown(path.name), asking.noticed
    return open_source(stream, source.options, file_name=name, now=source.now, said=said, noticed=noticed)
