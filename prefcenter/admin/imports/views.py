"""Imports: hand in a file, see what it would do, confirm, watch, take the report. Workers do what is decided here."""

from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.models import ADDITION
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from prefcenter.lists import imports, spreadsheets
from prefcenter.lists.imports import NotNow, Unanswered, report
from prefcenter.lists.reader import TableError
from prefcenter.models import ImportAnswer, ImportRun, ImportState, User
from prefcenter.web import staff_pages
from unsubscribe.views import content_length

from .forms import AnswersForm, OptionsForm, UploadForm, too_large
from .page import RunPage, TakeBackPreview

IMPORT = "prefcenter.import_opt_outs"
#: The fields of the form and what divides them, beside the file.
_AROUND_THE_FILE = 64 * 1024

View = Callable[..., HttpResponseBase]


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponseBase:
    """Looks at the length first, and at who asks even before: what is checked for its CSRF token is read as a whole."""
    if content_length(request) > settings.IMPORT_MAX_MB * 2**20 + _AROUND_THE_FILE:
        return _form(request, UploadForm(), said=too_large(), status=413)
    return _new(request)


@csrf_protect
def _new(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _form(request, UploadForm())
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _form(request, form)
    file = form.cleaned_data["file"]
    try:
        run = imports.hand_in(
            file.chunks(), form.options, file_name=file.name, user_id=request.user.pk, now=timezone.now()
        )
    except TableError as error:
        form.add_error("file", str(error))
        return _form(request, form)
    said = f"Uploaded a file of {_kind(run)}: {imports.label(run)}, {run.size:,} bytes."
    staff_pages.log(request, run, said, flag=ADDITION)
    return redirect("admin:prefcenter_importrun_page", run.pk)


@require_http_methods(["GET", "HEAD"])
def run(request: HttpRequest, run_id: int) -> HttpResponse:
    return _page(request, _run(run_id))


@require_POST
def check(request: HttpRequest, run_id: int) -> HttpResponse:
    """Once more, with other options."""
    one, form = _run(run_id), OptionsForm(request.POST)
    if not form.is_valid():
        return _page(request, one, form=form)
    said = f"Checked an import again, as {form.options.kind.label.lower()}."
    return _do(request, one, lambda: imports.check_again(one, form.options), said)


@require_POST
def answer(request: HttpRequest, run_id: int) -> HttpResponse:
    """What its columns mean. It is kept for the next file, and this one is checked again."""
    one = _run(run_id)
    if request.POST.get("checked") != RunPage(one).checked:
        return _refused(request, one, NotNow())
    form = AnswersForm(imports.questions(one), request.POST)
    if not form.is_valid():
        return _page(request, one, answers_form=form)
    said = f"Answered what {len(form.said)} columns of an import mean and checked it again."
    return _do(
        request, one, lambda: imports.answer(one, form.said, user_id=_user_id(request), now=timezone.now()), said
    )


@require_POST
def forget(request: HttpRequest, answer_id: int) -> HttpResponse:
    """The next file with such a column is asked about again."""
    one = get_object_or_404(ImportAnswer, id=answer_id)
    staff_pages.log(request, one, "Deleted the answer about a column of imported files.")
    one.delete()
    return redirect("admin:prefcenter_importanswer_changelist")


@require_POST
def confirm(request: HttpRequest, run_id: int) -> HttpResponse:
    """What somebody else has had checked anew meanwhile has to be looked at again."""
    one = _run(run_id)
    if request.POST.get("checked") != RunPage(one).checked:
        return _refused(request, one, NotNow())
    said = f"Confirmed an import of {_kind(one)}: {RunPage(one).in_words}."
    return _do(request, one, lambda: imports.confirm(one, user_id=_user_id(request), now=timezone.now()), said)


@require_POST
def stop(request: HttpRequest, run_id: int) -> HttpResponse:
    one = _run(run_id)
    return _do(request, one, lambda: imports.stop(one, now=timezone.now()), f"Stopped an import of {_kind(one)}.")


@require_http_methods(["GET", "HEAD", "POST"])
def take_back(request: HttpRequest, run_id: int) -> HttpResponse:
    """What it would lift and what stays, and the button that does it."""
    one = _run(run_id)
    if request.method == "POST":
        said = f"Took an import of {_kind(one)} back."
        return _do(request, one, lambda: imports.take_back(one, user_id=_user_id(request), now=timezone.now()), said)
    if not imports.can_be_taken_back(one, now=timezone.now()):
        return _refused(request, one, NotNow())
    standing = TakeBackPreview(imports.foresee_taking_back(one), one)
    return staff_pages.page(
        request,
        "admin/imports/take_back.html",
        title=f"Take back import {one.pk}",
        run=one,
        page=RunPage(one),
        standing=standing,
    )


@require_http_methods(["GET", "HEAD"])
def problems(request: HttpRequest, run_id: int) -> HttpResponseBase:
    one = _run(run_id)
    return spreadsheets.answer_csv(f"import-{one.pk}-lines", report.HEADER, report.lines(one))


def _do(request: HttpRequest, one: ImportRun, what: Callable[[], None], said: str) -> HttpResponse:
    try:
        what()
    except (NotNow, Unanswered) as error:
        return _refused(request, one, error)
    staff_pages.log(request, one, said)
    return redirect("admin:prefcenter_importrun_page", one.pk)


def _refused(request: HttpRequest, one: ImportRun, why: Exception) -> HttpResponse:
    messages.error(request, str(why))
    return redirect("admin:prefcenter_importrun_page", one.pk)


def _user_id(request: HttpRequest) -> int:
    return cast(User, request.user).pk


def _kind(one: ImportRun) -> str:
    return one.get_kind_display().lower()


def _run(run_id: int) -> ImportRun:
    return get_object_or_404(ImportRun.objects.select_related("category", "created_by", "confirmed_by"), id=run_id)


def _page(
    request: HttpRequest, one: ImportRun, *, form: OptionsForm | None = None, answers_form: AnswersForm | None = None
) -> HttpResponse:
    options = imports.options_of(one)._asdict() | {"category": one.category_id}
    return staff_pages.page(
        request,
        "admin/imports/run.html",
        title=f"Import {one.pk}",
        run=one,
        page=RunPage(one),
        form=form or OptionsForm(initial=options),
        answers=answers_form or AnswersForm(imports.questions(one)),
        is_ready=one.state == ImportState.READY,
    )


def _form(request: HttpRequest, form: UploadForm, *, said: str = "", status: int = 200) -> HttpResponse:
    return staff_pages.page(
        request, "admin/imports/new.html", title="Import a file", form=form, said=said, status=status
    )


def urls() -> list[URLPattern]:
    """Below the list of imports."""
    one = "<int:run_id>/"
    pages: list[tuple[str, View, str]] = [
        ("new/", new, "new"),
        (one, run, "page"),
        (f"{one}check/", check, "check"),
        (f"{one}answer/", answer, "answer"),
        (f"{one}confirm/", confirm, "confirm"),
        (f"{one}stop/", stop, "stop"),
        (f"{one}take-back/", take_back, "take_back"),
        (f"{one}lines/", problems, "lines"),
    ]
    return [
        path(at, staff_pages.for_staff(view, IMPORT), name=f"prefcenter_importrun_{name}") for at, view, name in pages
    ]
