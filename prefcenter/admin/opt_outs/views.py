"""The list of opt-outs, masked, and its export for those who may. It changes nothing but the admin's log, by POST."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from prefcenter.lists import spreadsheets, suppressions
from prefcenter.lists.suppressions import File
from prefcenter.models import OptOut
from prefcenter.web import staff_pages
from unsubscribe.models import Suppression

from ..readonly import ReadOnlyAdmin
from .forms import AskedForm, ExportForm

SEE = ("unsubscribe.view_suppression", "unsubscribe.view_preference")
EXPORT = "prefcenter.export_opt_outs"
PER_PAGE = 50
#: A sheet is ready only when its last line is; nobody's browser waits so long for more.
XLSX_MOST = 100_000


@admin.register(Suppression)
class SuppressionAdmin(ReadOnlyAdmin):
    """Its list is that of opt-outs, which has more than suppressions; the page of one shows the record."""

    list_title = "Opt-outs"
    short_path = "opt-outs"

    def get_urls(self) -> list[URLPattern]:
        to_export = staff_pages.for_staff(export, *SEE, EXPORT)
        return [path("export/", to_export, name="unsubscribe_suppression_export"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return _list(request, title=self.list_title)


def _list(request: HttpRequest, *, title: str) -> HttpResponse:
    form = AskedForm(request.GET)
    if not request.user.has_perms(SEE):
        del form.fields["category"]
    context: dict[str, Any] = {"form": form, "most": f"{suppressions.MOST:,}"}
    if form.is_valid():
        newest = suppressions.Newest(form.asked())
        page = Paginator(range(newest.count), PER_PAGE).get_page(request.GET.get("page"))
        rows = newest.rows(max(page.start_index() - 1, 0), page.end_index())
        context |= {"newest": newest, "page": page, "rows": rows}
    if request.user.has_perms([*SEE, EXPORT]) and not form.data.get("lifted"):
        context["export"] = ExportForm(initial=request.GET.dict(), auto_id="export_%s")
    return staff_pages.page(request, "admin/opt_outs/list.html", title=title, **context)


@require_POST
def export(request: HttpRequest) -> HttpResponseBase:
    """All that the list shows with the same filters, on every page of it, as a file."""
    form = ExportForm(request.POST)
    if not form.is_valid():
        said = " ".join(str(sentence) for sentences in form.errors.values() for sentence in sentences)
        return _nothing(request, form, f"Nothing was exported. {said}")
    file = suppressions.prepare(form.asked(), form.cleaned_data["format"])
    if why := _why_not(file):
        return _nothing(request, form, f"Nothing was exported. {why}")
    # Before the first line leaves: whoever breaks off has had some.
    spreadsheets.log_many(request.user.pk, OptOut, count=file.count, message=file.in_words())
    if file.left_out.in_words:
        messages.warning(request, f"Not in the file “{file.kind}”: {'; '.join(file.left_out.in_words)}.")
    return _answer(file)


def _why_not(file: File) -> str:
    if not file.count:
        return " ".join(
            ["There is nothing to export in this format.", *map("Not exported: {}.".format, file.left_out.in_words)]
        )
    if file.format.suffix == "xlsx" and file.count > XLSX_MOST:
        return f"There are {file.count:,} rows, and XLSX is limited to {XLSX_MOST:,}. Choose CSV instead."
    return ""


def _nothing(request: HttpRequest, form: AskedForm, said: str) -> HttpResponse:
    messages.warning(request, said)
    return redirect(f"{reverse('admin:unsubscribe_suppression_changelist')}?{form.query}")


def _answer(file: File) -> HttpResponseBase:
    name, format_ = file.name(timezone.localdate()), file.format
    if format_.suffix == "xlsx":
        return spreadsheets.answer_xlsx(name, format_.header, file.rows())
    return spreadsheets.answer_csv(name, format_.header, file.rows(), is_for_people=format_.is_for_people)
