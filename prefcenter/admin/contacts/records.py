"""Contacts, their addresses and what they chose: shown masked."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from prefcenter.contact_data import profile
from unsubscribe.models import Address, Contact, ImportRepeat, LastSent, Preference

from .. import proof
from ..naming import column
from ..readonly import ListOfPages, ReadOnlyAdmin, nobody
from . import views
from .forms import FindForm


class AddressInline(admin.TabularInline):
    model = Address
    fk_name = "contact"
    fields = readonly_fields = ("__str__", "channel", "created_at", "joined_at", "agreed_at")
    extra = 0
    has_add_permission = has_change_permission = has_delete_permission = nobody

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("unsubscribe.view_contact")


@admin.register(Contact)
class ContactAdmin(ReadOnlyAdmin):
    short_path = "people"
    change_list_template = "admin/people/change_list.html"
    list_display = ["id", "language", "paused_until", "only_chosen", "created_at", "erased_at"]
    ordering = ["-id"]
    inlines = [AddressInline]

    def get_urls(self) -> list[URLPattern]:
        return [*views.urls(), *proof.urls(), *super().get_urls()]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ListOfPages

    @method_decorator(sensitive_post_parameters())
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """With the form that finds a contact: what was typed travels in the body alone (law 10), and the page that it
        leads to is named by the contact."""
        form = FindForm(request.POST if request.method == "POST" else None)
        if self.has_view_permission(request) and form.is_valid() and form.contact_id:
            return redirect("admin:unsubscribe_contact_page", form.contact_id)
        return super().changelist_view(request, {"form": form, "most": profile.MOST} | (extra_context or {}))


@admin.register(Address)
class AddressAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "channel", "contact", "created_at"]
    list_filter = ["channel"]
    fields = ["__str__", "channel", "contact", "created_at"]
    ordering = ["-id"]


@admin.register(Preference)
class PreferenceAdmin(ReadOnlyAdmin):
    list_display = ["contact", "category", "channel", "state", "frequency", "paused_until", "changed_at"]
    list_filter = ["category", "channel", "state", "frequency"]
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
