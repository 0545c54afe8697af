"""The site's middleware: links under any host name, the reader's language, closing slashes, errors as pages."""

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

from prefcenter.web import languages, problems, staff_pages
from unsubscribe.links import SHORT, LinkPurpose
from unsubscribe.links.token_text import BEFORE_KIND, BEHIND_KIND
from unsubscribe.views import AWAY, BROKEN_OFF, sentence, unfit_body

GetResponse = Callable[[HttpRequest], HttpResponse]

#: The paths of links in messages, as prefcenter.urls has them.
_TOKENS = re.compile(rf"{BEFORE_KIND}(?i:[{''.join(LinkPurpose)}{SHORT}]){BEHIND_KIND}(?:/|$)")
#: And those of the pages they lead to.
_LINKS = re.compile(rf"{_TOKENS.pattern}|/(?:preferences/|accounts/|logo)")
ADMIN = "/admin/"
#: The page that takes files.
UPLOAD = f"{ADMIN}imports/new/"
#: The errors that browsers get as a page. Mail programs and other clients get the plain sentence.
_DRESSED = {405, 413, 429, 503}


class AnyHostForLinks:
    """Lets links work under host names that are not in ALLOWED_HOSTS, such as former ones (requirements E4 and E8).

    That is safe because no page behind a link builds URLs from the Host header: all begin with SITE_URL. Cookies are
    removed from requests with a token, so that the answer neither sets nor deletes one (law 5).
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
    """Activates the reader's language (languages.of), in the admin LANGUAGE_CODE, and sets Content-Language."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_admin = request.path_info.startswith(ADMIN)
        with translation.override(settings.LANGUAGE_CODE if is_admin else languages.of(request)):
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language() or "")
        return response


class LastSlash(CommonMiddleware):
    """Redirects to the URL with a closing slash where only that exists; a POST by 308, because after any other redirect
    it becomes a GET (RFC 9110, section 15.4)."""

    def get_full_path_with_slash(self, request: HttpRequest) -> str:
        """Without Django's refusal to redirect a form under DEBUG."""
        return escape_leading_slashes(request.get_full_path(force_append_slash=True))

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        answer = super().process_response(request, response)
        if answer is not response and request.method not in {"GET", "HEAD"}:
            answer.status_code = 308
        return answer


class CalmErrors:
    """Answers 503 with Retry-After while the database or the cache is away, 413 for a body that is too large and 400
    for one that was cut off, and dresses errors, for every URL."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # The site's forms send UTF-8; some other charsets cannot be decoded.
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
    """Whether this is an upload to the one page that takes files; its view checks permission and size before it
    reads."""
    return request.path_info == UPLOAD and str(request.content_type).startswith("multipart/")


def _largest_body(request: HttpRequest) -> int:
    is_api = request.path_info.startswith(problems.API)
    return settings.API_LARGEST_BODY if is_api else settings.LARGEST_FORM


def dressed(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """For a browser, the site's page for an error that has no HTML; for the API, a problem. Status and headers stay."""
    response = problems.dressed(request, response)
    is_bare = not str(response.get("Content-Type", "")).startswith("text/html") or not response.content
    # Other clients send "*/*".
    if response.status_code not in _DRESSED or not is_bare or "text/html" not in request.headers.get("Accept", ""):
        return response
    if response.status_code == 405 and request.path_info.startswith(ADMIN):
        page = staff_pages.page(request, "admin/405.html", title="This page can’t be opened directly")
    else:
        page = render(request, f"{response.status_code}.html")
    response.content = page.content
    response["Content-Type"] = page["Content-Type"]
    if response.has_header("Content-Length"):  # CommonMiddleware set it for the sentence
        response["Content-Length"] = str(len(response.content))
    return response
