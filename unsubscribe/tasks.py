"""The Celery tasks of the outbox: the nudge, and the sweep that finds what a lost nudge left (law 4)."""

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

#: How long this process does not try a broker that failed.
AWAY_SECONDS = 30


@dataclass
class _Broker:
    away_until: float = 0.0


_broker = _Broker()


def nudge(message_ids: Sequence[int], *, delay: int) -> None:
    """Asks a worker to deliver these outbox messages in `delay` seconds."""
    publish(deliver, list(message_ids), delay=delay)


def publish(task: Task | Signature, *args: object, delay: int = 0) -> None:
    """Asks a worker to run `task` with `args` in `delay` seconds. A broker that is away is logged, not raised.

    After a failure this process does not ask for AWAY_SECONDS, and leaves everything to the sweep.
    """
    if time.monotonic() < _broker.away_until:
        return
    try:
        # A second late, because what is not due yet when the task runs would be left to the sweep.
        task.apply_async(args=args, countdown=delay and delay + 1, retry=False)
    except (OperationalError, KombuError, OSError) as error:
        _broker.away_until = time.monotonic() + AWAY_SECONDS
        logger.warning("No broker (%s): what is owed is left to the sweep.", type(error).__name__)


@contextmanager
def without_nudges() -> Iterator[None]:
    """Publishes nothing within this context, as if the broker were away: for callers that deliver by themselves. Put it
    around the transaction, because nudges are published after the commit."""
    before, _broker.away_until = _broker.away_until, math.inf
    try:
        yield
    finally:
        _broker.away_until = before


@shared_task(ignore_result=True)
def deliver(message_ids: list[int]) -> None:
    """The nudge: delivers these outbox messages, if they are due and no other worker has claimed them."""
    for message_id in message_ids:
        outbox.deliver(message_id, now=timezone.now())


@shared_task(ignore_result=True)
def sweep() -> int:
    """Delivers all messages that are due. Returns how many it tried."""
    return outbox.sweep(clock=timezone.now)
