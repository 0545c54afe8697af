"""The Celery tasks: a nudge for what is due, and the sweep that makes up for every nudge that was lost."""

import logging
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from celery import Signature, Task, shared_task
from django.utils import timezone
from kombu.exceptions import KombuError, OperationalError

from . import outbox

logger = logging.getLogger(__name__)

AWAY_SECONDS = 30
SWEEP_SECONDS = 50
BATCH = 100


@dataclass
class _Broker:
    away_until: float = 0.0


_broker = _Broker()


def nudge(message_ids: Sequence[int], *, delay: int) -> None:
    """Asks a worker to look at these messages in `delay` seconds."""
    publish(deliver, list(message_ids), delay=delay)


def publish(task: Task | Signature, *args: object, delay: int = 0) -> None:
    """Asks a worker to run `task` in `delay` seconds. A broker that is away costs time, no more.

    It costs the time once: for half a minute after a failure this process leaves everything to the sweep.
    """
    if time.monotonic() < _broker.away_until:
        return
    try:
        # A moment late rather than early: what is not due yet would be left to the sweep.
        task.apply_async(args=args, countdown=delay and delay + 1, retry=False)
    except (OperationalError, KombuError, OSError) as error:
        _broker.away_until = time.monotonic() + AWAY_SECONDS
        logger.warning("No broker (%s): what is owed is left to the sweep.", type(error).__name__)


@contextmanager
def without_nudges() -> Iterator[None]:
    """Asks no worker meanwhile, as if the broker were away: for whoever sees to what is owed themselves. Around a
    transaction, so that it takes in what is asked on its commit."""
    before, _broker.away_until = _broker.away_until, math.inf
    try:
        yield
    finally:
        _broker.away_until = before


@shared_task(ignore_result=True)
def deliver(message_ids: list[int]) -> None:
    """The nudge: sends these outbox messages if they are due and nobody else holds them."""
    for message_id in message_ids:
        outbox.deliver(message_id, now=timezone.now())


@shared_task(ignore_result=True)
def sweep() -> int:
    """Sends whatever is due, whoever forgot about it, for at most fifty seconds. Returns how many it took up.

    Two sweeps at once do no harm: each message is claimed by one of them.
    """
    outbox.release(now=timezone.now())
    stop_at = time.monotonic() + SWEEP_SECONDS
    taken = 0
    while message_ids := outbox.due(now=timezone.now(), limit=BATCH):
        for message_id in message_ids:
            if time.monotonic() > stop_at:
                return taken
            outbox.deliver(message_id, now=timezone.now())
            taken += 1
    return taken
