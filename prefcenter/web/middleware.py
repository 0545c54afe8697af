"""What holds for the whole site: links work under any host name, pages speak the reader's language, errors are calm."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.request import split_domain_port, validate_host
from django.http.response import HttpResponseBase
from django.middleware.common import CommonMiddleware
from django.shortcuts import render
from django.utils import translation
from django.utils.http import escape_leading_slashes
from redis import RedisError

from prefcenter.web import languages, problems
from unsubscribe.links import SHORT, LinkPurpose
from unsubscribe.links.token_text import BEFORE_KIND, BEHIND_KIND
from unsubscribe.views import AWAY, BROKEN_OFF, sentence, unfit_body

GetResponse = Callable[[HttpRequest], HttpResponse]

#: The links in messages, as their URLs read them.
_TOKENS = re.compile(rf"{BEFORE_KIND}(?i:[{''.join(LinkPurpose)}{SHORT}]){BEHIND_KIND}(?:/|$)")
#: And where their pages lead.
_LINKS = re.compile(rf"{_TOKENS.pattern}|/(?:preferences/|accounts/|logo)")
#: The page that takes files.
UPLOAD = "/admin/imports/new/"
#: What browsers get in the dress of the site. Mail programs and other machines get the sentence as it is.
_DRESSED = {405, 413, 429, 503}


class AnyHostForLinks:
    """A mail sent years ago may name a host we have since left; its links still work (requirement E4).

    Safe, because nothing behind a link builds a URL from the Host header: all of them start with SITE_URL. Behind a
    token no cookie counts either, so that none is renewed or taken away in the answer (law 5).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _LINKS.match(request.path_info) and not _is_known(request.META.get("HTTP_HOST", "")):
            request.META["HTTP_HOST"] = urlsplit(settings.SITE_URL).netloc
        if _TOKENS.match(request.path_info):
            request.META.pop("HTTP_COOKIE", None)
        return self.get_response(request)


def _is_known(host: str) -> bool:
    return validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)


class ReadersLanguage:
    """Everything but the admin speaks the language of whoever reads."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_admin = request.path_info.startswith("/admin/")
        with translation.override(settings.LANGUAGE_CODE if is_admin else languages.of(request)):
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language() or "")
        return response


class LastSlash(CommonMiddleware):
    """Leads to the URL with a slash at its end where only that exists, and a form with all that was sent: after any
    other redirect than 308 a POST becomes a GET (RFC 9110, section 15.4)."""

    def get_full_path_with_slash(self, request: HttpRequest) -> str:
        """Django's own refuses to redirect a form while DEBUG is on."""
        return escape_leading_slashes(request.get_full_path(force_append_slash=True))

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        answer = super().process_response(request, response)
        if answer is not response and request.method not in {"GET", "HEAD"}:
            answer.status_code = 308
        return answer


class CalmErrors:
    """503 with Retry-After while the database is away, or a cache without which the limits of signing in cannot be
    counted, and 413 for a form nobody means, at every door."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # What our forms send is UTF-8. Another charset is somebody's experiment, and some of them cannot be decoded.
        request.encoding = "utf-8"
        if answer := problems.refused(request):
            return answer
        try:
            refusal = None if _is_upload(request) else unfit_body(request, most=_largest_body(request))
        except UnreadablePostError:
            refusal = sentence(BROKEN_OFF, status=400)
        if refusal:
            return dressed(request, refusal)
        return dressed(request, self.get_response(request))

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, OperationalError | InterfaceError | RedisError):
            return sentence(AWAY, status=503)
        return None


def _is_upload(request: HttpRequest) -> bool:
    """A file at the one door that takes any: it asks who brings it, and how much, before it reads."""
    return request.path_info == UPLOAD and str(request.content_type).startswith("multipart/")


def _largest_body(request: HttpRequest) -> int:
    is_api = request.path_info.startswith(problems.API)
    return settings.API_LARGEST_BODY if is_api else settings.LARGEST_FORM


def dressed(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """An error for a browser as a page with a way out; headers and status stay as they are."""
    response = problems.dressed(request, response)
    is_bare = not str(response.get("Content-Type", "")).startswith("text/html") or not response.content
    # "*/*" is what machines say.
    if response.status_code not in _DRESSED or not is_bare or "text/html" not in request.headers.get("Accept", ""):
        return response
    page = render(request, f"{response.status_code}.html")
    response.content = page.content
    response["Content-Type"] = page["Content-Type"]
    if response.has_header("Content-Length"):  # CommonMiddleware has counted the sentence
        response["Content-Length"] = str(len(response.content))
    return response
