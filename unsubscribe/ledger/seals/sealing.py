"""Seals the new events of the ledger, every hour. No opt-out ever waits for it, because it takes no locks.

An event may be committed below others that are sealed already (watermark). The next seal takes it, since a seal lists
its events one by one. To tell such an event from one inserted later, each seal says up to which id all are settled.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from ...models import ConsentEvent, Seal
from .. import watermark
from ..watermark import Watermark
from . import encoding
from .encoding import SealedEvent

logger = logging.getLogger(__name__)

#: The most events in one seal, which are 4 MB: a first seal may meet a year of them.
MOST = 100_000
#: How many events are hashed with one query.
CHUNK = 2_000
#: How long sealing waits for transactions that are writing to the ledger, in seconds.
PATIENCE = 10.0
#: An event that is older than this and in no seal means that sealing does not run: twice the hour it takes.
OVERDUE = timedelta(hours=2)
_START = Seal(number=0, settled=0, hash=encoding.NOTHING)


class _Batch(NamedTuple):
    ids: list[int]
    settled: int


def seal(*, now: datetime, patience: float = PATIENCE) -> Seal | None:
    """Seals every committed event that is in no seal yet; returns the newest seal it made, None if nothing was new.

    now:      aware
    patience: how long to wait for transactions that are writing, in seconds

    Of two at once the second finds its number taken, returns None and leaves the rest to the next hour.
    """
    last = Seal.objects.order_by("number").last() or _START
    seen = watermark.of_ledger(patience)
    made = None
    for batch in _batches(last.settled, seen):
        made = last = _following(last, batch, now=now)
        try:
            with transaction.atomic():
                made.save(force_insert=True)
        except IntegrityError:
            logger.info("The ledger is being sealed by somebody else.")
            return None
    return made


def unsealed() -> QuerySet[ConsentEvent]:
    """The events that are in no seal: those beyond what is settled, without those that were sealed ahead of it."""
    settled = Seal.objects.order_by("-number").values_list("settled", flat=True).first() or 0
    return ConsentEvent.objects.filter(id__gt=settled).exclude(id__any_of=list(_sealed_ahead(settled)))


def overdue(*, now: datetime) -> QuerySet[ConsentEvent]:
    """The events older than OVERDUE that are in no seal: sealing does not run, or seals were removed. `now`: aware."""
    return unsealed().filter(at__lt=now - OVERDUE)


def _sealed_ahead(settled: int) -> set[int]:
    """The sealed ids above `settled`: there are some where a transaction was still writing as they were sealed."""
    packed = Seal.objects.filter(through__gt=settled).values_list("entries", flat=True)
    return {entry.id for one in packed for entry in encoding.unpack(bytes(one)) if entry.id > settled}


def _following(last: Seal, batch: _Batch, *, now: datetime) -> Seal:
    entries = [
        SealedEvent(*line)
        for start in range(0, len(batch.ids), CHUNK)
        for line in sorted(encoding.hashes(batch.ids[start : start + CHUNK]).items())
    ]
    made = Seal(
        number=last.number + 1,
        version=encoding.VERSION,
        at=now,
        count=len(entries),
        settled=max(last.settled, batch.settled),
        through=batch.ids[-1],
        previous=bytes(last.hash),
        entries=encoding.pack(entries),
    )
    made.hash = encoding.hash_of(made)
    return made


def _batches(settled: int, seen: Watermark) -> Iterator[_Batch]:
    known = _sealed_ahead(settled)
    lines = ConsentEvent.objects.filter(id__lte=seen.through).order_by("id").values_list("id", flat=True)
    after = settled
    while ids := list(lines.filter(id__gt=after)[:MOST]):
        after = ids[-1]
        if new := [one for one in ids if one not in known]:
            # A full batch may have more after it, and nothing counts as settled before it is sealed.
            yield _Batch(new, seen.settled if len(ids) < MOST else min(after, seen.settled))
