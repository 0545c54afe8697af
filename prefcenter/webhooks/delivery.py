"""Sends consent events to endpoints, as Standard Webhooks, and tries again what failed.

The row is the truth (law 4): what is owed to an endpoint is what follows its position in the ledger, and its queued
deliveries. One worker at a time sends to one endpoint. After a crash an event may be sent twice; none is left out.
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

#: How many endpoints are sent to at the same time; each takes a connection to the database.
AT_ONCE = 8
#: Seconds from each failed attempt at a delivery to the next one: three days in all.
WAITS = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 64_800, 86_400)
#: Seconds for which a silent endpoint rests, the first time, the second, and each time after.
RESTS = WAITS[:3]
#: At each of so many failures in a row an endpoint that refuses (4xx) rests as well.
REFUSALS = 5
#: How many deliveries of one endpoint may wait for their first attempt; further events wait in the ledger.
AHEAD = 1000
#: How many deliveries are looked up at a time.
BATCH = 100
#: After how many first attempts one delivery is tried again that is due.
FRESH = 10
#: After this the endpoint of a worker that died is free; no round takes that long.
LEASE = timedelta(seconds=120)
#: How long a worker stays with one endpoint.
ROUND_SECONDS = 20
#: After how long without a success an endpoint is turned off.
PATIENCE = timedelta(seconds=sum(WAITS))
#: How long deliveries are kept that arrived or were given up.
KEPT = timedelta(days=30)
#: How long the previous secret signs too.
OVERLAP = timedelta(days=1)
#: The sources that an endpoint doesn't get unless it is chosen: an import of a million would hold up every one-click
#: behind it, and the sender has that list.
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
    """A new endpoint, which gets what happens from now on. Its receiver verifies signatures with its `secret`.

    url:      one of which `http.why_not` says nothing
    kinds:    those that are sent to it; none is all
    left_out: the sources that are not
    """
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
    """Gives the endpoint a new secret. The previous one signs too for a day, in which the receiver changes over."""
    rows = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    rows.update(previous_secret=F("secret"), previous_until=now + OVERLAP, secret=_secret())
    endpoint.refresh_from_db()


def waiting(*, now: datetime) -> list[int]:
    """The ids of the endpoints that are on, rested, and not held by a worker."""
    return list(WebhookEndpoint.objects.filter(_is_ready(now)).order_by("id").values_list("id", flat=True))


def send(endpoint_id: int, *, now: datetime) -> int:
    """Sends what is owed to one endpoint, for about twenty seconds.

    Returns how many attempts were made, but for the one after which the endpoint rests; 0 if it is off, rests, or is
    held by another worker.
    """
    ours = leases.take(WebhookEndpoint.objects.filter(pk=endpoint_id), _is_ready(now), now=now)
    if ours is None:
        return 0
    try:
        with closing(HostConnection()) as way:
            return _send_all(ours, way, stop_at=time.monotonic() + ROUND_SECONDS)
    finally:
        ours.update(claimed_at=None)


def send_all(*, must_stop: Callable[[], bool]) -> None:
    """One round of `send` to every endpoint that waits, several at the same time, so that none waits for a slow one.

    must_stop: asked before each endpoint, from other threads

    What is raised for one endpoint stops no other, and is raised in the end. On SQLite, which lets one write at a time,
    they take turns.
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
    """Turns it on: it gets what it missed, and what had been given up is tried again."""
    rows = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    rows.update(disabled_at=None, disabled_because="", resting_until=None, failures=0, failing_since=None)
    endpoint.deliveries.filter(status=OutboxStatus.QUEUED).update(due_at=now)
    again(endpoint.deliveries.filter(status=OutboxStatus.FAILED), now=now)


def disable(endpoint: WebhookEndpoint, because: str, *, now: datetime) -> None:
    """Turns it off, unless it is already. `because`: a sentence for staff, 200 characters at most."""
    rows = WebhookEndpoint.objects.filter(pk=endpoint.pk, disabled_at=None)
    rows.update(disabled_at=now, disabled_because=because)


def again(deliveries: QuerySet[WebhookDelivery], *, now: datetime) -> int:
    """Queues these deliveries anew, as if never tried, under the webhook-id they had. Returns how many."""
    return deliveries.update(status=OutboxStatus.QUEUED, attempts=0, due_at=now, last_error="")


def forget(*, now: datetime) -> None:
    """Deletes deliveries that arrived or were given up a month ago, and secrets that sign no more.

    What was given up is kept while its endpoint is off: turned on, it gets what it missed.
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
    """As `send`. `ours`: the endpoint, empty once another worker has taken it over; `stop_at`: by time.monotonic."""
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
    """The ids of the deliveries that are due: first attempts in the order of the ledger, and further ones in between,
    so that neither waits for the other."""
    rows = endpoint.deliveries.filter(status=OutboxStatus.QUEUED, due_at__lte=now).order_by("due_at", "id")
    ids = rows.values_list("id", flat=True)
    fresh, tried = list(ids.filter(attempts=0)[:BATCH]), list(ids.filter(attempts__gt=0)[: BATCH // FRESH])
    mixed = []
    for first in range(0, len(fresh), FRESH):
        mixed += fresh[first : first + FRESH]
        mixed += [tried.pop(0)] if tried else []
    return mixed + tried


def _queue(endpoint: WebhookEndpoint, ours: QuerySet[WebhookEndpoint], *, now: datetime) -> bool:
    """Makes deliveries of the next events, and moves the endpoint's position on. Whether there were any events."""
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
    """Whether to go on with the next one. The event is read only now: its contact may just have been erased."""
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
    """Records a failure. Whether the endpoint rests now."""
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
    """Until when it rests, by its failures in a row, whichever deliveries they were of; None: it goes on."""
    if not outcome.is_silent and endpoint.failures % REFUSALS:
        return None
    rests = endpoint.failures if outcome.is_silent else endpoint.failures // REFUSALS
    return now + timedelta(seconds=RESTS[min(rests, len(RESTS)) - 1])


def _put_off(delivery: WebhookDelivery, outcome: AttemptResult, *, now: datetime) -> None:
    """Says when this delivery is tried again, or that it is given up.

    While the endpoint stays silent its deliveries wait as long as it rests, and that is not counted as an attempt.
    """
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
