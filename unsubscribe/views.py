"""The one-click endpoint of RFC 8058: the token in the path is all it needs, whatever the body says.

It never redirects, sets no cookie, asks for no login and no CSRF token, and answers 200 only after the commit.
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
from .choices import Source
from .errors import InvalidLink

View = Callable[..., HttpResponse]

#: A one-click body is 26 bytes; a form of ours some hundred.
LARGEST_BODY = 64 * 1024
DONE = "You're unsubscribed. This takes effect immediately."
UNKNOWN = "This link isn't valid. It may have been cut off when it was copied."
TOO_LARGE = "This request is too large. Nothing was changed."
NO_LENGTH = "This request doesn't state its length. Nothing was changed."
BROKEN_OFF = "This request was cut off. Nothing was changed."
NOT_ALLOWED = "To unsubscribe, send a POST request to this URL."
AWAY = "We can't save your request right now. Please try again in a minute."
RETRY_SECONDS = 60


def behind_link(view: View) -> View:
    """For every view behind a token: requirement E13's headers, no CSRF cookie, the whole body before anything is
    done (413 for bodies nobody means, 400 for one that broke off), and 503 while the database is away, so that nobody
    reads a false "done"."""

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
    """The refusal of a body of more than `most` bytes; None for any other.

    A body that comes without its length, in chunks (RFC 9112, section 7.1) or by HTTP/2, is read here and has a length
    from then on. To Django it would be empty, and a form of ours would pass for a one-click. Where the server does not
    say that it ends such a body, 411. Raises UnreadablePostError.
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
    announced = str(request.META.get("CONTENT_LENGTH", ""))
    return int(announced) if announced.isdecimal() else 0


def private(response: HttpResponse, *, referrer: str = "no-referrer") -> HttpResponse:
    """No cache keeps it, no search engine lists it, no other site learns its address (requirement E13).

    Where a form is checked by Django's CSRF protection, `referrer` has to be "same-origin": without any, browsers
    send `Origin: null`.
    """
    add_never_cache_headers(response)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = referrer
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def sentence(text: str, *, status: int = 200) -> HttpResponse:
    response = HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")
    if status == 503:
        response["Retry-After"] = str(RETRY_SECONDS)
    return response


@behind_link
def one_click(request: HttpRequest, token: str = "") -> HttpResponse:
    """POST opts out; there is no page here (RFC 8058, section 3.2). A site puts its own page on GET."""
    if request.method == "OPTIONS":
        response = HttpResponse(status=204)
    elif request.method == "POST":
        return opt_out(token)
    else:
        response = sentence(NOT_ALLOWED, status=405)
    response["Allow"] = "POST, OPTIONS"
    return response


def opt_out(token: str) -> HttpResponse:
    """Whatever the body says. One uniform 404 for every token that is none of ours (requirement E7)."""
    now = timezone.now()
    try:
        target = links.read(token, today=timezone.localtime(now).date())
        queries.address(target)
    except InvalidLink:
        return sentence(UNKNOWN, status=404)
    actions.opt_out([links.asked_for(target)], source=Source.ONE_CLICK, now=now, wording="one-click")
    return sentence(DONE)
