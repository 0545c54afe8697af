"""Sends the ledger's lines to whoever wants to hear of them, as Standard Webhooks. It decides nothing.

The row is the truth: what is owed to an endpoint is its position in the ledger and the deliveries made from there. One
worker at a time sends to one endpoint. It may send twice after a crash; it never leaves a line out.
"""

import base64
import secrets
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from prefcenter.models import User, WebhookDelivery, WebhookEndpoint
from unsubscribe.choices import EventKind, OutboxStatus, Source
from unsubscribe.ledger import feed
from unsubscribe.models import leases

from .attempt import AttemptResult, attempt
from .http import HostConnection

#: So many endpoints at the same time; each takes a connection to the database.
AT_ONCE = 8
#: How long after each failed attempt the next one comes, in seconds: three days in all.
WAITS = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 64_800, 86_400)
#: An endpoint that does not answer rests for the first of these, then the next; in the end it is tried every half hour.
RESTS = WAITS[:3]
#: After so many refusals in a row it rests too.
REFUSALS = 5
#: So many lines are made ready at once; the rest waits in the ledger, where it is anyway.
AHEAD = 1000
BATCH = 100
#: After so many that come for the first time, one whose time to be tried again has come.
FRESH = 10
#: A dead worker's endpoint is free after this; no round takes that long.
LEASE = timedelta(seconds=120)
#: Then the next endpoint has its turn.
ROUND_SECONDS = 20
PATIENCE = timedelta(seconds=sum(WAITS))
KEPT = timedelta(days=30)
#: So long the secret before a new one signs too.
OVERLAP = timedelta(days=1)
#: A list of a million would hold up every one-click behind it, and whoever imports it has it.
LEFT_OUT = (Source.IMPORT,)


def make(
    name: str,
    url: str,
    kinds: Collection[EventKind],
    *,
    now: datetime,
    left_out: Collection[Source] = LEFT_OUT,
    by: User | None = None,
) -> WebhookEndpoint:
    """Hears of what happens from now on. Its secret is what it verifies the signature with."""
    return WebhookEndpoint.objects.create(
        name=name,
        url=url,
        kinds=list(kinds),
        left_out=list(left_out),
        secret=_secret(),
        position=feed.end(),
        created_at=now,
        created_by=by,
    )


def renew_secret(endpoint: WebhookEndpoint, *, now: datetime) -> None:
    """The one before signs too for a day, so that the receiver can change over in between."""
    rows = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    rows.update(previous_secret=F("secret"), previous_until=now + OVERLAP, secret=_secret())
    endpoint.refresh_from_db()


def waiting(*, now: datetime) -> list[int]:
    """The endpoints to which something could be sent."""
    return list(WebhookEndpoint.objects.filter(_is_ready(now)).order_by("id").values_list("id", flat=True))


def send(endpoint_id: int, *, now: datetime) -> int:
    """Sends what is owed to one endpoint, for about twenty seconds; how many it took. 0 if another worker is at it."""
    ours = leases.take(WebhookEndpoint.objects.filter(pk=endpoint_id), _is_ready(now), now=now)
    if ours is None:
        return 0
    try:
        with closing(HostConnection()) as way:
            return _send_all(ours, way, stop_at=time.monotonic() + ROUND_SECONDS)
    finally:
        ours.update(claimed_at=None)


