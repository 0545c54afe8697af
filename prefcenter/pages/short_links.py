"""The page behind a short link, which stands in text messages. Its form posts back to the same URL."""

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from prefcenter.pages import link_failures
from unsubscribe import links, queries, views
from unsubscribe.errors import InvalidLink

from .request_link import network
from .unsubscribe import answer, not_allowed, sent_form, unknown_link


@views.behind_link
def short(request: HttpRequest, token: str = "") -> HttpResponse:
    """The unsubscribe page. No mail program has this link, so that a POST without our form is no one-click: it gets
    the page, and changes nothing."""
    if request.method not in {"GET", "HEAD", "POST"}:
        return not_allowed(request)
    now = timezone.now()
    form = (sent_form(request) or QueryDict()) if request.method == "POST" else None
    try:
        target, issued_on = queries.short_link(token)
        preferences_url = links.preferences_url(target, today=issued_on)
        return answer(request, form, target, preferences_url=preferences_url, now=now)
    except InvalidLink:
        return _refused(request)


def _refused(request: HttpRequest) -> HttpResponse:
    """The same for every link that is none of ours, until a network has tried too many."""
    if seconds := link_failures.count(network(request)):
        response = views.sentence(_("Too many invalid links. Please wait a while and try again."), status=429)
        response["Retry-After"] = str(seconds)
        return response
    return unknown_link(request)
