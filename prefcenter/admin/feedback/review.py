"""The list of feedback and the page of one. What people said is shown; what the staff made of it can be changed."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from prefcenter.lists import spreadsheets
from prefcenter.models import Feedback, User
from prefcenter.web import staff_pages
from unsubscribe.models import Contact

from ..naming import column
from ..overview.filters import ChangedOn, MailOf
from ..readonly import NeverDeletedAdmin, nobody
from . import bulk
from .downloads import download
from .filters import Assigned, NewestCampaigns, Reviewed

#: Shown to the staff, and changed by nobody.
SAID = ("created_at", "reason", "more", "text", "category", "campaign", "event")

_DIGEST = {"start": (True, "Turned the weekly digest on."), "stop": (False, "Turned the weekly digest off.")}


class ReviewForm(forms.ModelForm):
    is_reviewed = forms.BooleanField(label="Reviewed", required=False)

    class Meta:
        model = Feedback
        fields = ["assigned_to", "tags", "note"]
        widgets = {"tags": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("is_reviewed", self.instance.reviewed_at is not None)


@admin.action(description="Export as CSV", permissions=["export"])
def export_csv(model_admin: Any, request: HttpRequest, queryset: QuerySet[Feedback]) -> HttpResponseBase:
    return download(queryset, kind="csv", user_id=request.user.pk)


@admin.action(description="Export as XLSX", permissions=["export"])
def export_xlsx(model_admin: Any, request: HttpRequest, queryset: QuerySet[Feedback]) -> HttpResponseBase:
    return download(queryset, kind="xlsx", user_id=request.user.pk)


@admin.register(Feedback)
class FeedbackAdmin(NeverDeletedAdmin):
    list_display = [
        "date",
        "reason",
        "details",
        "comment",
        "category",
        "campaign",
        "is_reviewed",
        "assigned_to",
        "tag_names",
    ]
    # In another order a million rows would be sorted for each page.
    sortable_by = ["date"]
    date = column("created_at", "date")
    details = column("more", "details")
    comment = column("text", "comment")
    list_filter = [Reviewed, Assigned, "reason", "category", ("campaign", NewestCampaigns), "tags", MailOf, ChangedOn]
    list_select_related = ["reason", "category", "campaign", "assigned_to"]
    labels = {"more": "Details", "text": "Comment", "created_at": "Date"}
    help_texts = {"note": "For staff only. It is deleted together with the contact’s own words."}
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["more", "text"]
    date_hierarchy = "created_at"
    actions = [*bulk.ACTIONS, export_csv, export_xlsx]
    action_form = bulk.WithTag
    form = ReviewForm
    fieldsets = [
        ("Feedback", {"fields": SAID}),
        ("Review", {"fields": ["is_reviewed", "reviewed_at", "reviewed_by", "assigned_to", "tags", "note"]}),
    ]
    readonly_fields = [*SAID, "reviewed_at", "reviewed_by"]
    has_add_permission = nobody

    @admin.display(description="Reviewed", boolean=True)
    def is_reviewed(self, feedback: Feedback) -> bool:
        return feedback.reviewed_at is not None

    @admin.display(description="Tags")
    def tag_names(self, feedback: Feedback) -> str:
        return ", ".join(tag.name for tag in feedback.tags.all())

    def get_queryset(self, request: HttpRequest) -> QuerySet[Feedback]:
        return super().get_queryset(request).prefetch_related("tags")

    def has_export_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("prefcenter.export_feedback") and self.has_view_permission(request)

    def save_model(self, request: HttpRequest, obj: Feedback, form: Any, change: bool) -> None:
        """Only the staff's own fields: what was said meanwhile, or erased, is not written back. Nor is their note."""
        fields = ["reviewed_at", "reviewed_by", "assigned_to", "note"]
        if self._is_erased(obj):
            fields.remove("note")
            self._without_note(request, form)
        if "is_reviewed" in form.changed_data:
            is_reviewed = form.cleaned_data["is_reviewed"]
            obj.reviewed_at = timezone.now() if is_reviewed else None
            obj.reviewed_by_id = request.user.pk if is_reviewed else None
        obj.save(update_fields=fields)

    def _is_erased(self, feedback: Feedback) -> bool:
        """Until the end of the transaction: an erasure waits, and then empties what was saved."""
        contacts = Contact.objects.select_for_update(no_key=True).filter(id=feedback.event.contact_id)
        return any(one.erased_at for one in contacts)

    def _without_note(self, request: HttpRequest, form: Any) -> None:
        if "note" in form.changed_data:
            form.changed_data.remove("note")
            messages.warning(request, "The contact was erased, so the note was not saved.")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        can_export = self.has_export_permission(request)
        return super().changelist_view(request, {"can_export": can_export} | (extra_context or {}))

    def get_urls(self) -> list[Any]:
        export, digest = self.admin_site.admin_view(self.export), self.admin_site.admin_view(self.digest)
        return [
            path("export/<str:kind>/", export, name="prefcenter_feedback_export"),
            path("digest/<str:act>/", digest, name="prefcenter_feedback_digest"),
            *super().get_urls(),
        ]

    @method_decorator(require_POST)
    def digest(self, request: HttpRequest, act: str) -> HttpResponseBase:
        """Whoever may read feedback decides for themselves whether it comes to them every week."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if act not in _DIGEST:
            raise Http404
        wants, said = _DIGEST[act]
        me = cast(User, request.user)
        if User.objects.filter(pk=me.pk, wants_digest=not wants).update(wants_digest=wants):
            staff_pages.log(request, me, said)
        messages.success(request, said)
        return redirect(f"{reverse('admin:prefcenter_feedback_changelist')}?{request.GET.urlencode()}")

    @method_decorator(require_POST)
    def export(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        """All that the list shows with the same filters, on every page of it."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        if kind not in spreadsheets.RESPONSES:
            raise Http404
        try:
            shown = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters as error:
            raise Http404 from error
        return download(shown, kind=kind, user_id=request.user.pk)
