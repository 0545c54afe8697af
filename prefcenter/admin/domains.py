"""Whole domains that are suppressed: listed, added and lifted. It changes nothing but through actions, and by POST."""

from collections.abc import Callable
from typing import cast

from django import forms
from django.contrib import messages
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.admin.widgets import AdminTextInputWidget
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from prefcenter.models import User
from prefcenter.web import staff_pages
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.addresses import domains
from unsubscribe.choices import Source, SuppressionReason
from unsubscribe.errors import InvalidDomain, PublicMailDomain
from unsubscribe.models import DomainSuppression

from .contacts.forms import NoteForm, Words

SEE, SUPPRESS = "unsubscribe.view_domainsuppression", "unsubscribe.block_domain"
PER_PAGE = 50
REASONS = [one for one in SuppressionReason if one != SuppressionReason.ERASED]
ABOUT_NOTE = "Don’t include names or addresses: this is kept permanently, and all who may see this page can read it."
_SO_ALREADY = "Already recorded. Nothing changed."

View = Callable[..., HttpResponse]


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


@require_http_methods(["GET", "HEAD"])
def show(request: HttpRequest) -> HttpResponse:
    return _page(request, DomainForm())


@require_POST
def suppress(request: HttpRequest) -> HttpResponse:
    form = DomainForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    domain, reason = form.cleaned_data["domain"], SuppressionReason(form.cleaned_data["reason"])
    taken = actions.suppress_domains({domain: None}, _as_staff(request, form), reason=reason)
    if not taken.new:
        messages.info(request, _SO_ALREADY)
        return redirect("domains:list")
    row = DomainSuppression.objects.get(domain=domain, reason=reason, lifted_at=None)
    return _done(request, row, ADDITION, f"Suppressed a domain: {row.get_reason_display()}.")


@require_POST
def lift(request: HttpRequest, domain_id: int) -> HttpResponse:
    row = get_object_or_404(DomainSuppression, id=domain_id)
    form = NoteForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Add a note that says why the suppression is lifted. Nothing changed.")
        return redirect("domains:list")
    origin, reason = _as_staff(request, form), SuppressionReason(row.reason)
    if row.lifted_at or not actions.lift_domains([row.domain], origin, reason=reason):
        messages.info(request, _SO_ALREADY)
        return redirect("domains:list")
    return _done(request, row, CHANGE, f"Lifted the suppression of a domain: {row.get_reason_display()}.")


def _as_staff(request: HttpRequest, form: forms.Form) -> Origin:
    return Origin(Source.STAFF, timezone.now(), actor=f"staff {request.user.pk}", note=form.cleaned_data["note"])


def _done(request: HttpRequest, row: DomainSuppression, flag: int, said: str) -> HttpResponse:
    LogEntry.objects.log_actions(cast(User, request.user).pk, [row], flag, said, single_object=True)
    messages.success(request, said)
    return redirect("domains:list")


def _page(request: HttpRequest, form: DomainForm) -> HttpResponse:
    """The newest first; a form that was filled in wrongly comes back as it was typed."""
    rows = Paginator(DomainSuppression.objects.order_by("-id"), PER_PAGE).get_page(request.GET.get("page"))
    return staff_pages.page(
        request,
        "admin/domains/list.html",
        title="Suppressed domains",
        page=rows,
        form=form,
        may_suppress=request.user.has_perm(SUPPRESS),
        about_words=ABOUT_NOTE,
    )


app_name = "domains"
urlpatterns = [
    path("", staff_pages.for_staff(show, SEE), name="list"),
    path("block/", staff_pages.for_staff(suppress, SEE, SUPPRESS), name="suppress"),
    path("<int:domain_id>/lift/", staff_pages.for_staff(lift, SEE, SUPPRESS), name="lift"),
]
