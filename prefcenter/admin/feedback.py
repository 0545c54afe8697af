"""What people said when they left, and the reasons offered to them."""

from django.contrib import admin

from prefcenter.models import Feedback, FeedbackReason

from .readonly import NeverDeletedAdmin, ReadOnlyAdmin


@admin.register(Feedback)
class FeedbackAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "reason", "text", "category", "campaign"]
    list_filter = ["reason", "category", "campaign"]
    search_fields = ["text"]
    date_hierarchy = "created_at"
    list_select_related = ["reason", "category", "campaign"]


@admin.register(FeedbackReason)
class FeedbackReasonAdmin(NeverDeletedAdmin):
    list_display = ["text", "is_active", "position"]
    list_editable = ["is_active", "position"]
