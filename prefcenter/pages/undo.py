"""Undo: takes back what a receipt stands for, an hour after the change at most."""

from django.http import HttpResponse

from unsubscribe import actions, links
from unsubscribe.actions.undoing import UNDO
from unsubscribe.errors import InvalidLink, MayNotLift
from unsubscribe.models import ConsentEvent

from . import results
from .visits import Visit


def undo(visit: Visit) -> HttpResponse:
    """Its permission is the receipt, and not the link behind which the button stands: that may have expired since."""
    try:
        event_ids = links.read_receipt(visit.says("receipt"))
        events = actions.undo(event_ids, visit.origin(UNDO))
    except (InvalidLink, MayNotLift):
        events = []
    if not events:
        return results.not_undone(visit)
    about = ConsentEvent.objects.filter(id__in=event_ids)
    is_whole = {(one.category_id, one.channel) for one in about} <= {(one.category_id, one.channel) for one in events}
    return results.undone(visit, events, is_whole=is_whole)
