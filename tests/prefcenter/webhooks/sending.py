"""Lines of the ledger, and the worker that sends them, now or later."""

from datetime import timedelta

from django.utils import timezone

from prefcenter.models import WebhookEndpoint
from prefcenter.webhooks import delivery
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.choices import Source
from unsubscribe.models import Address


def happen(ada: Address, count: int = 1) -> None:
    for _ in range(count):
        actions.note_access(ada.pk, Origin(Source.PAGE, timezone.now()))


def send(endpoint: WebhookEndpoint, *, later: timedelta = timedelta()) -> int:
    """As the worker does; `later` passes by making everything as much older."""
    if later:
        for row in endpoint.deliveries.all():
            row.due_at -= later
            row.sent_at = row.sent_at and row.sent_at - later
            row.save()
        endpoint.refresh_from_db()
        endpoint.resting_until = endpoint.resting_until and endpoint.resting_until - later
        endpoint.failing_since = endpoint.failing_since and endpoint.failing_since - later
        endpoint.save()
    taken = delivery.send(endpoint.pk, now=timezone.now())
    endpoint.refresh_from_db()
    return taken


def statuses(endpoint: WebhookEndpoint) -> list[str]:
    return list(endpoint.deliveries.order_by("id").values_list("status", flat=True))
