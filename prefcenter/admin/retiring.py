"""Retiring a row and bringing it back: two acts on a list, each in the row's history. Nobody's choice is touched.

Acts, and no field of the form: a page that was opened before would bring the row back with its next save.
"""

from datetime import date
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from prefcenter.models import User

from .lookups import IsSetFilter
from .readonly import NeverDeletedAdmin


class Retired(IsSetFilter):
    title = parameter_name = "retired"
    field, no, yes = "retired_at", "In use", "Retired"


@admin.action(description="Retire", permissions=["change"])
def retire(model_admin: Any, request: HttpRequest, queryset: QuerySet[Any]) -> None:
    """Who was retired before keeps the date."""
    _set(request, queryset.filter(retired_at=None), timezone.now(), "Retired")


@admin.action(description="Bring back", permissions=["change"])
def bring_back(model_admin: Any, request: HttpRequest, queryset: QuerySet[Any]) -> None:
    _set(request, queryset.filter(retired_at__isnull=False), None, "Brought back")


class RetirableAdmin(NeverDeletedAdmin):
    """An admin that names its `fields`, for a model with `retired_at`. The page of one has a button for the acts."""

    actions = [retire, bring_back]

    @admin.display(description="Retired", ordering="retired_at")
    def retired_on(self, one: Any) -> date | None:
        return timezone.localdate(one.retired_at) if one.retired_at else None

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*super().get_fields(request, obj), *(["retired_at"] if obj else [])]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*super().get_readonly_fields(request, obj), "retired_at"]


@transaction.atomic
def _set(request: HttpRequest, rows: QuerySet[Any], retired_at: Any, done: str) -> None:
    changed = list(rows)
    rows.model.objects.filter(pk__any_of=[one.pk for one in changed]).update(retired_at=retired_at)
    if not changed:
        messages.info(request, "Nothing to change.")
        return
    LogEntry.objects.log_actions(cast(User, request.user).pk, changed, CHANGE, f"{done}.")
    messages.success(request, f"{done}: {changed[0] if len(changed) == 1 else f'{len(changed):,}'}.")
