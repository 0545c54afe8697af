"""The ledger, the outbox and what was counted, to be read. The ledger has no other way to be touched at all."""

from typing import Any, cast

from django.contrib import admin
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

from prefcenter.models import AccountMessage, LinkRequest, SignInCode, Visits
from unsubscribe.models import ConsentEvent, OutboxMessage, Seal, ShortLink

from .feedback.filters import NewestCampaigns
from .naming import column, titled
from .overview.filters import ConditionFilter, MailOf
from .readonly import ReadOnlyAdmin


class ByKey(Paginator):
    """Looks up the keys of a page, which an index holds, and then its rows. Asked for whole rows in the order of their
    keys, SQLite reads every one that a filter finds: half a million for a page of fifty."""

    def page(self, number: Any) -> Page[Any]:
        number = self.validate_number(number)
        rows = cast(QuerySet[Any], self.object_list)
        first = (number - 1) * self.per_page
        keys = list(rows.values_list("pk", flat=True)[first : first + self.per_page])
        return Page(rows.filter(pk__in=keys), number, self)


@admin.register(ConsentEvent)
class ConsentEventAdmin(ReadOnlyAdmin):
    list_display = ["date", "kind", "source", "address", "channel", "category", "campaign"]
    date = column("at", "date")
    # No date_hierarchy: to find out which years there are it would look at every line, on SQLite in Python.
    list_filter = [
        ("at", titled(admin.DateFieldListFilter, "date")),
        "kind",
        "source",
        "channel",
        "category",
        ("campaign", NewestCampaigns),
        ConditionFilter,
        MailOf,
    ]
    list_select_related = ["address", "category", "campaign"]
    ordering = ["-id"]
    paginator = ByKey


@admin.register(Seal)
class SealAdmin(ReadOnlyAdmin):
    list_display = ["number", "date", "events", "fingerprint"]
    labels = {"at": "Date", "count": "Events"}
    date = column("at", "date")
    events = column("count", "events")
    fields = ["number", "at", "count", "settled", "follows", "fingerprint"]
    date_hierarchy = "at"
    ordering = ["-number"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Seal]:
        """Without the hashes of its lines: they are for a program to read, and may be 4 MB."""
        return super().get_queryset(request).defer("entries")


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "kind", "address", "status", "attempts", "due_at", "sent_at", "last_error"]
    list_filter = ["status", "kind", "due_at"]
    list_select_related = ["address"]
    ordering = ["-id"]


@admin.register(AccountMessage)
class AccountMessageAdmin(ReadOnlyAdmin):
    """Not what it says, nor to whom: until it is sent that is a code, and an address that somebody typed."""

    list_title = "Account emails"
    is_technical = True
    list_display = ["created_at", "template", "status", "attempts", "due_at", "sent_at", "last_error"]
    fields = ["created_at", "template", "status", "attempts", "due_at", "sent_at", "last_error"]
    list_filter = ["status"]
    ordering = ["-id"]


@admin.register(SignInCode)
class SignInCodeAdmin(ReadOnlyAdmin):
    list_title = "Sign-in codes"
    is_technical = True
    list_display = ["created_at", "tries", "used_at"]
    ordering = ["-id"]


@admin.register(LinkRequest)
class LinkRequestAdmin(ReadOnlyAdmin):
    is_technical = True
    list_display = ["created_at", "answered_at"]
    fields = ["created_at", "answered_at"]
    date_hierarchy = "created_at"
    ordering = ["-id"]


@admin.register(ShortLink)
class ShortLinkAdmin(ReadOnlyAdmin):
    is_technical = True
    list_display = ["id", "address", "category", "campaign", "issued_on"]
    list_select_related = ["address", "category", "campaign"]
    ordering = ["-id"]
    paginator = ByKey


@admin.register(Visits)
class VisitsAdmin(ReadOnlyAdmin):
    list_title = "Link visits"
    list_display = ["day", "campaign", "method", "count"]
    list_filter = ["method", ("campaign", NewestCampaigns)]
    list_select_related = ["campaign"]
    date_hierarchy = "day"
    ordering = ["-day", "-id"]
