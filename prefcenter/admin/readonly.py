"""Admin pages that only show. Nobody adds, changes or deletes here, not even a superuser."""

from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

from .lookups import ListedLookupsAdmin


class ListOfPages(ChangeList):
    """A list whose rows lead to a page of ours, named `app_model_page`, in place of the record's form."""

    def url_for_result(self, result: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_page", args=[result.pk])


class ReadOnlyAdmin(ListedLookupsAdmin):
    actions = None
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class NeverDeletedAdmin(ListedLookupsAdmin):
    """For what may be edited: retire it, hide it, but deleting it could resubscribe somebody (requirement S4)."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
