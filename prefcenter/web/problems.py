"""Errors for machines, in the one shape of RFC 9457. It says what is wrong in a sentence, and never whose address."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

CONTENT_TYPE = "application/problem+json"
#: Where machines are answered.
API = "/api/"
#: Here is nothing, and Django would redirect to it with a slash: a redirected POST is a GET.
_NOTHING = {"/api", "/api/v1"}


class Problem(Exception):
    """Ends a request with this status and sentence; `errors` name the places in the body."""

    def __init__(self, status: int, detail: str, *, errors: Sequence[dict[str, str]] = (), **headers: str) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors, self.headers = status, detail, errors, headers


def answer(status: int, detail: str, *, errors: Sequence[dict[str, str]] = (), **headers: str) -> HttpResponse:
    """`headers` with underscores for hyphens."""
    body: dict[str, Any] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    body |= {"detail": detail} | ({"errors": list(errors)} if errors else {})
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE, headers=named)


def refused(request: HttpRequest) -> HttpResponse | None:
    """What is wrong with how a request comes to a door for machines, before anybody reads it; None if nothing is.

    A redirect to https would turn a POST into a GET, and the caller would believe that it was taken.
    """
    if request.path_info in _NOTHING:
        return answer(404, _SENTENCES[404])
    if not request.path_info.startswith(API):
        return None
    if settings.SECURE_SSL_REDIRECT and not request.is_secure():
        return answer(403, "Use https. If you sent an API key, revoke it: it was not encrypted.")
    if request.headers.get("Transfer-Encoding"):
        return answer(411, "Send the length of the body in a Content-Length header.")
    if request.headers.get("Content-Encoding"):
        return answer(415, "Send the body uncompressed.")
    return None


_SENTENCES = {
    400: "The request is invalid.",
    404: "Not found.",
    405: "This method is not allowed here.",
    413: "The request is too large. Nothing was changed.",
    500: "Something went wrong on our side. The error was logged. Try again later.",
    503: "The database is unavailable. Nothing was changed. Try again in a minute.",
}


def dressed(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """An error that was made for people, at a door for machines."""
    sentence = _SENTENCES.get(response.status_code)
    is_json = "json" in str(response.get("Content-Type", ""))
    if sentence is None or is_json or not request.path_info.startswith(API):
        return response
    kept = {name: response[name] for name in ("Allow", "Retry-After") if response.has_header(name)}
    made = answer(response.status_code, sentence)
    for name, value in kept.items():
        made[name] = value
    return made
