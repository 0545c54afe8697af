"""The API as one thing: its endpoints, its errors, its limits, and the document that describes them."""

import logging
from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.docs import Swagger

from prefcenter.web import problems
from prefcenter.web.problems import CONTENT_TYPE, Problem

from . import audience, catalogue, contacts, domains, events, preferences, suppressions
from .idempotency import met_another

logger = logging.getLogger(__name__)

_INTRODUCTION = """
Ask before each mailing whom you may write to (`POST /audience`), tell us of every no that reached you
(`POST /suppressions`), and hear of those that reached us (`GET /events`, or webhooks).

Send the key as `Authorization: Bearer …`. Every write takes an `Idempotency-Key`: a request that comes again within a
day gets the answer of the first. Errors are problem details (RFC 9457).
"""
#: What any endpoint may answer besides its own; 409 where somebody's own no stands against it.
_PROBLEMS = {
    400: "The request cannot be understood: its body is no JSON.",
    401: "No valid key, or a key in the URL.",
    403: "The key lacks the scope.",
    404: "What the URL names is not there.",
    409: "The person's own no stands against it.",
    411: "The body comes without its length.",
    413: "The body is too large.",
    415: "The body is compressed.",
    422: "Something in the request is wrong; `errors` say what, and where. Nothing was changed.",
    429: "Too many requests with this key; `Retry-After` says in how many seconds to come again.",
    503: "The database is away. Nothing was changed; `Retry-After` says when to come again.",
}


class ProblemDetails(Schema):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] | None = None


class Api(NinjaAPI):
    def get_openapi_schema(self, **kwargs: Any) -> Any:
        """With the errors, which are the same everywhere."""
        schema = super().get_openapi_schema(**kwargs)
        details = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
        schema["components"]["schemas"]["ProblemDetails"] = details
        content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
        errors = {str(code): {"description": said, "content": content} for code, said in _PROBLEMS.items()}
        for path in schema["paths"].values():
            for operation in path.values():
                operation["responses"] = {str(code): one for code, one in operation["responses"].items()} | errors
        return schema


_SAID = {"extra_forbidden": "There is a field here that is not in the document."}

api = Api(
    title="prefcenter",
    version="1",
    description=_INTRODUCTION,
    urls_namespace="api",
    docs=Swagger(settings={"deepLinking": True, "validatorUrl": None}),
)
for router in (
    audience.router,
    contacts.router,
    preferences.router,
    suppressions.router,
    domains.router,
    events.router,
):
    api.add_router("", router)
api.add_router("", catalogue.router)


@api.exception_handler(Problem)
def _problem(request: HttpRequest, problem: Problem) -> HttpResponse:
    named = problem.headers | ({"WWW_Authenticate": "Bearer"} if problem.status == 401 else {})
    return problems.answer(problem.status, problem.detail, errors=problem.errors, **named)


@api.exception_handler(AuthenticationError)
def _unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return problems.answer(401, "Please send a key as “Authorization: Bearer …”.", WWW_Authenticate="Bearer")


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Where and what, but not the value: it may be an address."""
    errors = [
        {"at": _place(one["loc"]), "detail": _SAID.get(one["type"], str(one["msg"]))} for one in error.errors[:100]
    ]
    return problems.answer(422, "Something in this request is wrong. Nothing was changed.", errors=errors)


def _place(loc: Sequence[str | int]) -> str:
    """In the words of the document: a field that the caller made up may be an address too."""
    known = [str(part) for part in loc[1:] if isinstance(part, int) or part in _documented()]
    return ".".join(known) or str(loc[0])


@cache
def _documented() -> frozenset[str]:
    schema = api.get_openapi_schema()
    fields = {name for one in schema["components"]["schemas"].values() for name in one.get("properties", ())}
    operations = [operation for path in schema["paths"].values() for operation in path.values()]
    return frozenset(fields | {one["name"] for operation in operations for one in operation.get("parameters", ())})


@api.exception_handler(HttpError)
def _refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    sentences = {400: "The body of this request is no valid JSON in UTF-8."}
    return problems.answer(error.status_code, sentences.get(error.status_code, str(error)))


@api.exception_handler(Http404)
def _missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return problems.answer(404, "There is nothing at this address.")


@api.exception_handler(OperationalError)
@api.exception_handler(InterfaceError)
def _away(request: HttpRequest, error: Exception) -> HttpResponse:
    if met_another(error):
        return problems.answer(
            503, "Somebody else was writing the same. Nothing was changed; please send it again.", Retry_After="1"
        )
    logger.error("The database is away: %s", type(error).__name__)
    return problems.answer(503, "The database is away. Nothing was changed.", Retry_After="60")