def send_all(*, must_stop: Callable[[], bool]) -> None:
    """One round: what is owed goes to several endpoints at the same time, so that none waits for a slow one.

    What goes wrong with one endpoint stops no other, and is raised in the end. SQLite lets one write at a time: there
    they have their turns one after the other.
    """

    def send_to(endpoint_id: int) -> None:
        try:
            if not must_stop():
                send(endpoint_id, now=timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(1 if connection.vendor == "sqlite" else AT_ONCE) as pool:
        sent = [pool.submit(send_to, endpoint_id) for endpoint_id in waiting(now=timezone.now())]
    for one in sent:
        one.result()


def enable(endpoint: WebhookEndpoint, *, now: datetime) -> None:
    """It goes on where it stopped; what had been given up is tried again."""
    rows = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    rows.update(disabled_at=None, disabled_because="", resting_until=None, failures=0, failing_since=None)
    endpoint.deliveries.filter(status=OutboxStatus.QUEUED).update(due_at=now)
    again(endpoint.deliveries.filter(status=OutboxStatus.FAILED), now=now)


def disable(endpoint: WebhookEndpoint, because: str, *, now: datetime) -> None:
    rows = WebhookEndpoint.objects.filter(pk=endpoint.pk, disabled_at=None)
    rows.update(disabled_at=now, disabled_because=because)


def again(deliveries: QuerySet[WebhookDelivery], *, now: datetime) -> int:
    """By hand: these lines are sent once more, under the webhook-id they had."""
    return deliveries.update(status=OutboxStatus.QUEUED, attempts=0, due_at=now, last_error="")


def forget(*, now: datetime) -> None:
    """What arrived or was given up a month ago, and secrets that sign no more; the ledger keeps the line itself.

    What was given up waits for as long as its endpoint is off: switched on, it gets what it missed.
    """
    arrived = Q(status=OutboxStatus.SENT, sent_at__lt=now - KEPT)
    given_up = Q(status=OutboxStatus.FAILED, due_at__lt=now - KEPT, endpoint__disabled_at=None)
    WebhookDelivery.objects.filter(arrived | given_up).delete()
    WebhookEndpoint.objects.filter(previous_until__lte=now).update(previous_secret="", previous_until=None)


def _secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _is_ready(now: datetime) -> Q:
    has_rested = Q(resting_until=None) | Q(resting_until__lte=now)
    return Q(leases.is_free(now=now, lease=LEASE), has_rested, disabled_at=None)


def _send_all(ours: QuerySet[WebhookEndpoint], way: HostConnection, *, stop_at: float) -> int:
    """`ours` is empty as soon as another worker has taken the endpoint over."""
    taken = 0
    while endpoint := ours.filter(disabled_at=None).first():
        has_more = _queue(endpoint, ours, now=timezone.now())
        due = _due(endpoint, now=timezone.now())
        for delivery_id in due:
            if time.monotonic() > stop_at or not _send_one(delivery_id, ours, way):
                return taken
            taken += 1
        if not due and (not has_more or time.monotonic() > stop_at):
            break
    return taken


def _due(endpoint: WebhookEndpoint, *, now: datetime) -> list[int]:
    """In the order of the ledger, and in between, so that neither waits for the other, what is tried again."""
    rows = endpoint.deliveries.filter(status=OutboxStatus.QUEUED, due_at__lte=now).order_by("due_at", "id")
    ids = rows.values_list("id", flat=True)
    fresh, tried = list(ids.filter(attempts=0)[:BATCH]), list(ids.filter(attempts__gt=0)[: BATCH // FRESH])
    mixed = []
    for first in range(0, len(fresh), FRESH):
        mixed += fresh[first : first + FRESH]
        mixed += [tried.pop(0)] if tried else []
    return mixed + tried


def _queue(endpoint: WebhookEndpoint, ours: QuerySet[WebhookEndpoint], *, now: datetime) -> bool:
    """Makes the next lines of the ledger ready, and remembers how far it came. Whether there were any."""
    room = AHEAD - endpoint.deliveries.filter(status=OutboxStatus.QUEUED, attempts=0).count()
    found = feed.after(endpoint.position, limit=room).lines if room > 0 else []
    if not found:
        return False
    wanted = [one for one in found if endpoint.wants(one)]
    with transaction.atomic():
        WebhookDelivery.objects.bulk_create(
            [WebhookDelivery(endpoint=endpoint, event=one, due_at=now, created_at=now) for one in wanted],
            ignore_conflicts=True,
        )
        ours.update(position=found[-1].pk)
    return True


def _send_one(delivery_id: int, ours: QuerySet[WebhookEndpoint], way: HostConnection) -> bool:
    """Whether to go on with the next one. It is read at this moment: somebody may just have been erased."""
    rows = WebhookDelivery.objects.filter(status=OutboxStatus.QUEUED, endpoint__in=ours.filter(disabled_at=None))
    found = rows.select_related("endpoint", "event__address", "event__category", "event__campaign")
    delivery = found.filter(pk=delivery_id).first()
    if delivery is None:
        return False
    now = timezone.now()
    outcome = attempt(delivery, way, now=now)
    if not outcome.error:
        _arrived(delivery, now=now)
        return True
    return not _failed(delivery, outcome, now=now)


def _arrived(delivery: WebhookDelivery, *, now: datetime) -> None:
    delivery.status, delivery.sent_at, delivery.last_error = OutboxStatus.SENT, now, ""
    delivery.attempts += 1
    delivery.save(update_fields=["status", "sent_at", "last_error", "attempts"])
    endpoint = delivery.endpoint
    if endpoint.failures:
        endpoint.failures, endpoint.failing_since, endpoint.resting_until = 0, None, None
        endpoint.save(update_fields=["failures", "failing_since", "resting_until"])


def _failed(delivery: WebhookDelivery, outcome: AttemptResult, *, now: datetime) -> bool:
    """Whether the endpoint is left in peace for now."""
    endpoint = delivery.endpoint
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or now
    endpoint.resting_until = _rest(endpoint, outcome, now=now)
    endpoint.save(update_fields=["failures", "failing_since", "resting_until"])
    _put_off(delivery, outcome, now=now)
    if outcome.is_gone:
        disable(endpoint, "The endpoint answered with 410 Gone.", now=now)
    elif now - endpoint.failing_since >= PATIENCE:
        disable(endpoint, f"No delivery succeeded for three days. {outcome.error}"[:200], now=now)
    return endpoint.resting_until is not None


def _rest(endpoint: WebhookEndpoint, outcome: AttemptResult, *, now: datetime) -> datetime | None:
    """Until when. After its failures in a row, whichever lines they were."""
    if not outcome.is_silent and endpoint.failures % REFUSALS:
        return None
    rests = endpoint.failures if outcome.is_silent else endpoint.failures // REFUSALS
    return now + timedelta(seconds=RESTS[min(rests, len(RESTS)) - 1])


def _put_off(delivery: WebhookDelivery, outcome: AttemptResult, *, now: datetime) -> None:
    """While the endpoint is silent that is no fault of the line, which waits as long as the endpoint rests."""
    endpoint = delivery.endpoint
    delivery.last_error = outcome.error[:200]
    if outcome.is_silent and endpoint.failures > 1 and endpoint.resting_until:
        delivery.due_at = endpoint.resting_until
    else:
        delivery.attempts += 1
        is_last = outcome.is_gone or delivery.attempts > len(WAITS)
        delivery.due_at = now if is_last else now + timedelta(seconds=WAITS[delivery.attempts - 1])
        delivery.status = OutboxStatus.FAILED if is_last else OutboxStatus.QUEUED
    delivery.save(update_fields=["status", "attempts", "last_error", "due_at"])
