"""A write that is sent again with the same Idempotency-Key gets the first answer and changes nothing (law 3).

After draft-ietf-httpapi-idempotency-key-header-07. The answer is stored in the transaction of the write: either both
are there or neither. Of two at once the second waits for the first, and gets its answer.

With a key or without, a call is one transaction: a failure leaves nothing of it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from psycopg.errors import DeadlockDetected, SerializationFailure

from prefcenter.models import IdempotentAnswer
from prefcenter.web.problems import Problem

from .auth import caller

HEADER = "Idempotency-Key"
#: Characters of a key.
_LONGEST = 255
#: How often a write is tried that met another: beside other calls, alone among them, and once more in case it met
#: something else than a call.
_TRIES = 3
#: The advisory lock that all writing calls hold; any number that nothing else locks.
_LOCK = 7_266_321
#: The parameter in the OpenAPI document, for the endpoints that write.
TAKES_KEY = {
    "parameters": [
        {
            "name": HEADER,
            "in": "header",
            "required": False,
            "description": "A repeated request with the same key and body within a day returns the first response.",
            "schema": {"type": "string", "maxLength": _LONGEST},
        }
    ]
}


class Answer(NamedTuple):
    """What a write is answered with. It is stored for a day, so it must hold no address."""

    #: As JSON.
    body: Any
    #: The HTTP status.
    status: int = 200


def once(request: HttpRequest, write: Callable[[], Answer]) -> HttpResponse:
    """The answer of `write`, or the stored one of the request before with the same key and body.

    write: does everything in the transaction that is open when it is called. It may be called anew, after what it did
           was rolled back. What it raises is raised

    Raises Problem (422) where the key was used for another request.
    """
    for number in range(1, _TRIES):
        try:
            return _once(request, write, alone=number > 1)
        except OperationalError as error:
            if not met_another(error):
                raise
    return _once(request, write, alone=True)


def met_another(error: Exception) -> bool:
    """Whether this error of the database only says that another transaction was writing the same rows."""
    return isinstance(error.__cause__, DeadlockDetected | SerializationFailure)


def _once(request: HttpRequest, write: Callable[[], Answer], *, alone: bool) -> HttpResponse:
    with transaction.atomic():
        _enter(alone=alone)
        row = same_request(request)
        if row and row.status:
            response = _response(Answer(row.body, row.status))
            response["Idempotent-Replayed"] = "true"
            return response
        answer = write()
        if row:
            IdempotentAnswer.objects.filter(pk=row.pk).update(status=answer.status, body=answer.body)
    return _response(answer)


def _enter(*, alone: bool) -> None:
    """Holds the lock of the writing calls until the end of the transaction: shared, or alone once the others have
    ended, so that a call that met another one does not meet the next."""
    if connection.vendor == "postgresql":  # elsewhere every writer is alone
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_advisory_xact_lock{'' if alone else '_shared'}(%s)", [_LOCK])


def same_request(request: HttpRequest) -> IdempotentAnswer | None:
    """The row of this Idempotency-Key, new or known; None if there is no key.

    Raises Problem (422) if the key is too long or was used for another request.
    """
    key = request.headers.get(HEADER, "")
    if not key:
        return None
    if len(key) > _LONGEST:
        raise Problem(422, f"The {HEADER} can have at most {_LONGEST} characters.")
    fingerprint = _digest(f"{request.method} {request.get_full_path()}\n".encode() + request.body)
    row, _ = IdempotentAnswer.objects.get_or_create(
        key=caller(request),
        digest=_digest(key.encode()),
        defaults={"fingerprint": fingerprint, "created_at": timezone.now()},
    )
    if bytes(row.fingerprint) != fingerprint:
        raise Problem(422, f"This {HEADER} was already used for a different request. Nothing was changed.")
    return row


def _digest(what: bytes) -> bytes:
    """Keyed: a body or a key may hold an address and nothing else, and a plain hash of it could be guessed."""
    return salted_hmac("prefcenter.api.idempotency", what, algorithm="sha256").digest()


def _response(answer: Answer) -> HttpResponse:
    return JsonResponse(answer.body, status=answer.status, safe=False)
