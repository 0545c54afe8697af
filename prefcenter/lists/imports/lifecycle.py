"""What staff do with an import: hand in a file, answer questions, confirm it, stop it. Workers do the rest (worker.py).

Each step is one conditional update of the run, so that it happens once, and only to what was looked at (law 3).
"""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from celery import signature
from django.db import transaction
from django.db.models import QuerySet

from prefcenter.models import ImportKind, ImportRun, ImportState, staff_actor
from unsubscribe.addresses import redact
from unsubscribe.choices import Channel, SuppressionReason
from unsubscribe.errors import UnsubscribeError
from unsubscribe.tasks import publish

from . import files, formats
from .columns import answers
from .columns.answers import ColumnAnswer
from .columns.questions import ColumnQuestion
from .files import KeptFile
from .reading import ImportOptions, ImportSource, open_source

#: The states of an import that is not over.
OPEN = (ImportState.CHECKING, ImportState.READY, ImportState.RUNNING)
#: By name, because the task itself calls what is here.
WORK = signature("prefcenter.tasks.work_on_imports")
#: The fields of a run that no worker holds.
UNCLAIMED: dict[str, Any] = {"claimed_by": None, "claimed_at": None}
_FRESH: dict[str, Any] = {
    "counts": {},
    "problems": [],
    "position": 0,
    "last_line": 0,
    "bytes_read": 0,
    "attempts": 0,
    **UNCLAIMED,
}
#: The fields, beside _FRESH, of a run that is to be checked.
_UNCHECKED: dict[str, Any] = {"checked_at": None, "columns": None, "answers": None}


class NotNow(UnsubscribeError):
    """The import's status doesn't allow what was asked."""

    message = "This import has changed in the meantime, so that is no longer possible. Nothing changed."


class Unanswered(UnsubscribeError):
    """A column that could tell yes from no isn't answered for (law 13)."""

    message = "Some questions about this file's columns have no answer yet. Nothing was imported."


def hand_in(
    chunks: Iterable[bytes], options: ImportOptions, *, file_name: str, user_id: int | None, now: datetime
) -> ImportRun:
    """Keeps an upload and has it checked.

    chunks:    the file, as bytes
    file_name: as it was uploaded; stored without addresses
    user_id:   of the staff

    Raises a TableError, and keeps nothing, if it is no table of addresses on the channel.
    """
    kept = files.keep(chunks)
    try:
        with files.read(kept.name) as stream:
            source = open_source(stream, options, file_name=shown(file_name), now=now)
        run = make(kept, source, file_name=file_name, user_id=user_id, now=now)
    except BaseException:
        files.remove(kept.name)
        raise
    nudge()
    return run


def make(
    kept: KeptFile,
    source: ImportSource,
    *,
    file_name: str,
    now: datetime,
    user_id: int | None = None,
    state: ImportState = ImportState.CHECKING,
    **more: Any,
) -> ImportRun:
    """Stores a run. `more`: further fields of it."""
    options = source.options
    return ImportRun.objects.create(
        kind=options.kind,
        state=state,
        file_name=shown(file_name),
        stored_as=kept.name,
        sha256=kept.sha256,
        size=kept.size,
        recognised=source.format.key,
        encoding=source.table.encoding,
        channel=options.channel,
        reason=options.reason or "",
        category_id=options.category_id,
        created_by_id=user_id,
        created_at=now,
        answers=source.columns.in_effect,
        **more,
    )


def claimed(*, now: datetime) -> dict[str, Any]:
    """The fields of a run that this process holds, under a name of its own: `claimed_at` moves on with every batch."""
    return {"claimed_by": uuid.uuid4(), "claimed_at": now}


def shown(file_name: str) -> str:
    """A file's name without addresses, as it is stored and shown."""
    return redact(file_name)[:100]


def options_of(run: ImportRun) -> ImportOptions:
    """What was chosen for the file."""
    reason = SuppressionReason(run.reason) if run.reason else None
    return ImportOptions(ImportKind(run.kind), Channel(run.channel), reason, run.category_id)


def label(run: ImportRun) -> str:
    """The recognised format, for people."""
    return formats.LABELS.get(run.recognised, run.recognised)


def check_again(run: ImportRun, options: ImportOptions) -> None:
    """Has a checked file checked again with other options. Raises NotNow."""
    named = {"kind": options.kind, "channel": options.channel, "reason": options.reason or ""}
    _move(run, ImportState.CHECKING, category_id=options.category_id, **named, **_UNCHECKED)


def questions(run: ImportRun) -> list[ColumnQuestion]:
    """The questions that the check found about columns, the open ones and those that were answered before."""
    return [ColumnQuestion.of_json(one) for one in run.columns or ()]


def answer(run: ImportRun, said: Mapping[str, ColumnAnswer], *, user_id: int, now: datetime) -> None:
    """Keeps what the columns mean, by `ColumnQuestion.name`, and has the file checked again. Raises NotNow."""
    headings = {one.name: one.heading for one in questions(run)}
    with transaction.atomic():
        _move(run, ImportState.CHECKING, **_UNCHECKED)
        answers.keep(said, shown=headings, actor=staff_actor(user_id), now=now)


def confirm(run: ImportRun, *, user_id: int, now: datetime) -> None:
    """Has the import run that was checked. Raises Unanswered with open questions, and NotNow where the run was checked
    again or confirmed since `run` was read."""
    if any(one.is_open for one in questions(run)):
        raise Unanswered
    _move(run, ImportState.RUNNING, foreseen=run.counts, confirmed_by_id=user_id, confirmed_at=now)


def stop(run: ImportRun, *, now: datetime) -> None:
    """Ends an import after the batch under way; what was imported by then stays. Raises NotNow if it is over."""
    still_open = ImportRun.objects.filter(id=run.pk, state__in=OPEN)
    if not close(still_open, ImportState.STOPPED, stored_as=run.stored_as, now=now):
        raise NotNow


def close(rows: QuerySet[ImportRun], state: ImportState, *, stored_as: str, now: datetime, error: str = "") -> bool:
    """Ends the one run that is in `rows`, and deletes its upload. False if it is not in `rows` any more.

    error: why, as a sentence for staff
    """
    over = {"state": state, "finished_at": now, "stored_as": "", **UNCLAIMED}
    over["columns"] = None  # the values are people's
    if not rows.update(**over, error=error):
        return False
    files.remove(stored_as)
    return True


def earlier(run: ImportRun) -> ImportRun | None:
    """The last other import of the same file that was done; None if there is none."""
    return imported_before(bytes(run.sha256), run.kind).exclude(id=run.pk).order_by("-id").first()


def imported_before(sha256: bytes, kind: str) -> QuerySet[ImportRun]:
    """The imports of a file that were done. `sha256`: its files.fingerprint; `kind`: an ImportKind."""
    return ImportRun.objects.filter(sha256=sha256, kind=kind, state=ImportState.DONE)


def _move(run: ImportRun, state: ImportState, **more: Any) -> None:
    looked_at = ImportRun.objects.filter(id=run.pk, state=ImportState.READY, checked_at=run.checked_at)
    if not looked_at.update(state=state, **_FRESH | more):
        raise NotNow
    nudge()


def nudge() -> None:
    """Tells a worker after the commit to take up what waits; the sweep finds it anyway (law 4)."""
    transaction.on_commit(lambda: publish(WORK), robust=True)
