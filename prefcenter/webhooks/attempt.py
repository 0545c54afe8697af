"""One try to hand over one line: the message, signed, and what the answer means. It writes nothing down."""

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
    """`is_silent`: it is not worth trying the next line right now."""

    error: str = ""
    is_gone: bool = False
    is_silent: bool = False


def message(delivery: WebhookDelivery, *, now: datetime) -> tuple[bytes, dict[str, str]]:
    """Body and headers: id, timestamp and signature as receivers' libraries verify them (standardwebhooks.com)."""
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
