"""What workers do with imports: claim one, then check it, import it or take it back, batch by batch.

What a batch writes and how far the run got are one transaction, so that after a crash another worker goes on with the
next batch, and nothing is done twice (laws 3 and 4).
"""

import uuid
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from django.db import reset_queries, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from prefcenter.lists.reader import TableError
from prefcenter.models import ImportRun, ImportState, staff_actor
from prefcenter.models.imports import WORKING
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.choices import Source
from unsubscribe.models import leases

from . import batches, files, lifecycle, report
from .columns import answers
from .columns.answers import Answers, ColumnAnswer
from .duplicates import nothing_seen
from .files import UploadMissing
from .progress import Progress
from .reading import ROWS, ImportSource, open_source

#: After so long without a batch a worker counts as dead. If it was only slow, its next batch raises Lost.
LEASE = timedelta(minutes=1)
#: After how many workers that didn't get on an import fails.
MOST_ATTEMPTS = 5
#: The actor where no account took an import back.
BY_COMMAND = "import_optouts"
_DIED = "The worker stopped several times after line {line}. {so_far}"
INTERRUPTED = "Interrupted after line {line}. What was imported up to then stays. You can run it again."
_SO_FAR = {
    ImportState.CHECKING: "Nothing was imported.",
    ImportState.RUNNING: "What was imported up to then stays.",
    ImportState.TAKING_BACK: "What was taken back up to then stays taken back. Start again to take back the rest.",
}


class Lost(Exception):
    """The run was stopped or taken over by another worker. Nothing of the batch under way was written."""


def work(*, now: datetime, must_stop: Callable[[], bool] = lambda: False) -> int:
    """Works on the imports that wait, one after the other, until none does. Returns how many it took up.

    must_stop: asked after each batch; then the run is let go of, and another worker goes on at once

    One at a time in all workers together: the others are for contacts who opt out.
    """
    taken_up = 0
    while not must_stop() and (run := _claim(now=now if not taken_up else timezone.now())):
        _work_on(run, must_stop)
        taken_up += 1
    return taken_up


def _claim(*, now: datetime) -> ImportRun | None:
    """Claims the import that waits longest; None if there is none, or if a worker has one."""
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
    """One step of a claimed run. What else is raised leaves the claim as it is: once it has run out, the step is tried
    again, MOST_ATTEMPTS times in all."""
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
    """Looks for questions and, if none is open, foresees what the import would do. Always from the first line, because
    what an earlier worker knew of the addresses before is gone."""
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
    """Stores what the import would do. False if it had to stop before the end."""
    with report.written(run) as add_to_report:
        for progress in foresee(source):
            add_to_report(progress.last_bad)
            _write(run, progress, bytes_read=stream.tell())
            if must_stop():
                return False
    return True


def _import(run: ImportRun, stream: BinaryIO, must_stop: Callable[[], bool]) -> None:
    actor = staff_actor(run.confirmed_by_id)
    as_checked = Answers({name: ColumnAnswer.of_json(found) for name, found in (run.answers or {}).items()})
    for _ in carry_out(run, _open(run, stream, as_checked), stream, actor=actor):
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
    """Takes back a claimed run; yields after each batch how many rows were lifted in all. Raises Lost."""
    actor = staff_actor(run.taken_back_by_id) if run.taken_back_by_id else BY_COMMAND
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
    name, options = run.file_name, lifecycle.options_of(run)
    return open_source(stream, options, file_name=name, now=timezone.now(), said=said, noticed=noticed)


def foresee(source: ImportSource) -> Iterator[Progress]:
    """Reads the whole file, and yields after each batch what an import would do so far. Nothing is written."""
    progress = Progress()
    with nothing_seen() as seen:
        for batch in source.batches():
            progress.add(batch, batches.foresee(batch.lines, source.options, seen, now=source.now))
            yield progress
            reset_queries()  # under DEBUG Django keeps every query


def carry_out(run: ImportRun, source: ImportSource, stream: BinaryIO, *, actor: str) -> Iterator[Progress]:
    """Imports a claimed run from where its row says; yields its progress after each batch. Raises Lost.

    stream: what `source` reads, for the bytes read
    actor:  who imports, as the ledger stores it: "staff 7", or the name of a command
    """
    note = f"Import {run.pk}, {lifecycle.label(run)}."
    progress = Progress.of(position=run.position, last_line=run.last_line, figures=run.counts, problems=run.problems)
    for batch in source.batches(skip=run.position):
        with transaction.atomic():
            _hold(run)
            origin = Origin(Source.IMPORT, timezone.now(), actor=actor, note=note, import_id=run.pk)
            progress.add(batch, batches.take(batch.lines, source.options, origin))
            _write(run, progress, bytes_read=stream.tell(), attempts=0)
        yield progress
        reset_queries()


def end(run: ImportRun, state: ImportState, error: str = "") -> None:
    """Ends a claimed run, unless it was taken over. `error`: why, for staff."""
    lifecycle.close(_mine(run), state, stored_as=run.stored_as, now=timezone.now(), error=error)


def let_go(run: ImportRun, **more: Any) -> None:
    """Gives up the claim on a run, unless it was taken over. `more`: fields that are stored with it."""
    _mine(run).update(**lifecycle.UNCLAIMED, attempts=0, **more)


def _mine(run: ImportRun) -> QuerySet[ImportRun]:
    return ImportRun.objects.filter(id=run.pk, state=run.state, claimed_by=run.claimed_by)


def _hold(run: ImportRun, **more: Any) -> None:
    """Renews the claim; until the end of the transaction nobody stops the run or takes it over. Raises Lost."""
    if not _mine(run).update(claimed_at=timezone.now(), **more):
        raise Lost


def _write(run: ImportRun, progress: Progress, *, bytes_read: int, **more: Any) -> None:
    fields = {"position": progress.position, "last_line": progress.last_line, "counts": progress.figures, **more}
    if len(progress.problems) != len(run.problems):
        fields["problems"] = run.problems = list(progress.problems)
    if not _mine(run).update(**fields, bytes_read=bytes_read, claimed_at=timezone.now()):
        raise Lost
