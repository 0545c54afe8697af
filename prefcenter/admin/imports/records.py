"""The lists of imports and of what columns mean, and where the pages of imports are."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import URLPattern, path

from prefcenter.lists.imports.columns import answers
from prefcenter.models import ImportAnswer, ImportRun
from prefcenter.web import staff_pages

from ..readonly import ListOfPages, ReadOnlyAdmin
from . import views
from .page import RunPage
from .views import IMPORT


class _ForImporters(ReadOnlyAdmin):
    """The list is also for whoever may import; the records themselves are for whoever may view them."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) or (obj is None and request.user.has_perm(IMPORT))


@admin.register(ImportAnswer)
class ImportAnswerAdmin(_ForImporters):
    """They are given on the page of an import."""

    list_title = "Column meanings"
    short_path = "imports/answers"
    change_list_template = "admin/imports/answers.html"
    list_display = ["shown", "values", "answered_by", "answered_at"]
    fields = ["shown", "means", "answered_by", "answered_at"]
    ordering = ["shown"]

    def get_urls(self) -> list[URLPattern]:
        to_forget = staff_pages.for_staff(views.forget, IMPORT)
        return [path("<int:answer_id>/forget/", to_forget, name="prefcenter_importanswer_forget"), *super().get_urls()]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return [*self.list_display, *(["to_forget"] if request.user.has_perm(IMPORT) else [])]

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        may_view = request.user.has_perm("prefcenter.view_importanswer")
        return super().get_list_display_links(request, list_display) if may_view else None

    @admin.display(description="values")
    def values(self, answer: ImportAnswer) -> str:
        return answers.in_words(answer.means)

    @admin.display(description="forget")
    def to_forget(self, answer: ImportAnswer) -> str:
        return render_to_string("admin/imports/forget.html", {"answer": answer})


@admin.register(ImportRun)
class ImportRunAdmin(_ForImporters):
    short_path = "imports"
    change_list_template = "admin/imports/change_list.html"
    list_display = ["run", "kind", "status", "new", "skipped", "file_name", "uploaded_by", "created_at", "finished_at"]
    list_filter = ["kind", "state"]
    list_select_related = ["created_by"]
    help_texts = {"reason": "Empty: as stated in the file."}
    exclude = ["stored_as", "problems"]
    date_hierarchy = "created_at"
    ordering = ["-id"]

    def get_urls(self) -> list[URLPattern]:
        return [*views.urls(), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportRun]:
        """Without the list of lines, which its own page shows."""
        return super().get_queryset(request).defer("problems")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ListOfPages if request.user.has_perm(IMPORT) else ChangeList

    @admin.display(description="import", ordering="pk")
    def run(self, run: ImportRun) -> str:
        return f"Import {run.pk}"

    @admin.display(description="status", ordering="state")
    def status(self, run: ImportRun) -> str:
        return RunPage(run).state

    @admin.display(description="new")
    def new(self, run: ImportRun) -> int:
        return RunPage(run).new

    @admin.display(description="skipped")
    def skipped(self, run: ImportRun) -> int:
        return RunPage(run).not_taken

    @admin.display(description="uploaded by", ordering="created_by")
    def uploaded_by(self, run: ImportRun) -> str:
        return str(run.created_by or "A command or a deleted account")
