"""The ledger page by page, from where a reader stopped, without gaps or repeats: for the API's feed and the
webhooks."""

from typing import NamedTuple

from django.db.models import QuerySet

from ..errors import UnsubscribeError
from ..models import ConsentEvent, Seal
from . import watermark

#: How long a call waits for transactions that are writing to the ledger, in seconds.
PATIENCE = 2.0


class BeyondTheEnd(UnsubscribeError):
    """`after`: the position is beyond the last event."""

    message = (
        "This position lies beyond the end of the ledger, as after it was restored from a backup: its next events "
        "would be missed. Please start again at 0, or at an event that you know was there before the backup."
    )


class FeedPage(NamedTuple):
    """One page of the feed.

    lines:    events, oldest first, each with its address, category and campaign loaded
    has_more: whether there are further events, some of which may be held back until all before them are committed
    """

    lines: list[ConsentEvent]
    has_more: bool


def after(position: int, *, limit: int, patience: float = PATIENCE) -> FeedPage:
    """The next events after the one with the id `position` (0: from the beginning), at most `limit`.

    Pass the id of the last one as the next position. An event is handed out only once no lower id can be committed any
    more (watermark). Waits at most `patience` seconds for transactions that are writing, so call it outside one that
    has written to the ledger. Raises BeyondTheEnd for a position that no event ever had.
    """
    ahead = ConsentEvent.objects.filter(id__gt=position).order_by("id")
    if not ahead.exists():
        if position > watermark.last_id():
            raise BeyondTheEnd
        return FeedPage([], has_more=False)
    sealed = _sealed()
    lines = _up_to(sealed, ahead, limit)
    if len(lines) < limit:
        # During a long transaction `settled` is 0, and what is sealed is all that is known to be settled.
        lines = _up_to(max(sealed, watermark.of_ledger(patience).settled), ahead, limit)
    return FeedPage(lines, has_more=ahead.filter(id__gt=lines[-1].pk if lines else position).exists())


def end(*, patience: float = PATIENCE) -> int:
    """The position from which `after` gives only events from now on.

    If a transaction writes for longer than `patience` seconds, it is the end of what is sealed: then some events of the
    last hour come as well.
    """
    return max(_sealed(), watermark.of_ledger(patience).settled)


def _up_to(settled: int, ahead: QuerySet[ConsentEvent], limit: int) -> list[ConsentEvent]:
    return list(ahead.filter(id__lte=settled).select_related("address", "category", "campaign")[:limit])


def _sealed() -> int:
    """The newest seal says up to where everything is settled."""
    return Seal.objects.order_by("-number").values_list("settled", flat=True).first() or 0
