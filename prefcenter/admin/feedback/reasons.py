"""The reasons offered to people, and the tags of the staff's own. What feedback rests on is never deleted."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from prefcenter.models import FeedbackReason, FeedbackTag

from ..lookups import ListedLookupsAdmin
from ..naming import column
from ..translations import TranslatableAdmin, in_every_language


@admin.register(FeedbackReason)
class FeedbackReasonAdmin(TranslatableAdmin):
    form = in_every_language(FeedbackReason, ["text"])
    fields = ["text", "asks_for_more", "is_active", "position"]
    list_display = ["text", "adds_text_field", "is_active", "position"]
    labels = {"asks_for_more": "Text field", "is_active": "Active"}
    help_texts = {"asks_for_more": "Adds a text field to this reason."}
    adds_text_field = column("asks_for_more", "text field", boolean=True)
    list_editable = ["is_active", "position"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only what nobody ticked: figures and answers of years ago go on naming the others, which can be hidden."""
        if obj is None or obj.feedback_set.exists():
            return False
        return admin.ModelAdmin.has_delete_permission(self, request, obj)


@admin.register(FeedbackTag)
class FeedbackTagAdmin(ListedLookupsAdmin):
    fields = ["name"]
    search_fields = ["name"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only what no feedback bears: Django's page would list every one of them, and there may be a million."""
        return obj is not None and not obj.feedback.exists() and super().has_delete_permission(request, obj)
