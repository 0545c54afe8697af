"""Categories and campaigns: named, described and ordered by marketers, deleted by nobody."""

from django.contrib import admin
from django.http import HttpRequest

from unsubscribe.models import Campaign, Category, SentCount

from .readonly import NeverDeletedAdmin, ReadOnlyAdmin


@admin.register(Category)
class CategoryAdmin(NeverDeletedAdmin):
    list_display = ["name", "slug", "purpose", "needs_opt_in", "is_listed", "position"]
    list_filter = ["purpose", "is_listed"]
    search_fields = ["name", "slug"]

    def get_readonly_fields(self, request: HttpRequest, obj: Category | None = None) -> list[str]:
        """List-Id rests on the slug (RFC 2919); a new purpose, or no need to opt in, would overrule people's no."""
        return ["slug", "purpose", "needs_opt_in"] if obj else []


@admin.register(Campaign)
class CampaignAdmin(ReadOnlyAdmin):
    list_display = ["name", "category", "created_at"]
    list_filter = ["category"]
    search_fields = ["name"]
    ordering = ["-id"]


@admin.register(SentCount)
class SentCountAdmin(ReadOnlyAdmin):
    list_display = ["day", "category", "campaign", "channel", "count"]
    list_filter = ["category", "channel"]
    date_hierarchy = "day"
    ordering = ["-day", "-id"]
