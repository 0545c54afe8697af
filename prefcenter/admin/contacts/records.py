"""Contacts, their addresses and what they chose: shown masked."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from unsubscribe.models import Address, Contact, ImportRepeat, LastSent, Preference, Suppression

from ..naming import column
from ..readonly import ReadOnlyAdmin


class AddressInline(admin.TabularInline):
    model = Address
    fk_name = "contact"
    fields = readonly_fields = ("masked", "channel", "created_at", "joined_at", "agreed_at")
    extra = 0
    can_delete = False

    @admin.display(description="Address")
    def masked(self, address: Address) -> str:
        return str(address)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("unsubscribe.view_contact")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Contact)
class ContactAdmin(ReadOnlyAdmin):
    change_list_template = "admin/people/contacts.html"
    list_display = ["id", "language", "paused_until", "only_chosen", "created_at", "erased_at"]
    ordering = ["-id"]
    inlines = [AddressInline]


@admin.register(Address)
class AddressAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "channel", "contact", "created_at"]
    list_filter = ["channel"]
    fields = ["masked", "channel", "contact", "created_at"]
    ordering = ["-id"]

    @admin.display(description="Address")
    def masked(self, address: Address) -> str:
        return str(address)


@admin.register(Preference)
class PreferenceAdmin(ReadOnlyAdmin):
    list_display = ["contact", "category", "channel", "state", "frequency", "paused_until", "changed_at"]
    list_filter = ["category", "channel", "state", "frequency"]
    ordering = ["-id"]


@admin.register(Suppression)
class SuppressionAdmin(ReadOnlyAdmin):
    list_display = ["address", "reason", "everywhere", "source", "campaign", "since", "lifted_at"]
    list_filter = ["reason", "source"]
    list_select_related = ["address", "campaign"]
    ordering = ["-id"]


@admin.register(LastSent)
class LastSentAdmin(ReadOnlyAdmin):
    list_title = "Last messages sent"
    is_technical = True
    list_display = ["contact", "category", "channel", "sent_on", "campaign"]
    list_filter = ["category", "channel"]
    ordering = ["-id"]


@admin.register(ImportRepeat)
class ImportRepeatAdmin(ReadOnlyAdmin):
    list_title = "Repeated imports"
    is_technical = True
    list_display = ["import_id", "model", "row_id", "date"]
    date = column("at", "date")
    list_filter = ["model"]
    ordering = ["-id"]
