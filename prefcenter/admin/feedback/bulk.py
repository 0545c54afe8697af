"""What can be done to many answers at once: a few statements whatever their number, and one line in the admin's log."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from prefcenter.lists import spreadsheets
from prefcenter.models import Feedback, FeedbackTag

Rows = QuerySet[Feedback]
_Tagging = Feedback.tags.through


class WithTag(ActionForm):
    """The row of actions with the tag that two of them need."""

    tag = forms.ModelChoiceField(FeedbackTag.objects.all(), required=False)


@admin.action(description="Mark as reviewed", permissions=["change"])
def mark_reviewed(model_admin: Any, request: HttpRequest, queryset: Rows) -> None:
    """Who reviewed an answer first stays named."""
    changes = {"reviewed_at": timezone.now(), "reviewed_by": request.user}
    _update(request, queryset.filter(reviewed_at=None), changes, "Marked as reviewed")


@admin.action(description="Mark as not reviewed", permissions=["change"])
def mark_not_reviewed(model_admin: Any, request: HttpRequest, queryset: Rows) -> None:
    changes = {"reviewed_at": None, "reviewed_by": None}
    _update(request, queryset.filter(reviewed_at__isnull=False), changes, "Marked as not reviewed")


@admin.action(description="Assign to me", permissions=["change"])
def assign_to_me(model_admin: Any, request: HttpRequest, queryset: Rows) -> None:
    _update(request, queryset, {"assigned_to": request.user}, "Assigned to me")


@admin.action(description="Add the tag", permissions=["change"])
def add_tag(model_admin: Any, request: HttpRequest, queryset: Rows) -> None:
    if tag := _tag(request):
        with transaction.atomic():
            count = sum(_tag_some(ids, tag) for ids in _ids(queryset))
            _say(request, count, f"Tagged as {tag}")


@admin.action(description="Remove the tag", permissions=["change"])
def remove_tag(model_admin: Any, request: HttpRequest, queryset: Rows) -> None:
    if tag := _tag(request):
        with transaction.atomic():
            borne = _Tagging.objects.filter(feedbacktag=tag, feedback__in=queryset.order_by().values("pk"))
            _say(request, borne.delete()[0], f"No longer tagged as {tag}")


ACTIONS: list[Any] = [mark_reviewed, mark_not_reviewed, assign_to_me, add_tag, remove_tag]


@transaction.atomic
def _update(request: HttpRequest, rows: Rows, changes: dict[str, Any], done: str) -> None:
    # As a set of ids: the list's own order and joins are of no use here.
    chosen = Feedback.objects.filter(pk__in=rows.order_by().values("pk"))
    _say(request, chosen.update(**changes), done)


def _tag_some(ids: list[int], tag: FeedbackTag) -> int:
    _Tagging.objects.bulk_create(
        [_Tagging(feedback_id=id_, feedbacktag_id=tag.pk) for id_ in ids], ignore_conflicts=True
    )
    return len(ids)


def _ids(rows: Rows) -> Iterator[list[int]]:
    ids = list(rows.order_by().values_list("pk", flat=True))
    return (ids[start : start + spreadsheets.BATCH] for start in range(0, len(ids), spreadsheets.BATCH))


def _tag(request: HttpRequest) -> FeedbackTag | None:
    """The chosen one; None, and a word about it, if there is none. What is no tag has not come past the form."""
    tag: FeedbackTag | None = WithTag.base_fields["tag"].clean(request.POST.get("tag"))
    if tag is None:
        messages.warning(request, "Choose a tag first. You can add tags under Feedback tags.")
    return tag


def _say(request: HttpRequest, count: int, done: str) -> None:
    messages.success(request, f"{done}: {count:,}.")
    if count:
        spreadsheets.log_many(request.user.pk, Feedback, count=count, message=f"{done}.")
