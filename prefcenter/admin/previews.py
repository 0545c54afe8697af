"""What people see of a category, in each language, at the width of a phone and of a desktop. A GET changes nothing."""

from typing import Any

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone, translation
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from prefcenter.web import preview_data, staff_pages
from prefcenter.web.languages import PARAMETER
from prefcenter.web.preview_data import MAILS, PreviewKind
from unsubscribe.models import Category
from unsubscribe.outbox.compose import EmailText

_NAME = "admin:unsubscribe_category_preview"
#: A mail brings its own styles, and nothing in it may do anything else.
_AS_MAIL = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "script-src": [NONE],
    "img-src": ["data:"],
    "frame-ancestors": [SELF],
    "form-action": [NONE],
    "sandbox": ["allow-same-origin"],
}


@require_safe
def first(request: HttpRequest) -> HttpResponse:
    """For who comes from no category: the one that stands first on the preference page."""
    category = Category.objects.filter(retired_at=None).first()
    if category is None:
        messages.info(request, "There are no categories yet. Add one to see a preview.")
        return redirect("admin:index")
    return redirect(_NAME, category.pk)


@require_safe
def preview(request: HttpRequest, category_id: int, kind: str = "") -> HttpResponse:
    category = get_object_or_404(Category, id=category_id)
    kinds = preview_data.kinds(category)
    shown, language = _kind(kind or kinds[0], category), preview_data.language(request)
    query = f"?{PARAMETER}={language}"
    frame = f"{_NAME}_mail" if shown in MAILS else "preview_page"
    context: dict[str, Any] = {
        "title": f"Preview of “{category}”",
        "category": category,
        "kinds": [(one, reverse(f"{_NAME}_kind", args=[category.pk, one.value]) + query) for one in kinds],
        "kind": shown,
        "languages": settings.LANGUAGES,
        "language": language,
        "address": preview_data.ADDRESS,
        "letter": _letter(shown, category, language) if shown in MAILS else None,
        "frame_url": reverse(frame, args=[category.pk, shown]) + query,
    }
    return staff_pages.page(request, "admin/previews/preview.html", **context)


@require_safe
@xframe_options_sameorigin
@csp_replace(_AS_MAIL)  # type: ignore[arg-type]  # its stubs know no view with arguments
def mail(request: HttpRequest, category_id: int, kind: str) -> HttpResponse:
    """The HTML of a mail, as a mail program shows it."""
    category = get_object_or_404(Category, id=category_id)
    shown, language = _kind(kind, category), preview_data.language(request)
    if shown not in MAILS:
        raise Http404
    return HttpResponse(_letter(shown, category, language).html, headers={"Content-Language": language})


def _kind(name: str, category: Category) -> PreviewKind:
    if name not in preview_data.kinds(category):
        raise Http404
    return PreviewKind(name)


def _letter(kind: PreviewKind, category: Category, language: str) -> EmailText:
    with translation.override(language):
        return preview_data.letter(kind, category, today=timezone.localdate())


def urls() -> list[URLPattern]:
    of_a_kind, for_staff = "<int:category_id>/<str:kind>/", preview_data.for_staff
    return [
        path("", for_staff(first), name="unsubscribe_category_first_preview"),
        path("<int:category_id>/", for_staff(preview), name="unsubscribe_category_preview"),
        path(of_a_kind, for_staff(preview), name="unsubscribe_category_preview_kind"),
        path(f"{of_a_kind}mail/", for_staff(mail), name="unsubscribe_category_preview_mail"),
    ]
