"""The one-click endpoint of RFC 8058: the token in the path is all it reads, and all it needs.

It never redirects, sets no cookie, asks for no login and no CSRF token, and answers 200 only after the commit.
"""

import functools
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import csrf_exempt

from . import actions, conf, links, queries
from .choices import OneClickScope, Source
from .errors import InvalidLink

View = Callable[..., HttpResponse]

#: A one-click body is 26 bytes; a form of ours some hundred.
LARGEST_BODY = 64 * 1024
DONE = "You are unsubscribed. It takes effect at once."
UNKNOWN = "This link is not valid. It may have been cut off when it was copied."
TOO_LARGE = "This request is too large. Nothing was changed."
NOT_ALLOWED = "This address takes a POST request to unsubscribe."
AWAY = "We cannot store your wish at this moment. Please try again in a minute."
RETRY_SECONDS = 60


def behind_link(view: View) -> View:
    """For every view behind a token: requirement E13's headers, no CSRF cookie, 413 for bodies nobody means,
    and 503 while the database is away, so that nobody reads a false "done"."""

    @csrf_exempt
    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if content_length(request) > LARGEST_BODY:
            return private(sentence(TOO_LARGE, status=413))
        try:
            return private(view(request, *args, **kwargs))
        except (OperationalError, InterfaceError):
            return private(sentence(AWAY, status=503))

    return guarded


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
    if conf.one_click_scope() == OneClickScope.EVERYTHING:
        target = target._replace(category_id=None)
    actions.opt_out([target], source=Source.ONE_CLICK, now=now, wording="one-click")
    return sentence(DONE)
