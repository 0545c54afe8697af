"""What of the feedback leaves the site, and how. The staff's names stay here; feedback itself holds no address."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.utils import timezone

from prefcenter.lists import spreadsheets
from prefcenter.models import Feedback

HEADER = ["date", "reason", "more", "text", "category", "campaign", "reviewed", "tags", "note"]
_FIELDS = ["created_at", "reason__text", "more", "text", "category__name", "campaign__name", "reviewed_at", "note"]


def download(rows: QuerySet[Feedback], *, kind: str, user_id: int | None) -> HttpResponseBase:
    """All of these in the format `kind`. It is logged before the first line leaves: who breaks off has had some."""
    spreadsheets.log(user_id, Feedback, count=rows.count(), kind=kind)
    name = f"feedback-{timezone.localdate():%Y-%m-%d}"
    return spreadsheets.RESPONSES[kind](name, HEADER, _rows(rows))


def _rows(rows: QuerySet[Feedback]) -> Iterator[list[str]]:
    for batch in spreadsheets.batches(rows, *_FIELDS):
        tags = _tags([row[0] for row in batch])
        for id_, created_at, reason, more, text, category, campaign, reviewed_at, note in batch:
            named = [reason or "", more, text, category or "", campaign or ""]
            yield [_when(created_at), *named, _when(reviewed_at), ", ".join(tags[id_]), note]


def _tags(ids: list[int]) -> defaultdict[int, list[str]]:
    names: defaultdict[int, list[str]] = defaultdict(list)
    borne = Feedback.tags.through.objects.filter(feedback__any_of=ids).order_by("feedbacktag__name")
    for id_, name in borne.values_list("feedback_id", "feedbacktag__name"):
        names[id_].append(name)
    return names


def _when(at: datetime | None) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M") if at else ""
