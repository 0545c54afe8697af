"""What holds for the whole site: links work under any host name, and a database that is away says so calmly."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port, validate_host

from unsubscribe.views import AWAY, TOO_LARGE, content_length, sentence

GetResponse = Callable[[HttpRequest], HttpResponse]


class AnyHostForLinks:
    """A mail sent years ago may name a host we have since left; its links still work (requirement E4).

    Safe, because nothing behind a link builds a URL from the Host header: all of them start with SITE_URL.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(("/u/", "/p/")) and not _is_known(request.META.get("HTTP_HOST", "")):
            request.META["HTTP_HOST"] = urlsplit(settings.SITE_URL).netloc
        return self.get_response(request)


def _is_known(host: str) -> bool:
    return validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)


class CalmErrors:
    """503 with Retry-After while the database is away, and 413 for a form nobody means, at every door."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Files come as multipart and have limits of their own, where they are taken.
        is_file = str(request.content_type).startswith("multipart/")
        if not is_file and content_length(request) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return sentence(TOO_LARGE, status=413)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, OperationalError | InterfaceError):
            return sentence(AWAY, status=503)
        return None
