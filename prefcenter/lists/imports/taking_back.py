"""Takes an import back as a whole, within DAYS of its end, by a worker or a command. What is lifted is decided by
actions.taking_back."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import QuerySet

from prefcenter.models import ImportKind, ImportRun, ImportState
from unsubscribe import actions
from unsubscribe.actions import ImportStanding

from . import lifecycle, worker
from .lifecycle import NotNow

DAYS = 30
_OVER = (ImportState.DONE, ImportState.STOPPED, ImportState.FAILED)


def can_be_taken_back(run: ImportRun, *, now: datetime) -> bool:
    """Whether it is an import of opt-outs that was confirmed and ended within DAYS."""
    return _possible(now).filter(id=run.pk).exists()


def foresee(run: ImportRun) -> ImportStanding:
    """What it would lift, and what stays. Nothing is written."""
    return actions.standing(run.pk)


def take_back(run: ImportRun, *, user_id: int, now: datetime) -> None:
    """Has a worker take it back. Raises NotNow where that is being done already, or is no longer possible."""
    _move(run, now=now, taken_back_by=user_id)
    lifecycle.nudge()


def take_back_here(run: ImportRun, *, now: datetime, on_progress: Callable[[int], None]) -> int:
    """Takes it back in this process. Returns how many rows were lifted.

    on_progress: called after each batch with how many were lifted so far

    Raises NotNow as `take_back`, and Lost where a worker has taken it over. After a KeyboardInterrupt, which is raised,
    a worker goes on with it.
    """
    _move(run, now=now, **lifecycle.claimed(now=now))
    run.refresh_from_db()
    try:
        for lifted in worker.take_back(run):
            on_progress(lifted)
    except KeyboardInterrupt:
        worker.let_go(run)
        raise
    worker.let_go(run, state=ImportState.TAKEN_BACK)
    return run.taken_back


def _move(run: ImportRun, *, now: datetime, **more: object) -> None:
    fresh = {**lifecycle.UNCLAIMED, "attempts": 0, "error": "", "taken_back": 0, "taken_back_by": None}
    moved = _possible(now).filter(id=run.pk)
    if not moved.update(state=ImportState.TAKING_BACK, taken_back_at=now, **fresh | more):
        raise NotNow


def past(since: int, *, now: datetime) -> list[int]:
    """The ids, from `since` on, of imports that ended too long ago to be taken back."""
    over = ImportRun.objects.filter(id__gte=since, state__in=_OVER, finished_at__lt=now - timedelta(days=DAYS))
    return list(over.values_list("id", flat=True))


def _possible(now: datetime) -> QuerySet[ImportRun]:
    """The imports that can be taken back; also those whose taking back failed."""
    since = now - timedelta(days=DAYS)
    rows = ImportRun.objects.filter(kind=ImportKind.OPT_OUTS, state__in=_OVER, confirmed_at__isnull=False)
    return rows.filter(finished_at__gte=since)
