"""The ledger and the outbox, to be read. The ledger has no other way to be touched at all."""

from django.contrib import admin

from unsubscribe.models import ConsentEvent, OutboxMessage

from .readonly import ReadOnlyAdmin


@admin.register(ConsentEvent)
class ConsentEventAdmin(ReadOnlyAdmin):
    list_display = ["at", "kind", "source", "address", "channel", "category", "campaign"]
    list_filter = ["kind", "source", "channel", "category"]
    list_select_related = ["address", "category", "campaign"]
    date_hierarchy = "at"
    ordering = ["-id"]


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "kind", "address", "status", "attempts", "due_at", "sent_at", "last_error"]
    list_filter = ["status", "kind"]
    list_select_related = ["address"]
    ordering = ["-id"]
