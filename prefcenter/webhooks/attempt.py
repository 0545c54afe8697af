"""One try to deliver one event: the signed message, and what the answer means. delivery.py records it."""

import json
from datetime import UTC, datetime
from typing import NamedTuple

from standardwebhooks.webhooks import Webhook

from prefcenter.models import WebhookDelivery

from . import payload
from .hosts import NoAnswer
from .http import HostConnection

GONE = 410
TOO_MANY = 429


class AttemptResult(NamedTuple):
    """What became of one try."""

    #: Why it failed, as a sentence for staff; "" if it was answered with 2xx.
    error: str = ""
    #: The endpoint answered with 410 Gone: it wants no more.
    is_gone: bool = False
    #: The endpoint as a whole fails (no answer, a redirect, 410, 429, 5xx), so the next event would fail too.
    is_silent: bool = False


def message(delivery: WebhookDelivery, *, now: datetime) -> tuple[bytes, dict[str, str]]:
    """Body and headers, with id, timestamp and signature as receivers' libraries verify them (standardwebhooks.com).

    delivery: with endpoint, and the event with address, category and campaign loaded
    now:      aware; the timestamp, and what decides which secrets sign
    """
    event = delivery.event
    told = {"type": f"consent.{event.kind}", "timestamp": event.at.isoformat(), "data": payload.as_json(event)}
    body = json.dumps(told, separators=(",", ":"))
    uid, at = f"msg_{delivery.uid.hex}", now.astimezone(UTC)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "prefcenter",
        "webhook-id": uid,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(
            Webhook(secret).sign(uid, at, body) for secret in delivery.endpoint.secrets(now=now)
        ),
    }
    return body.encode(), headers


def attempt(delivery: WebhookDelivery, way: HostConnection, *, now: datetime) -> AttemptResult:
    """POSTs the message (see there for the arguments) over `way`. Of an answer only the status counts."""
    body, headers = message(delivery, now=now)
    try:
        status = way.post(delivery.endpoint.url, body, headers)
    except NoAnswer as error:
        return AttemptResult(str(error), is_silent=True)
    if 200 <= status < 300:
        return AttemptResult()
    if 300 <= status < 400:
        return AttemptResult(f"The endpoint redirected ({status}). Redirects are not followed.", is_silent=True)
    is_gone = status == GONE
    return AttemptResult(
        f"The endpoint answered with {status}.", is_gone, is_silent=is_gone or status == TOO_MANY or status >= 500
    )
