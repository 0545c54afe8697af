"""Categories, campaigns, the figures of a campaign, and feedback. Read only."""

from datetime import datetime
from typing import Any

from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Field, Query, Router, Schema

from prefcenter.accounts.api_keys import Scope
from prefcenter.models import Feedback, Visits
from prefcenter.reports.conditions import COMPLAINT
from prefcenter.web.problems import Problem
from unsubscribe.choices import EventKind, Purpose
from unsubscribe.models import Campaign, Category, ConsentEvent, SentCount

from .auth import Bearer
from .fields import Text
from .paging import LARGEST, PageIn, PageOut

router = Router(tags=["Categories and campaigns"])


class CategoryOut(Schema):
    """A kind of message people can choose."""

    slug: str
    name: str
    description: str
    purpose: Purpose
    needs_opt_in: bool
    is_listed: bool
    is_retired: bool = Field(description="Retired: no longer sent or offered.")


class CategoriesOut(Schema):
    """All categories; they are not paged."""

    items: list[CategoryOut]


class CampaignOut(Schema):
    """One mailing of one category; `category` is its slug."""

    id: int
    name: str
    category: str
    created_at: datetime


class CampaignsOut(PageOut):
    """A page of campaigns."""

    items: list[CampaignOut]


class CampaignFilterIn(PageIn):
    """Which campaigns to list."""

    category: Text = Field("", description="Only campaigns of the category with this slug.", max_length=63)


class CampaignStatsOut(Schema):
    """The figures of one campaign."""

    campaign: CampaignOut
    sent: int = Field(description="Number of messages recorded as sent.")
    complaints: int = Field(description="Number of spam complaints. They are also counted in the suppress events.")
    events: dict[str, int] = Field(description="Number of consent events that name the campaign, by kind.")
    looks: dict[str, int] = Field(
        description="How often its links were fetched, by HTTP method. Link scanners count, too."
    )
    feedback: int


class FeedbackOut(Schema):
    """Why a person opted out: the reason they chose, more about it, and their own words. Any of them may be missing."""

    id: int
    event_id: int
    created_at: datetime
    category: str | None
    campaign: str | None
    reason: str | None
    more: str
    text: str


class FeedbackListOut(PageOut):
    """A page of feedback."""

    items: list[FeedbackOut]


@router.get(
    "/categories",
    auth=Bearer(Scope.CATALOGUE_READ),
    response=CategoriesOut,
    operation_id="list_categories",
    summary="List categories",
)
def categories(request: HttpRequest) -> HttpResponse:
    """Lists all categories in the order of the preference page."""
    fields = ("slug", "name", "description", "purpose", "needs_opt_in", "is_listed")
    rows = Category.objects.annotate(is_retired=Q(retired_at__isnull=False)).values(*fields, "is_retired")
    return JsonResponse({"items": list(rows)})


@router.get(
    "/campaigns",
    auth=Bearer(Scope.CATALOGUE_READ, CampaignFilterIn),
    response=CampaignsOut,
    operation_id="list_campaigns",
    summary="List campaigns",
)
def campaigns(request: HttpRequest, which: Query[CampaignFilterIn]) -> HttpResponse:
    """Lists all campaigns, oldest first."""
    named = {"category__slug": which.category} if which.category else {}
    rows = Campaign.objects.filter(id__gt=which.cursor, **named).select_related("category")
    return which.answer([_campaign(one) for one in rows.order_by("id")[: which.limit]])


@router.get(
    "/campaigns/{int:campaign_id}/stats",
    auth=Bearer(Scope.CATALOGUE_READ),
    response=CampaignStatsOut,
    operation_id="read_campaign_stats",
    summary="Get campaign statistics",
)
def stats(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Returns how many messages of one campaign were sent, and how people responded."""
    campaign = Campaign.objects.select_related("category").filter(id=min(campaign_id, LARGEST)).first()
    if campaign is None:
        raise Problem(404, "There is no campaign with this ID.")
    lines = ConsentEvent.objects.filter(at__gte=campaign.created_at, campaign=campaign)
    by_kind = dict(lines.order_by().values_list("kind").annotate(Count("id")))
    looks = Visits.objects.filter(campaign=campaign).order_by().values_list("method").annotate(Sum("count"))
    return JsonResponse(
        {
            "campaign": _campaign(campaign),
            "sent": SentCount.objects.filter(campaign=campaign).aggregate(sent=Sum("count"))["sent"] or 0,
            "complaints": lines.filter(COMPLAINT).count(),
            "events": {kind.value: by_kind.get(kind.value, 0) for kind in EventKind},
            "looks": dict(looks),
            "feedback": Feedback.objects.filter(campaign=campaign).count(),
        }
    )


@router.get(
    "/feedback",
    auth=Bearer(Scope.FEEDBACK_READ, PageIn),
    response=FeedbackListOut,
    operation_id="list_feedback",
    summary="List feedback",
)
def feedback(request: HttpRequest, part: Query[PageIn]) -> HttpResponse:
    """Lists feedback from people who opted out, oldest first. `event_id` is the consent event it belongs to."""
    rows = Feedback.objects.filter(id__gt=part.cursor).select_related("category", "campaign", "reason")
    return part.answer([_feedback(one) for one in rows.order_by("id")[: part.limit]])


def _campaign(one: Campaign) -> dict[str, Any]:
    return {"id": one.pk, "name": one.name, "category": one.category.slug, "created_at": one.created_at.isoformat()}


def _feedback(one: Feedback) -> dict[str, Any]:
    return {
        "id": one.pk,
        "event_id": one.event_id,
        "created_at": one.created_at.isoformat(),
        "category": one.category.slug if one.category else None,
        "campaign": one.campaign.name if one.campaign else None,
        "reason": one.reason.text if one.reason else None,
        "more": one.more,
        "text": one.text,
    }
