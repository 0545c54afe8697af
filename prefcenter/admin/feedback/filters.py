"""By what the list of feedback can be narrowed. Each filter is one condition that the database answers."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from prefcenter.models import Feedback
from unsubscribe.models import Campaign

from ..lookups import IsSetFilter

CAMPAIGNS_SHOWN = 30
Choices = list[tuple[str, str]]


class NewestCampaigns(admin.RelatedFieldListFilter):
    """The newest ones that are not retired, and the one that is chosen: a house has thousands."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        newest = list(Campaign.objects.filter(retired_at=None).order_by("-id")[:CAMPAIGNS_SHOWN])
        chosen = [value for value in self.lookup_val or [] if value.isdecimal()]
        others = Campaign.objects.filter(id__in=chosen).exclude(id__in=[one.pk for one in newest])
        return [(one.pk, str(one)) for one in [*newest, *others]]


class Reviewed(IsSetFilter):
    title = parameter_name = "reviewed"
    field, no, yes = "reviewed_at", "Not reviewed", "Reviewed"


class Assigned(admin.SimpleListFilter):
    title = "assigned"
    parameter_name = "assigned"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [("me", "To me"), ("anybody", "To anyone"), ("nobody", "Not assigned")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Feedback]) -> QuerySet[Feedback]:
        wanted: dict[str, dict[str, Any]] = {
            "me": {"assigned_to": request.user.pk},
            "anybody": {"assigned_to__isnull": False},
            "nobody": {"assigned_to__isnull": True},
        }
        return queryset.filter(**wanted.get(str(self.value()), {}))
