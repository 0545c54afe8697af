"""The ledger in order, from where a reader stopped: no line is skipped and none comes twice. It changes nothing."""

from typing import NamedTuple

from django.db.models import QuerySet

from ..errors import UnsubscribeError
from ..models import ConsentEvent, Seal
from . import watermark

#: How long those who are writing right now may take, in seconds. Who takes longer is waited for by asking again.
PATIENCE = 2.0


class BeyondTheEnd(UnsubscribeError):
    """This position lies beyond the end of the ledger, as after it was restored from a backup: its next lines would be
    missed. Please begin anew at 0, or at a line that you know was there before the backup."""


class FeedPage(NamedTuple):
    """`has_more`: further lines are there, perhaps held back because a line may still appear below them."""

    lines: list[ConsentEvent]
    has_more: bool


def after(position: int, *, limit: int, patience: float = PATIENCE) -> FeedPage:
    """The next lines after this id, oldest first, at most `limit`.

    Only lines below which nothing can appear any more, so that the id of the last one is where to go on, whoever
    commits late. Call it outside a transaction that has written to the ledger. Raises BeyondTheEnd.
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
    """Where to begin for whoever wants what comes from now on: nothing can appear below. While somebody writes for
    long it lies further back, at what is sealed; then some lines of the last hour come too."""
    return max(_sealed(), watermark.of_ledger(patience).settled)


def _up_to(settled: int, ahead: QuerySet[ConsentEvent], limit: int) -> list[ConsentEvent]:
    return list(ahead.filter(id__lte=settled).select_related("address", "category", "campaign")[:limit])


def _sealed() -> int:
    """The newest seal says up to where everything is settled."""
    return Seal.objects.order_by("-number").values_list("settled", flat=True).first() or 0
