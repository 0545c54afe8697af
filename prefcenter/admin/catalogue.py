"""Categories and campaigns: named, described, ordered, hidden and retired by marketers, deleted by nobody."""

from typing import Any

from django.contrib import admin
from django.forms import ModelChoiceField
from django.http import HttpRequest
from django.urls import URLResolver, include, path
from django.utils import timezone

from unsubscribe.models import Campaign, Category, CategoryGroup, SentCount

from . import previews
from .naming import column, titled
from .readonly import ReadOnlyAdmin
from .retiring import RetirableAdmin, Retired
from .translations import TranslatableAdmin, in_every_language

_WHO_CHOOSES = (
    "Transactional messages are also sent to people who unsubscribed from everything. Only a superuser can choose "
    "this, and only when creating the category."
)


@admin.register(Category)
class CategoryAdmin(RetirableAdmin, TranslatableAdmin):
    form = in_every_language(Category, ["name", "description"])
    fields = ["slug", "name", "description", "group", "position", "is_listed", "purpose", "needs_opt_in"]
    list_display = ["name", "position", "slug", "visible", "retired_on", "group", "purpose", "opt_in_required"]
    list_editable = ["position"]
    list_filter = [Retired, "group", "purpose", ("is_listed", titled(admin.BooleanFieldListFilter, "visible"))]
    list_select_related = ["group"]
    search_fields = ["name", "slug"]
    labels = {"is_listed": "Visible", "needs_opt_in": "Requires opt-in"}
    help_texts = {
        "is_listed": "Shown on the preference page.",
        "needs_opt_in": "Only people who opted in receive this.",
        "purpose": _WHO_CHOOSES,
        "retired_at": "A retired category is no longer sent or offered. What people chose is kept.",
    }
    visible = column("is_listed", "visible", boolean=True)
    opt_in_required = column("needs_opt_in", "requires opt-in", boolean=True)

    def get_short_urls(self) -> list[URLResolver]:
        """The previews."""
        return [path("previews/", include(previews.urls()))]

    def get_readonly_fields(self, request: HttpRequest, obj: Category | None = None) -> list[str]:
        """List-Id rests on the slug (RFC 2919); a new purpose, or no need to opt in, would overrule people's no."""
        fixed = ["slug", "purpose", "needs_opt_in"] if obj else []
        for_superusers = [] if obj or request.user.is_superuser else ["purpose"]
        return [*super().get_readonly_fields(request, obj), *fixed, *for_superusers]


@admin.register(CategoryGroup)
class CategoryGroupAdmin(TranslatableAdmin):
    form = in_every_language(CategoryGroup, ["name"])
    fields = ["name", "position"]
    list_display = ["name", "position"]
    list_editable = ["position"]


@admin.register(Campaign)
class CampaignAdmin(RetirableAdmin):
    fields = ["category", "name", "title"]
    list_display = ["name", "title", "category", "created_at", "retired_on"]
    list_filter = [Retired, "category"]
    list_select_related = ["category"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["name", "title"]
    help_texts = {
        "name": "The name that the sending system uses. It can’t be changed later.",
        "title": "Shown to staff instead of the name.",
        "retired_at": "Retired campaigns no longer appear in filters.",
    }
    ordering = ["-id"]

    def get_readonly_fields(self, request: HttpRequest, obj: Campaign | None = None) -> list[str]:
        """The sending system goes on saying the name: under a new one it would find another campaign, or none."""
        return [*super().get_readonly_fields(request, obj), *(["category", "name"] if obj else [])]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> ModelChoiceField | None:
        if db_field.name == "category":
            kwargs["queryset"] = Category.objects.filter(retired_at=None)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Campaign, form: Any, change: bool) -> None:
        if not change:
            obj.created_at = timezone.now()
        super().save_model(request, obj, form, change)


@admin.register(SentCount)
class SentCountAdmin(ReadOnlyAdmin):
    list_title = "Messages sent"
    list_display = ["day", "category", "campaign", "channel", "count"]
    list_filter = ["category", "channel"]
    date_hierarchy = "day"
    ordering = ["-day", "-id"]
