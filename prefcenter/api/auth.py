"""Authentication by a key in the Authorization header, with the scope that the endpoint names; never in the URL."""

from typing import Any, cast

from django.http import HttpRequest
from django.utils import timezone
from ninja import Schema
from ninja.security import HttpBearer

from prefcenter.accounts import api_keys
from prefcenter.accounts.api_keys import Scope
from prefcenter.models import ApiKey
from prefcenter.web.problems import Problem
from unsubscribe.actions import Origin
from unsubscribe.choices import Source

_URL_NAMES = {"key", "api_key", "apikey", "token", "access_token"}
_NO_KEY = "Send a valid API key as “Authorization: Bearer …”. The key may have expired or been revoked."
_IN_URL = "An API key in a URL ends up in logs. Revoke this key and send a new one as “Authorization: Bearer …”."


class CallerRequest(HttpRequest):
    """A request as views get it: `auth` is the key that was recognised."""

    auth: ApiKey


class Bearer(HttpBearer):
    """Bearer tokens (RFC 6750, section 2.1).

    scope: what the key must be allowed to do
    query: the schema of the endpoint's query parameters, if it takes any; all others are refused

    Raises Problem: 401 without a valid key or with one in the URL, 403 without the scope, 429 above API_RATE, 422 for
    an unknown query parameter.
    """

    def __init__(self, scope: Scope, query: type[Schema] | None = None) -> None:
        super().__init__()
        self.scope = scope
        self.names = list(query.model_fields) if query else []

    def __call__(self, request: HttpRequest) -> Any:
        if _has_key_in_url(request):
            raise Problem(401, _IN_URL)
        caller = super().__call__(request)
        if caller is None:
            raise Problem(401, _NO_KEY)
        # A mistyped filter must not pass for the whole list.
        if set(request.GET) - set(self.names):
            taken = ", ".join(self.names) or "none"
            raise Problem(422, f"Unknown query parameter. Query parameters of this endpoint: {taken}.")
        return caller

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        """The key that `token` is, whose call is counted; None if it is none."""
        now = timezone.now()
        found = api_keys.find(token, now=now)
        if found is None:
            return None
        if seconds := api_keys.count_call(found, now=now):
            raise Problem(429, f"Too many requests. Try again in {seconds} seconds.", Retry_After=str(seconds))
        if not found.has_scope(self.scope):
            raise Problem(403, f"This API key doesn’t have the scope “{self.scope}”.")
        return found


def _has_key_in_url(request: HttpRequest) -> bool:
    words = [word for name, values in request.GET.lists() for word in (name, *values)]
    return bool(_URL_NAMES & {name.lower() for name in request.GET}) or any(
        word.strip().startswith(api_keys.PREFIX) for word in words
    )


def caller(request: HttpRequest) -> ApiKey:
    """The key of a request that Bearer let through."""
    return cast(CallerRequest, request).auth


def origin_of(request: HttpRequest, *, note: str = "") -> Origin:
    """Of what this call changes, now."""
    return Origin(Source.API, timezone.now(), actor=caller(request).actor, note=note)
