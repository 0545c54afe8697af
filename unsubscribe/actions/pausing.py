"""Pauses: of everything, which is the contact's, and of one category, which is a preference."""

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.db.models.functions import Coalesce, Greatest

from .. import rules
from ..choices import EventKind
from ..errors import MayNotLift
from ..ledger import events
from ..links import Target
from ..models import ConsentEvent, Contact
from .joining.parting import speak_for_themselves
from .known import known
from .locking import LockedAddresses, lock
from .origin import Origin
from .preferences import choose
from .recording import Change, record
from .wanted import wanted_of


@transaction.atomic
def pause(targets: Iterable[Target], origin: Origin, *, until: date | None) -> list[ConsentEvent]:
    """Pauses the category each target names, on the channel of its address; all marketing to the contact where it names
    none.

    `until` is the first day, in the site's time zone, on which messages may go out again; None ends the pause. Raises
    MayNotLift where this source may not end what the contact asked for.
    """
    targets = list(targets)
    locked = lock([target.address_id for target in targets])
    targets = known(targets)
    named = {target.address_id for target in targets if target.category_id is None}
    whole = {id_: one for id_, one in locked.items() if id_ in named}
    sooner = [one for one in whole.values() if rules.ends_sooner(one.contact.paused_until, until)]
    speak_for_themselves(locked, [(one.pk, None, one.channel) for one in sooner], origin)
    _pause_again(whole, until, origin)
    wanted = wanted_of(targets, {"paused_until": until})
    events = _pause_contacts(whole, until, origin)
    return events + choose(wanted, origin)


@transaction.atomic
def restore_pause(address_id: int, until: date | None, origin: Origin) -> list[ConsentEvent]:
    """The pause of everything as it was before an event."""
    return _pause_contacts(lock([address_id]), until, origin)


def _pause_contacts(locked: LockedAddresses, until: date | None, origin: Origin) -> list[ConsentEvent]:
    changes = []
    for address in {one.contact_id: one for one in locked.values()}.values():
        before, address.contact.paused_until = address.contact.paused_until, until
        if rules.ends_sooner(before, until) and origin.source not in rules.OWN_VOICE:
            raise MayNotLift
        if before != until:
            kind = EventKind.PAUSE if until else EventKind.RESUME
            changes.append(Change(kind, address, events.pause(before), events.pause(until)))
    paused = Contact.objects.filter(id__any_of=[change.address.contact_id for change in changes])
    paused.update(paused_until=until, pause_said_at=None)
    return record(changes, origin)


def _pause_again(locked: LockedAddresses, until: date | None, origin: Origin) -> None:
    """What is paused until that day already was asked for again: its time moves on, and it is no event. Of who was
    erased nothing more is noted."""
    contacts = {one.contact_id: one.contact for one in locked.values()}
    same = [id_ for id_, one in contacts.items() if until and one.paused_until == until and one.erased_at is None]
    if same:
        rows = Contact.objects.filter(id__any_of=same)
        rows.update(pause_said_at=Greatest(Coalesce("pause_said_at", origin.now), origin.now))
