"""The pages as somebody made up would see them, for the staff, in a frame of the admin. Nothing on them acts."""

from collections.abc import Callable

from csp.constants import NONE, SELF
from csp.decorators import csp_replace
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone, translation
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from prefcenter.web import preview_data
from prefcenter.web.preview_data import NOWHERE, PreviewKind
from unsubscribe.models import Category

from . import preference_center, results, unsubscribe
from .sheet_form import PreferencesForm
from .visits import Visit

#: Also where the page is opened outside its frame. With its origin it keeps the session that the switch needs.
_TIED_UP = {
    "frame-ancestors": [SELF],
    "form-action": [NONE],
    "script-src": [NONE],
    "sandbox": ["allow-same-origin"],
}


@preview_data.for_staff
@require_safe
@xframe_options_sameorigin
@csp_replace(_TIED_UP)  # type: ignore[arg-type]  # its stubs know no view with arguments
def show(request: HttpRequest, category_id: int, kind: str) -> HttpResponse:
    category = get_object_or_404(Category, id=category_id)
    if kind not in _PAGES or kind not in preview_data.kinds(category):
        raise Http404
    language = preview_data.language(request)
    with translation.override(language):
        page = _PAGES[PreviewKind(kind)](category)
    page["Content-Language"] = language
    return page


def _unsubscribe(category: Category) -> HttpResponse:
    visit = _visit("GET", category)
    return render(visit.request, unsubscribe.TEMPLATE, unsubscribe.shown(visit, preview_data.sheet(category)))


def _done(category: Category) -> HttpResponse:
    return results.changed(_visit("POST", category), [preview_data.event(category)], receipt="preview")


def _preferences(category: Category) -> HttpResponse:
    visit, sheet = _visit("GET", category), preview_data.sheet(category)
    context = preference_center.shown(visit, sheet) | {"form": PreferencesForm(sheet)}
    return render(visit.request, preference_center.TEMPLATE, context)


_PAGES: dict[str, Callable[[Category], HttpResponse]] = {
    PreviewKind.UNSUBSCRIBE: _unsubscribe,
    PreviewKind.DONE: _done,
    PreviewKind.PREFERENCES: _preferences,
}


def _visit(method: str, category: Category) -> Visit:
    """The recipient's, and not that of the staff: the pages know nobody."""
    request = HttpRequest()
    request.method = method
    address = preview_data.address()
    context = {"masked": str(address), "preferences_url": NOWHERE, "privacy_url": NOWHERE}
    return Visit(request, None, address, preview_data.target(category), timezone.now(), context, is_proved=False)
