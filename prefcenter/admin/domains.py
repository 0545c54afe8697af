"""Whole domains that are suppressed: listed, added and lifted. It changes nothing but through actions, and by POST."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION, CHANGE
from django.contrib.admin.widgets import AdminTextInputWidget
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from prefcenter.web import staff_pages
from unsubscribe import actions
from unsubscribe.addresses import domains
from unsubscribe.choices import SuppressionReason
from unsubscribe.errors import InvalidDomain, PublicMailDomain
from unsubscribe.models import DomainSuppression

from .contacts.forms import NoteForm, Words
from .contacts.views import SO_ALREADY, as_staff
from .naming import column
from .readonly import ReadOnlyAdmin

SEE, SUPPRESS = "unsubscribe.view_domainsuppression", "unsubscribe.block_domain"
REASONS = [one for one in SuppressionReason if one != SuppressionReason.ERASED]
ABOUT_NOTE = "Don’t include names or addresses: this is kept permanently, and all who may see this page can read it."
_LIST = "admin:unsubscribe_domainsuppression_changelist"


class DomainForm(forms.Form):
    domain = forms.CharField(
        max_length=300,
        help_text="For example corp.example. Applies to every address at this domain, but not to its subdomains.",
        widget=AdminTextInputWidget(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )
    reason = forms.ChoiceField(
        choices=[(one.value, one.label) for one in REASONS],
        help_text="“Unsubscribed from everything” and “Complained” still allow receipts, and categories that a person "
        "subscribes to afterwards on their own preference page. The other reasons stop everything.",
    )
    note = Words(label="Note", help_text=ABOUT_NOTE)

    def clean_domain(self) -> str:
        try:
            return domains.read(self.cleaned_data["domain"])
        except (InvalidDomain, PublicMailDomain) as error:
            raise forms.ValidationError(str(error)) from error


@admin.register(DomainSuppression)
class DomainSuppressionAdmin(ReadOnlyAdmin):
    """With the form that suppresses another one below the list, and in each row what lifts it."""

    list_title = "Suppressed domains"
    short_path = "domains"
    change_list_template = "admin/domains/change_list.html"
    list_display = ["domain", "reason", "source", "by", "note", "since"]
    list_filter = ["reason", "source"]
    ordering = ["-id"]
    by = column("actor", "by")

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        @admin.display(description="lifted", ordering="lifted_at")
        def lifted(row: DomainSuppression) -> str:
            shown = {"row": row, "may_lift": request.user.has_perm(SUPPRESS)}
            return render_to_string("admin/domains/lifted.html", shown)

        return [*self.list_display, lifted]

    def get_urls(self) -> list[URLPattern]:
        to_suppress, to_lift = (staff_pages.for_staff(view, SEE, SUPPRESS) for view in (suppress, lift))
        return [
            path("block/", to_suppress, name="unsubscribe_domainsuppression_suppress"),
            path("<int:domain_id>/lift/", to_lift, name="unsubscribe_domainsuppression_lift"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        shown = {"form": DomainForm(), "may_suppress": request.user.has_perm(SUPPRESS), "about_words": ABOUT_NOTE}
        return super().changelist_view(request, shown | (extra_context or {}))


@require_POST
def suppress(request: HttpRequest) -> HttpResponse:
    """A form that was filled in wrongly comes back as it was typed, on a page of its own."""
    form = DomainForm(request.POST)
    if not form.is_valid():
        return staff_pages.page(request, "admin/domains/suppress.html", title="Suppress a domain", form=form)
    domain, reason = form.cleaned_data["domain"], SuppressionReason(form.cleaned_data["reason"])
    taken = actions.suppress_domains({domain: None}, as_staff(request, note=form.cleaned_data["note"]), reason=reason)
    if not taken.new:
        messages.info(request, SO_ALREADY)
        return redirect(_LIST)
    row = DomainSuppression.objects.get(domain=domain, reason=reason, lifted_at=None)
    return _done(request, row, ADDITION, f"Suppressed a domain: {row.get_reason_display()}.")


@require_POST
def lift(request: HttpRequest, domain_id: int) -> HttpResponse:
    row = get_object_or_404(DomainSuppression, id=domain_id)
    form = NoteForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Add a note that says why the suppression is lifted. Nothing changed.")
        return redirect(_LIST)
    origin, reason = as_staff(request, note=form.cleaned_data["note"]), SuppressionReason(row.reason)
    if row.lifted_at or not actions.lift_domains([row.domain], origin, reason=reason):
        messages.info(request, SO_ALREADY)
        return redirect(_LIST)
    return _done(request, row, CHANGE, f"Lifted the suppression of a domain: {row.get_reason_display()}.")


def _done(request: HttpRequest, row: DomainSuppression, flag: int, said: str) -> HttpResponse:
    staff_pages.log(request, row, said, flag=flag)
    messages.success(request, said)
    return redirect(_LIST)
