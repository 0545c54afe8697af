"""What workers do with imports: claim one, check or import it batch by batch. What is written and how far it got are
one transaction, so that whoever follows on a worker that died goes on with the next batch, and does nothing twice."""

import uuid
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from django.db import reset_queries, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from prefcenter.lists.reader import TableError
from prefcenter.models import ImportRun, ImportState
from prefcenter.models.imports import WORKING
from unsubscribe import actions
from unsubscribe.models import leases

from . import batches, files, lifecycle, report
from .batches import ImportOrigin
from .columns import answers
from .columns.answers import Answers, ColumnAnswer
from .duplicates import nothing_seen
from .files import UploadMissing
from .progress import Progress
from .reading import ROWS, ImportSource, open_source

#: After so long without a sign of life a worker counts as dead. If it was only slow, its next batch fails.
LEASE = timedelta(minutes=1)
MOST_ATTEMPTS = 5
#: Who took an import back, where no account did.
BY_COMMAND = "import_optouts"
_DIED = "The worker stopped several times after line {line}. {so_far}"
INTERRUPTED = "Interrupted after line {line}. What was imported up to then stays. You can run it again."
_SO_FAR = {
    ImportState.CHECKING: "Nothing was imported.",
    ImportState.RUNNING: "What was imported up to then stays.",
    ImportState.TAKING_BACK: "What was taken back up to then stays taken back. Start again to take back the rest.",
}


class Lost(Exception):
    """The run was stopped, or another worker has it: this one lets go of it."""


def work(*, now: datetime, must_stop: Callable[[], bool] = lambda: False) -> int:
    """Takes up what waits, one after the other, until nothing does. Returns how many it took up.

    One at a time, whatever the number of workers: the rest of them is for people who opt out. When it must stop it
    lets go after the batch under way, and whoever comes next goes on at once.
    """
    taken_up = 0
    while not must_stop() and (run := _claim(now=now if not taken_up else timezone.now())):
        _work_on(run, must_stop)
        taken_up += 1
    return taken_up


def _claim(*, now: datetime) -> ImportRun | None:
    """The one that waits longest; None if there is none, or if one is being worked on."""
    is_free = leases.is_free(now=now, lease=LEASE)
    rows = ImportRun.objects.filter(state__in=WORKING)
    if rows.exclude(is_free).exists():
        return None
    for id_ in rows.order_by("id").values_list("id", flat=True):
        mine = {"claimed_by": uuid.uuid4(), "attempts": F("attempts") + 1}
        if leases.take(rows.filter(id=id_), is_free, now=timezone.now(), **mine):
            return ImportRun.objects.get(id=id_)
    return None


def _work_on(run: ImportRun, must_stop: Callable[[], bool]) -> None:
    """A failure that is nobody's choice is left as it is: once the claim has run out it is tried again."""
    if run.attempts > MOST_ATTEMPTS:
        so_far = _SO_FAR[ImportState(run.state)]
        return end(run, ImportState.FAILED, _DIED.format(line=run.last_line, so_far=so_far))
    if run.state == ImportState.TAKING_BACK:
        return _take_back(run, must_stop)
    if not run.stored_as:  # a command's
        return end(run, ImportState.STOPPED, INTERRUPTED.format(line=run.last_line))
    try:
        with files.read(run.stored_as) as stream:
            step = _check if run.state == ImportState.CHECKING else _import
            return step(run, stream, must_stop)
    except (TableError, UploadMissing) as error:
        return end(run, ImportState.FAILED, str(error))
    except Lost:
        return None


def _check(run: ImportRun, stream: BinaryIO, must_stop: Callable[[], bool]) -> None:
    """From the first line: what an earlier worker has seen died with it. What has to be asked is asked first."""
    known = Answers(answers.kept())
    source = _open(run, stream, known)
    asking = source.asking()
    if asking.has_columns:
        for _ in source.shown_to(asking):
            _hold(run, bytes_read=stream.tell())
            if must_stop():
                return let_go(run)
        stream.seek(0)
        source = _open(run, stream, known.with_orders(asking.orders), noticed=asking.noticed)
    questions = asking.questions
    found = {"columns": [one.as_json for one in questions], "answers": source.columns.in_effect}
    if not any(one.is_open for one in questions) and not _foreseen(run, source, stream, must_stop):
        return let_go(run)
    return let_go(run, state=ImportState.READY, checked_at=timezone.now(), **found)


