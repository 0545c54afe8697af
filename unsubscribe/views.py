"""The one-click endpoint of RFC 8058: the token in the path is all it needs, whatever the body says.

It never redirects, sets no cookie, asks for no login and no CSRF token, and answers 200 only after the commit
(requirements E1 to E7, E10).
"""

import functools
from collections.abc import Callable
from io import BytesIO
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import csrf_exempt

from . import actions, links, queries
from .actions import Origin
from .choices import Source
from .errors import InvalidLink

View = Callable[..., HttpResponse]

#: In bytes. A one-click body has 26, a form of the pages a few hundred.
LARGEST_BODY = 64 * 1024
DONE = "You're unsubscribed. This takes effect immediately."
UNKNOWN = InvalidLink.message
TOO_LARGE = "This request is too large. Nothing was changed."
NO_LENGTH = "This request doesn't state its length. Nothing was changed."
BROKEN_OFF = "This request was cut off. Nothing was changed."
NOT_ALLOWED = "To unsubscribe, send a POST request to this URL."
AWAY = "We can't save your request right now. Please try again in a minute."
RETRY_SECONDS = 60


def behind_link(view: View) -> View:
    """Decorates every view behind a token: exempt from Django's CSRF check, with the headers of requirement E13.

    The body is read before the view runs: 413 if it is larger than LARGEST_BODY, 411 as unfit_body says, 400 if it was
    cut off. 503 with Retry-After while the database is away.
    """

    @csrf_exempt
    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        try:
            if refusal := unfit_body(request, most=LARGEST_BODY):
                return private(refusal)
            if len(request.body) < content_length(request):
                return private(sentence(BROKEN_OFF, status=400))
            return private(view(request, *args, **kwargs))
        except UnreadablePostError:
            return private(sentence(BROKEN_OFF, status=400))
        except (OperationalError, InterfaceError):
            return private(sentence(AWAY, status=503))

    return guarded


def unfit_body(request: HttpRequest, *, most: int) -> HttpResponse | None:
    """The response that refuses a body of more than `most` bytes (413); None for any other.

    A body without a length, in chunks (RFC 9112, section 7.1) or by HTTP/2, is read here and given its length: Django
    would take it as empty, and a form of the pages would count as a one-click. 411 where the server does not say that
    it ends such a body (wsgi.input_terminated). Raises UnreadablePostError.
    """
    if not _is_unmeasured(request):
        return sentence(TOO_LARGE, status=413) if content_length(request) > most else None
    environ = getattr(request, "environ", None)
    if environ and not environ.get("wsgi.input_terminated"):
        return sentence(NO_LENGTH, status=411) if "HTTP_TRANSFER_ENCODING" in request.META else None
    # Under ASGI there is no environ, and all of the body is there.
    body = _read(environ["wsgi.input"] if environ else getattr(request, "_stream", BytesIO()), most + 1)
    if len(body) > most:
        return sentence(TOO_LARGE, status=413)
    request._stream = BytesIO(body)  # where Django reads from, WSGI and ASGI alike
    request.META["CONTENT_LENGTH"] = str(len(body))
    request.META.pop("HTTP_TRANSFER_ENCODING", None)
    return None


def _is_unmeasured(request: HttpRequest) -> bool:
    """A Transfer-Encoding overrides any Content-Length (RFC 9112, section 6.3)."""
    if request.method in {"GET", "HEAD", "OPTIONS", "TRACE"}:
        return False
    return "HTTP_TRANSFER_ENCODING" in request.META or not request.META.get("CONTENT_LENGTH")


def _read(stream: Any, most: int) -> bytes:
    body = b""
    try:
        while len(body) < most and (part := stream.read(most - len(body))):
            body += part
    except OSError as error:
        raise UnreadablePostError(*error.args) from error
    return body


def content_length(request: HttpRequest) -> int:
    """The Content-Length in bytes; 0 where it is missing or not a number."""
    announced = str(request.META.get("CONTENT_LENGTH", ""))
    return int(announced) if announced.isdecimal() else 0


def private(response: HttpResponse, *, referrer: str = "no-referrer") -> HttpResponse:
    """The response with the headers that keep it from caches, search engines and other sites' logs (requirement E13).

    referrer: the Referrer-Policy. "same-origin" for a form that Django's CSRF protection checks, because with
              "no-referrer" browsers send `Origin: null`
    """
    add_never_cache_headers(response)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = referrer
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def sentence(text: str, *, status: int = 200) -> HttpResponse:
    """`text` as plain text; a 503 has a Retry-After."""
    response = HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")
    if status == 503:
        response["Retry-After"] = str(RETRY_SECONDS)
    return response


@behind_link
def one_click(request: HttpRequest, token: str = "") -> HttpResponse:
    """POST opts out, whatever its body (RFC 8058, section 3.2); 204 for OPTIONS, 405 for the rest. A site that has a
    page for GET routes the path to a view of its own."""
    if request.method == "OPTIONS":
        response = HttpResponse(status=204)
    elif request.method == "POST":
        return opt_out(token)
    else:
        response = sentence(NOT_ALLOWED, status=405)
    response["Allow"] = "POST, OPTIONS"
    return response


def opt_out(token: str) -> HttpResponse:
    """Opts out by the token and answers 200; the same 404 for every token that is not valid (requirement E7)."""
    now = timezone.now()
    try:
        target = links.read(token, today=timezone.localtime(now).date())
        queries.address(target)
    except InvalidLink:
        return sentence(UNKNOWN, status=404)
    actions.opt_out([links.asked_for(target)], Origin(Source.ONE_CLICK, now, wording="one-click"))
    return sentence(DONE)
