"""Filters that only the figures set: a list behind a figure is narrowed by the very condition that counted it."""

from typing import Any, TypeVar

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from prefcenter.reports import conditions
from unsubscribe.choices import Channel
from unsubscribe.models import Category

M = TypeVar("M", bound=Model)
Lookups = list[tuple[str, str]]


class _Following(admin.SimpleListFilter):
    """Stands beside the list only while it is in use, and then with the one choice that is in force."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> Lookups:
        chosen = self.used_parameters.get(str(self.parameter_name))
        return [one for one in self.choices_known() if one[0] == chosen] if chosen else []

    def has_output(self) -> bool:
        """Also with a value that we do not know, which is refused."""
        return bool(self.value())

    def queryset(self, request: HttpRequest, queryset: QuerySet[M]) -> QuerySet[M]:
        if not self.lookup_choices:
            raise IncorrectLookupParameters
        return self.narrow(queryset, str(self.value()))

    def choices_known(self) -> Lookups:
        raise NotImplementedError

    def narrow(self, queryset: QuerySet[M], value: str) -> QuerySet[M]:
        raise NotImplementedError


class ConditionFilter(_Following):
    title = "meaning"
    parameter_name = "meaning"
    _KNOWN = {
        "left": ("Opted out (without categories left off when resubscribing)", conditions.opted_out()),
        "rated": ("Opted out (as counted in rates)", conditions.opted_out(conditions.OF_THESE_DAYS)),
        "undo": ("Undone", conditions.UNDONE),
        "back": ("Resubscribed", conditions.BACK),
        "complaint": ("Complained", conditions.COMPLAINT),
    }

    def choices_known(self) -> Lookups:
        return [(value, title) for value, (title, _) in self._KNOWN.items()]

    def narrow(self, queryset: QuerySet[M], value: str) -> QuerySet[M]:
        return queryset.filter(self._KNOWN[value][1])


class MailOf(_Following):
    title = "category (including opt-outs from everything in its mailings)"
    parameter_name = "mail_of"

    def choices_known(self) -> Lookups:
        return [(str(id_), name) for id_, name in Category.objects.values_list("id", "name")]

    def narrow(self, queryset: QuerySet[M], value: str) -> QuerySet[M]:
        return queryset.filter(conditions.mail_of(int(value)))


class ChangedOn(_Following):
    """Of feedback: the channel of the change it is about."""

    title = "channel"
    parameter_name = "channel"

    def choices_known(self) -> Lookups:
        return [(value, str(label)) for value, label in Channel.choices]

    def narrow(self, queryset: QuerySet[M], value: str) -> QuerySet[M]:
        return queryset.filter(event__channel=value)
