"""The ledger in order, from where a reader stopped: no line is skipped and none comes twice. It changes nothing."""

from typing import NamedTuple

from django.db.models import QuerySet

from ..errors import UnsubscribeError
from ..models import ConsentEvent, Seal
from . import watermark

#: How long those who are writing right now may take, in seconds. Who takes longer is waited for by asking again.
PATIENCE = 2.0


class BeyondTheEnd(UnsubscribeError):
    """The caller's position is behind the last event."""

    message = (
        "This position lies beyond the end of the ledger, as after it was restored from a backup: its next events "
        "would be missed. Please start again at 0, or at an event that you know was there before the backup."
    )


class FeedPage(NamedTuple):
    """lines:    events, oldest first, each with its address, category and campaign loaded
    has_more: further events are there, perhaps held back because one may still appear below them
    """

    lines: list[ConsentEvent]
    has_more: bool


def after(position: int, *, limit: int, patience: float = PATIENCE) -> FeedPage:
    """The next events after the one with the id `position` (0: from the beginning), at most `limit`.

    Only events below which none can appear any more: pass the id of the last one as the next position, and none is
    missed and none comes twice, whoever commits late. It waits at most `patience` seconds for transactions that are
    writing. Call it outside a transaction that has written to the ledger. Raises BeyondTheEnd for a position that no
    event ever had.
    """
    ahead = ConsentEvent.objects.filter(id__gt=position).order_by("id")
    if not ahead.exists():
        if position > watermark.last_id():
            raise BeyondTheEnd
        return FeedPage([], has_more=False)
    sealed = _sealed()
    lines = _up_to(sealed, ahead, limit)
    if len(lines) < limit:
        # While somebody writes for long, what is sealed is all there is.
        lines = _up_to(max(sealed, watermark.of_ledger(patience).settled), ahead, limit)
    return FeedPage(lines, has_more=ahead.filter(id__gt=lines[-1].pk if lines else position).exists())


def end(*, patience: float = PATIENCE) -> int:
    """The position from which `after` gives only what happens from now on.

    While a transaction writes for longer than `patience` seconds it lies further back, at what is sealed: then some
    events of the last hour come too.
    """
    return max(_sealed(), watermark.of_ledger(patience).settled)


def _up_to(settled: int, ahead: QuerySet[ConsentEvent], limit: int) -> list[ConsentEvent]:
    return list(ahead.filter(id__lte=settled).select_related("address", "category", "campaign")[:limit])


def _sealed() -> int:
    """The newest seal says up to where everything is settled."""
    return Seal.objects.order_by("-number").values_list("settled", flat=True).first() or 0