def _foreseen(run: ImportRun, source: ImportSource, stream: BinaryIO, must_stop: Callable[[], bool]) -> bool:
    """False if it was told to stop before the end."""
    with report.written(run) as add_to_report:
        for progress in foresee(source):
            add_to_report(progress.last_bad)
            _write(run, progress, bytes_read=stream.tell())
            if must_stop():
                return False
    return True


def _import(run: ImportRun, stream: BinaryIO, must_stop: Callable[[], bool]) -> None:
    by = ImportOrigin(f"staff {run.confirmed_by_id}", f"Import {run.pk}, {lifecycle.label(run)}.", run.pk)
    as_checked = Answers({name: ColumnAnswer.of_json(found) for name, found in (run.answers or {}).items()})
    for _ in carry_out(run, _open(run, stream, as_checked), by, stream):
        if must_stop():
            return let_go(run)
    return end(run, ImportState.DONE)


def _take_back(run: ImportRun, must_stop: Callable[[], bool]) -> None:
    try:
        for _ in take_back(run):
            if must_stop():
                return let_go(run)
    except Lost:
        return None
    return let_go(run, state=ImportState.TAKEN_BACK)


def take_back(run: ImportRun) -> Iterator[int]:
    """Says after each batch how many it has lifted in all. Raises Lost when the run is no longer ours."""
    actor = f"staff {run.taken_back_by_id}" if run.taken_back_by_id else BY_COMMAND
    note = f"Import {run.pk} was taken back."
    is_left = True
    while is_left:
        with transaction.atomic():
            _hold(run)
            looked_at, lifted = actions.take_back(run.pk, most=ROWS, now=timezone.now(), actor=actor, note=note)
            run.taken_back += lifted
            _mine(run).update(taken_back=run.taken_back, attempts=0)
        is_left = looked_at > 0
        yield run.taken_back
        reset_queries()


def _open(run: ImportRun, stream: BinaryIO, said: Answers, *, noticed: Collection[str] = ()) -> ImportSource:
    name, terms = run.file_name, lifecycle.terms_of(run)
    return open_source(stream, terms, file_name=name, now=timezone.now(), said=said, noticed=noticed)


def foresee(source: ImportSource) -> Iterator[Progress]:
    """Reads the whole file and says after each batch what an import would do. It writes nothing."""
    progress = Progress()
    with nothing_seen() as seen:
        for batch in source.batches():
            progress.add(batch, batches.foresee(batch.lines, source.terms, seen, now=source.now))
            yield progress
            reset_queries()  # under DEBUG Django keeps every query


def carry_out(run: ImportRun, source: ImportSource, by: ImportOrigin, stream: BinaryIO) -> Iterator[Progress]:
    """Goes on where the row says. Raises Lost, and writes nothing of that batch, when the run is no longer ours."""
    progress = Progress.of(position=run.position, last_line=run.last_line, figures=run.counts, problems=run.problems)
    for batch in source.batches(skip=run.position):
        with transaction.atomic():
            _hold(run)
            progress.add(batch, batches.take(batch.lines, source.terms, by, now=timezone.now()))
            _write(run, progress, bytes_read=stream.tell(), attempts=0)
        yield progress
        reset_queries()


def end(run: ImportRun, state: ImportState, error: str = "") -> None:
    """Unless it is no longer ours."""
    lifecycle.close(_mine(run), state, stored_as=run.stored_as, now=timezone.now(), error=error)


def let_go(run: ImportRun, **more: Any) -> None:
    """For whoever comes next, unless it is no longer ours."""
    _mine(run).update(**lifecycle.UNCLAIMED, attempts=0, **more)


def _mine(run: ImportRun) -> QuerySet[ImportRun]:
    return ImportRun.objects.filter(id=run.pk, state=run.state, claimed_by=run.claimed_by)


def _hold(run: ImportRun, **more: Any) -> None:
    """Until the end of the transaction nobody else stops it or takes it over."""
    if not _mine(run).update(claimed_at=timezone.now(), **more):
        raise Lost


def _write(run: ImportRun, progress: Progress, *, bytes_read: int, **more: Any) -> None:
    fields = {"position": progress.position, "last_line": progress.last_line, "counts": progress.figures, **more}
    if len(progress.problems) != len(run.problems):
        fields["problems"] = run.problems = list(progress.problems)
    if not _mine(run).update(**fields, bytes_read=bytes_read, claimed_at=timezone.now()):
        raise Lost
