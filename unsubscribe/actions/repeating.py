"""Notes that a choice that stands already was made again (design law 12). It changes nothing that the gate asks for.

Said again the same way, only the time moves on. A no said again another way is an event of its own, of the kind AGAIN,
whose before and after are alike; no mail confirms it. Undo and the taking back of imports look at both.
"""

from collections.abc import Collection, Iterable, Sequence

from django.db.models.functions import Coalesce, Greatest

from ..choices import PreferenceState
from ..models import Preference, Suppression
from ..rules import OWN_VOICE
from .ledger import Change, Origin, record


def preferences_again(said: Sequence[tuple[Preference, Change]], origin: Origin) -> None:
    """Choices that stand already, each with the event that it is if it was said another way. The contacts are locked.

    A yes said again counts only from the person, or with its evidence, and is no event.
    """
    counts = [
        (row, change)
        for row, change in said
        if row.state == PreferenceState.UNSUBSCRIBED
        or (row.state == PreferenceState.SUBSCRIBED and (origin.source in OWN_VOICE or origin.given_at))
    ]
    if not counts:
        return
    rows = Preference.objects.filter(id__any_of=[row.pk for row, _ in counts])
    at = origin.given_at or origin.now
    rows.update(said_at=Greatest(Coalesce("said_at", at), at), said_by=origin.source)
    no = [one for one in counts if one[0].state == PreferenceState.UNSUBSCRIBED]
    record([change for row, change in no if row.said_by != origin.source], origin, confirm=False)


def blocks_again(rows: Collection[Suppression], changes: Iterable[Change], origin: Origin) -> None:
    """Blocks that stand already, and for each address that asked for one of them the event that it is if it was asked
    another way. The contacts are locked."""
    if not rows:
        return
    by_address = {row.address_id: row.said_by or row.source for row in rows}
    there = Suppression.objects.filter(id__any_of=[row.pk for row in rows])
    there.update(said_at=Greatest(Coalesce("said_at", origin.now), origin.now), said_by=origin.source)
    record([one for one in changes if by_address[one.address.pk] != origin.source], origin, confirm=False)
