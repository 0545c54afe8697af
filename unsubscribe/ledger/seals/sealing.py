"""Seals what is new in the ledger. It takes no lock that somebody who opts out could ever wait for.

A line may appear below others that are long sealed (see watermark). That is no reason to wait for it: a seal names its
lines one by one, and the next takes what came late. But an id that nobody can fill any more must be known, or a line
inserted there would pass for a late one. So a seal says up to which id everything is settled.
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

#: A first seal may meet a year of lines: in rows of 4 MB, each in memory for itself.
MOST = 100_000
CHUNK = 2_000
#: How long those who are writing right now may take, in seconds.
PATIENCE = 10.0
#: Sealed every hour; twice that, and somebody should look.
OVERDUE = timedelta(hours=2)
_START = Seal(number=0, settled=0, hash=encoding.NOTHING)


class _Batch(NamedTuple):
    ids: list[int]
    settled: int


def seal(*, now: datetime, patience: float = PATIENCE) -> Seal | None:
    """Closes every line that is there and in no seal yet. The newest seal, or None if nothing was new.

    Two at once are one: the second finds its number taken and leaves the rest to the next hour.
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
    """The lines that are in no seal: those beyond what is settled, without what is sealed ahead."""
    settled = Seal.objects.order_by("-number").values_list("settled", flat=True).first() or 0
    return ConsentEvent.objects.filter(id__gt=settled).exclude(id__any_of=list(_sealed_ahead(settled)))


def overdue(*, now: datetime) -> QuerySet[ConsentEvent]:
    """The lines that are in no seal although sealing has had its chance: nobody seals, or seals were removed."""
    return unsealed().filter(at__lt=now - OVERDUE)


def _sealed_ahead(settled: int) -> set[int]:
    """The sealed ids beyond: none, but while somebody who writes takes his time."""
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
            # More may follow, which is not settled before it is sealed.
            yield _Batch(new, seen.settled if len(ids) < MOST else min(after, seen.settled))
