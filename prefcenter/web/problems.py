"""The API's errors, as problem details (RFC 9457). No address is ever in one (law 10)."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

CONTENT_TYPE = "application/problem+json"
#: The beginning of the API's paths.
API = "/api/"
#: Paths with nothing behind them, which Django would redirect to the same with a slash: a POST would become a GET.
_NOTHING = {"/api", "/api/v1"}


class Problem(Exception):
    """Raised by the API's views to answer with this status and sentence; parameters as of `answer`."""

    def __init__(self, status: int, detail: str, *, errors: Sequence[dict[str, str]] = (), **headers: str) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors, self.headers = status, detail, errors, headers


def answer(status: int, detail: str, *, errors: Sequence[dict[str, str]] = (), **headers: str) -> HttpResponse:
    """A problem.

    status:  the HTTP status, whose phrase is the title
    detail:  what is wrong, in a sentence
    errors:  objects that name the places in the body and what is wrong there
    headers: further headers, with underscores for hyphens
    """
    body: dict[str, Any] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    body |= {"detail": detail} | ({"errors": list(errors)} if errors else {})
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE, headers=named)


def refused(request: HttpRequest) -> HttpResponse | None:
    """The problem with which a request to the API is refused before it is read; None for any other.

    By plain http it is refused and not redirected: a redirected POST becomes a GET, which looks like success.
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
    """The response as a problem if it is an error of the API that is not JSON yet; Allow and Retry-After stay."""
    sentence = _SENTENCES.get(response.status_code)
    is_json = "json" in str(response.get("Content-Type", ""))
    if sentence is None or is_json or not request.path_info.startswith(API):
        return response
    kept = {name: response[name] for name in ("Allow", "Retry-After") if response.has_header(name)}
    made = answer(response.status_code, sentence)
    for name, value in kept.items():
        made[name] = value
    return made
