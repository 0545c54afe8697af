"""Admin pages that only show. Nobody adds, changes or deletes here, not even a superuser."""

from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.urls import reverse

from .lookups import ListedLookupsAdmin


class ListOfPages(ChangeList):
    """A list whose rows lead to a page of ours, named `app_model_page`, in place of the record's form."""

    def url_for_result(self, result: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_page", args=[result.pk])


def nobody(model_admin: Any, request: HttpRequest, obj: Any = None) -> bool:
    """As a `has_..._permission` of an admin or an inline."""
    return False


class ReadOnlyAdmin(ListedLookupsAdmin):
    actions = None
    show_full_result_count = False
    list_per_page = 50
    has_add_permission = has_change_permission = has_delete_permission = nobody


class NeverDeletedAdmin(ListedLookupsAdmin):
    """For what may be edited: retire it, hide it, but deleting it could resubscribe somebody (requirement S4)."""

    has_delete_permission = nobody
