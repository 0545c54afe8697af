"""Deletes what imports no longer need: unconfirmed uploads, old reports, and what a crash left behind."""

from datetime import datetime, timedelta

from django.conf import settings

from prefcenter.models import ImportRun, ImportState
from unsubscribe import actions

from . import files, lifecycle, taking_back
from .reading import ROWS

_GIVEN_UP = "The import was not confirmed within {days} days, so the file was deleted. Nothing was imported."


def tidy(*, now: datetime) -> None:
    """Called every minute. How long each is kept: IMPORT_FILE_DAYS, IMPORT_REPORT_DAYS, taking_back.DAYS."""
    unconfirmed = now - timedelta(days=settings.IMPORT_FILE_DAYS)
    for run in ImportRun.objects.filter(state=ImportState.READY, checked_at__lt=unconfirmed).defer("problems"):
        rows = ImportRun.objects.filter(id=run.pk, state=ImportState.READY, checked_at=run.checked_at)
        error = _GIVEN_UP.format(days=settings.IMPORT_FILE_DAYS)
        lifecycle.close(rows, ImportState.STOPPED, stored_as=run.stored_as, now=now, error=error)
    old = ImportRun.objects.filter(finished_at__lt=now - timedelta(days=settings.IMPORT_REPORT_DAYS))
    old.exclude(problems=[], file_name="").update(problems=[], file_name="")
    uploads = ImportRun.objects.filter(state__in=lifecycle.OPEN).values_list("stored_as", flat=True)
    reported = ImportRun.objects.exclude(problems=[]).values_list("id", flat=True)
    reports = [files.lines_of(id_).name for id_ in reported]
    files.remove_all_but([*uploads, *reports], before=now - timedelta(days=1))
    if oldest := actions.oldest_repeat():
        actions.settle(taking_back.past(oldest, now=now), most=ROWS)
