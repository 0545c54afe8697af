"""Takes back a change just made, where nothing has been changed since. The ledger keeps both."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q, QuerySet

from ..choices import EventKind, PreferenceState, SuppressionReason
from ..ledger.events import chosen_in, day
from ..models import ConsentEvent, Contact, Preference, Suppression
from .locking import lock
from .origin import Origin
from .pausing import restore_pause
from .preferences import restore
from .suppressions import block, lift
from .wanted import Wanted

#: What an undo would bring more mail for.
_LESS = frozenset({EventKind.OPT_OUT, EventKind.OPT_DOWN, EventKind.PAUSE})
#: The wording of an undo on a page; where a block ends it stands in the note.
UNDO = "Undo"


@transaction.atomic
def undo(event_ids: Sequence[int], origin: Origin) -> list[ConsentEvent]:
    """Restores what held before these events, by their ids, as new events; a second undo finds nothing to do.

    An event is left alone if the same choice was changed, or said again, since (law 12), unless by another of these.
    Raises MayNotLift where the source may not take it back; then nothing was written.
    """
    events = list(ConsentEvent.objects.filter(id__any_of=event_ids).select_related("address").order_by("-id"))
    events = [one for one in events if one.kind != EventKind.AGAIN]  # by which nothing changed
    lock([event.address_id for event in events])
    written: list[ConsentEvent] = []
    for event in [one for one in events if not _is_overtaken(one, event_ids)]:
        written += _undo(event, origin)
    return written


def _is_overtaken(event: ConsentEvent, event_ids: Sequence[int]) -> bool:
    """Whether something was changed since that touches the same choice."""
    later = ConsentEvent.objects.filter(contact_id=event.contact_id, id__gt=event.pk).exclude(id__in=event_ids)
    later = later.exclude(kind=EventKind.ACCESS)  # who only looked has changed nothing
    if later.filter(Q(category_id=event.category_id) | Q(category_id=None)).exists():
        return True
    return _was_said_again(event)


def _was_said_again(event: ConsentEvent) -> bool:
    """Whether a no to the same, or to everything, was repeated since in the way it had been said: that is no event.

    What came in the same act as the event is not since, but for the row that the event is about, which an act changes
    or repeats and not both.
    """
    is_this = Q(address=event.address_id) if event.category_id is None else Q(pk=None)
    since = Q(said_at__gt=event.at) | is_this & Q(said_at=event.at)
    suppressions = Suppression.objects.filter(since, address__contact_id=event.contact_id, lifted_at=None)
    if suppressions.exists() or (event.kind in _LESS and _was_less_said_again(event)):
        return True
    no = _choice(event).filter(state=PreferenceState.UNSUBSCRIBED, said_at__gte=event.at)
    return event.category_id is not None and no.exists()


def _was_less_said_again(event: ConsentEvent) -> bool:
    """The same of less, whichever way it was said: the frequency or pause of the choice, or the pause of everything."""
    is_this = event.category_id is None and event.kind == EventKind.PAUSE
    since = Q(pause_said_at__gte=event.at) if is_this else Q(pause_said_at__gt=event.at)
    if Contact.objects.filter(since, id=event.contact_id, paused_until__isnull=False).exists():
        return True
    return event.category_id is not None and _choice(event).filter(less_said_at__gte=event.at).exists()


def _choice(event: ConsentEvent) -> QuerySet[Preference]:
    about = {"contact_id": event.contact_id, "category_id": event.category_id, "channel": event.channel}
    return Preference.objects.filter(**about)


def _undo(event: ConsentEvent, origin: Origin) -> list[ConsentEvent]:
    if event.category_id is not None:
        before = Wanted(event.address_id, event.category_id, chosen_in(event.before), event.channel, event.campaign_id)
        return restore([before], origin)
    if event.kind in {EventKind.PAUSE, EventKind.RESUME}:
        return restore_pause(event.address_id, day(event.before["paused_until"]), origin)
    return _undo_suppression(event, origin)


def _undo_suppression(event: ConsentEvent, origin: Origin) -> list[ConsentEvent]:
    address_ids = [event.address_id]
    if event.kind == EventKind.LIFT:
        reasons = map(SuppressionReason, event.before["suppressed"])
        everywhere = bool(event.before.get("everywhere"))
        return [one for reason in reasons for one in block(lock(address_ids), reason, origin, everywhere=everywhere)]
    origin = origin._replace(wording="", note=origin.wording)
    reasons = map(SuppressionReason, event.after.get("suppressed", ()))
    return [one for reason in reasons for one in lift(address_ids, origin, reason=reason)]
