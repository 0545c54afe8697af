"""By what a list of the admin can be narrowed: what the list itself offers, with values that can be looked for."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, TypeAlias, cast

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import FieldDoesNotExist, SuspiciousOperation, ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse

from .naming import NamedAdmin

#: Years outside of these overflow in the arithmetic of time zones, and mean nobody's event.
_YEARS = range(1900, 9000)
_MOST = 200
_ROW = re.compile(r"form-\d+-id")
_SIMPLE = frozenset({"", "exact", "in", "isnull"})
_OF_A_DATE = _SIMPLE | {"gt", "gte", "lt", "lte"}
_PARTS = {"year": _YEARS, "month": range(1, 13), "day": range(1, 32)}

Column: TypeAlias = "models.Field[Any, Any]"


class ListedLookupsAdmin(NamedAdmin):
    """Refuses, with 400, every look-up in the URL that is not one of the list's own filters or its date hierarchy.

    Django lets through any look-up on any column of the model: `?secret__regex=^a` spells a secret out letter by
    letter. A value that its column cannot have is refused too, because a database would raise for it.
    """

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        text = str(value)
        if len(text) > _MOST or "\x00" in text:
            return False
        if lookup in self._parameters(request):
            return True
        return any(
            _is_sensible(field, rest, text)
            for path, field in self._columns(request)
            if (rest := _after(path, lookup)) is not None
        )

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Django's own "Clear all filters" keeps the look-ups that no filter shows, and writes values of theirs that
        are no text as Python does."""
        shown = super().get_changelist_instance(request)
        shown.clear_all_filters_qs = shown.get_query_string(remove=list(shown.get_filters_params()))
        return shown

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """Nothing holds a text that no database takes; and one of very many words is more conditions than it takes."""
        if len(search_term) > _MOST or "\x00" in search_term:
            return queryset.none(), False
        return super().get_search_results(request, queryset, search_term)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """An empty `_to_field` in the URL names no column."""
        return super().get_object(request, object_id, from_field or None)

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any
    ) -> forms.ModelMultipleChoiceField:
        made = super().formfield_for_manytomany(db_field, request, **{"form_class": _Rows} | kwargs)  # type: ignore[arg-type]  # as auth's own
        return cast(forms.ModelMultipleChoiceField, made)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """What is ticked for an action, and the rows of a list that is edited, are named by numbers that can be."""
        names = [one for one in request.POST if one == ACTION_CHECKBOX_NAME or _ROW.fullmatch(one)]
        ticked = [value for name in names for value in request.POST.getlist(name)]
        if not all(_can_be(self.opts.pk, one) for one in ticked):
            raise SuspiciousOperation("no row of this list")
        return super().changelist_view(request, extra_context)

    def _parameters(self, request: HttpRequest) -> set[str]:
        """Of the filters that bring their own name, and check the value themselves."""
        names = (getattr(one, "parameter_name", None) for one in self.get_list_filter(request))
        return {name for name in names if name}

    def _columns(self, request: HttpRequest) -> Iterator[tuple[str, Column]]:
        for one in [*self.get_list_filter(request), self.date_hierarchy]:
            path = one[0] if isinstance(one, tuple | list) else one
            if isinstance(path, str):
                try:
                    yield path, self.opts.get_field(path)  # type: ignore[misc]  # no list is narrowed backwards
                except FieldDoesNotExist:
                    continue


class IsSetFilter(admin.SimpleListFilter):
    """Whether a time is set in `field`; `no` and `yes` are the words for it."""

    field: str
    no: str
    yes: str

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", self.no), ("yes", self.yes)]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        wanted = {"no": True, "yes": False}.get(str(self.value()))
        return queryset if wanted is None else queryset.filter(**{f"{self.field}__isnull": wanted})


class _Rows(forms.ModelMultipleChoiceField):
    """Rows of another list, named by numbers that can be: for others a database would raise."""

    def clean(self, value: Any) -> Any:
        rows = cast("models.QuerySet[Any]", self.queryset)
        for one in value or ():
            if not _can_be(rows.model._meta.pk, str(one)):
                message, said = self.error_messages["invalid_pk_value"], {"pk": str(one)[:_MOST]}
                raise ValidationError(message, code="invalid_pk_value", params=said)
        return super().clean(value)


def _after(path: str, lookup: str) -> str | None:
    """What stands behind the column's name: "gte" of `at__gte`, "" of `at`; None for another column."""
    name, _, rest = lookup.partition("__")
    return rest if name == path else None


def _is_sensible(field: Column, how: str, value: str) -> bool:
    if field.is_relation:
        field = field.target_field  # type: ignore[attr-defined]  # a relation has one
        how = how.removeprefix(f"{field.name}__").removeprefix("pk__")
    if how == "isnull":
        return value.lower() in {"true", "false", "1", "0"}
    is_date = isinstance(field, models.DateField)
    if is_date and how in _PARTS:
        return value.isascii() and value.isdecimal() and int(value) in _PARTS[how]
    if how not in (_OF_A_DATE if is_date else _SIMPLE):
        return False
    return all(_can_be(field, one) for one in (value.split(",") if how == "in" else [value]))


def _can_be(field: Column, text: str) -> bool:
    """Whether a row could have this value in that column."""
    try:
        value = field.to_python(text)
        field.run_validators(value)
    except (ValidationError, ValueError, OverflowError):
        return False
    return value.year in _YEARS if isinstance(value, date) else True
