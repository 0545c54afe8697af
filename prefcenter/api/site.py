"""The API put together: its routers, the answers to errors, and the OpenAPI document."""

import logging
import re
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

from . import audience, catalogue, contacts, domains, events, preferences, suppressions, unknown_fields
from .idempotency import met_another

logger = logging.getLogger(__name__)

_INTRODUCTION = """
Before each mailing, check who may be sent it (`POST /audience`). Record every opt-out that you receive
(`POST /suppressions`), and follow the ones received here (`GET /events`, or webhooks).

Send your API key as `Authorization: Bearer …`. All writes accept an `Idempotency-Key`: a repeated request within a day
returns the first response. Errors are problem details (RFC 9457).
"""
#: The statuses that any endpoint may answer with besides its own, as the document describes them.
_PROBLEMS = {
    400: "The request is invalid: its body is not JSON.",
    401: "The API key is missing or invalid, or it was sent in the URL.",
    403: "The API key doesn’t have the required scope.",
    404: "The resource doesn’t exist.",
    409: "Not allowed: the contact opted out themselves, or was erased.",
    411: "The Content-Length header is missing.",
    413: "The request body is too large.",
    415: "The request body is compressed.",
    422: "The request is invalid; `errors` lists the fields and problems. Nothing was changed.",
    429: "Too many requests with this key; try again after `Retry-After` seconds.",
    503: "The database is unavailable. Nothing was changed; try again after `Retry-After` seconds.",
}


class ProblemOut(Schema):
    """Problem details as in RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] | None = None


class Api(NinjaAPI):
    """Ninja's API, whose document describes the errors too."""

    def get_openapi_schema(self, **kwargs: Any) -> Any:
        """The OpenAPI document, with the same errors at each operation."""
        schema = super().get_openapi_schema(**kwargs)
        details = ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")
        schema["components"]["schemas"]["ProblemOut"] = details
        content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}
        errors = {str(code): {"description": said, "content": content} for code, said in _PROBLEMS.items()}
        for path in schema["paths"].values():
            for operation in path.values():
                operation["responses"] = {str(code): one for code, one in operation["responses"].items()} | errors
        return schema


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
    return problems.answer(401, "Send an API key as “Authorization: Bearer …”.", WWW_Authenticate="Bearer")


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """The place and the problem of each error; never the value, which may be an address (law 10)."""
    errors = [{"at": _place(one["loc"]), "detail": _detail(request, one)} for one in error.errors[:100]]
    return problems.answer(422, "The request is invalid. Nothing was changed.", errors=errors)


def _detail(request: HttpRequest, error: dict[str, Any]) -> str:
    if error["type"] != "extra_forbidden":
        return str(error["msg"])
    # The location is "body", the name of the view's argument, and the way to the unknown field.
    *within, field = error["loc"][2:]
    known = (fields for method, path, fields in _bodies() if method == request.method and path.fullmatch(request.path))
    place = ".".join(part for part in within if isinstance(part, str))
    return unknown_fields.sentence(str(field), within=place, known=next(known, []))


def _place(loc: Sequence[str | int]) -> str:
    """The place in the body, dotted, without names that the document doesn't have: one may be an address."""
    known = [str(part) for part in loc[1:] if isinstance(part, int) or part in _documented()]
    return ".".join(known) or str(loc[0])


@cache
def _bodies() -> list[tuple[str, re.Pattern[str], list[str]]]:
    return unknown_fields.bodies(api.get_openapi_schema())


@cache
def _documented() -> frozenset[str]:
    schema = api.get_openapi_schema()
    fields = {name for one in schema["components"]["schemas"].values() for name in one.get("properties", ())}
    operations = [operation for path in schema["paths"].values() for operation in path.values()]
    return frozenset(fields | {one["name"] for operation in operations for one in operation.get("parameters", ())})


@api.exception_handler(HttpError)
def _refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    sentences = {400: "The request body is not valid JSON in UTF-8."}
    return problems.answer(error.status_code, sentences.get(error.status_code, str(error)))


@api.exception_handler(Http404)
def _missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return problems.answer(404, "Not found.")


@api.exception_handler(OperationalError)
@api.exception_handler(InterfaceError)
def _away(request: HttpRequest, error: Exception) -> HttpResponse:
    if met_another(error):
        return problems.answer(
            503,
            "Another request was changing the same data. Nothing was changed; send the request again.",
            Retry_After="1",
        )
    logger.error("The database is away: %s", type(error).__name__)
    return problems.answer(503, "The database is unavailable. Nothing was changed.", Retry_After="60")
