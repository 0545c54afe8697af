"""Takes back what an import set by mistake: the one exception to design law 8, because that was never anybody's own no.

Only where nobody has said it since, in any way and by any other import (said_at of Suppression, Preference and
DomainSuppression). What people chose themselves since is theirs. Contacts that were learnt stay, and nobody gets a
mail.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Count, QuerySet

from .. import rules
from ..choices import EventKind, PreferenceState, Source, SuppressionReason
from ..errors import MayNotLift, MayNotLiftDomain
from ..models import ConsentEvent, Contact, DomainSuppression, Preference, Suppression
from .ledger import Change, Origin, record
from .locking import lock


class Standing(NamedTuple):
    """Of what an import set: how many blocks, category no's and blocks on whole domains would be taken back; and those
    that stay, because they were said again since (by how), were ended since, or are of somebody who was erased."""

    blocks: int
    choices: int
    domains: int
    said_again: dict[str, int]
    ended: int
    erased: int


def standing(import_id: int) -> Standing:
    """What take_back would do. Nothing is written. Nine queries."""
    again: dict[str, int] = {}
    for rows in (_alive_blocks(import_id), _alive_choices(import_id), _alive_domains(import_id)):
        counted = rows.exclude(said_at=None).order_by().values_list("said_by").annotate(rows=Count("*"))
        for how, number in counted:
            again[how] = again.get(how, 0) + number
    of_it = Suppression.objects.filter(import_id=import_id)
    domains_of_it = DomainSuppression.objects.filter(import_id=import_id)
    return Standing(
        _alive_blocks(import_id).filter(said_at=None).count(),
        _alive_choices(import_id).filter(said_at=None).count(),
        _alive_domains(import_id).filter(said_at=None).count(),
        again,
        of_it.exclude(lifted_at=None).count() + domains_of_it.exclude(lifted_at=None).count(),
        of_it.filter(lifted_at=None, address__contact__erased_at__isnull=False).count(),
    )


@transaction.atomic
def take_back(import_id: int, *, most: int, now: datetime, actor: str = "", note: str = "") -> int:
    """The next of it, at most so many; how many rows it looked at, and 0 when nothing is left.

    Each is an event of its own, with the import as its source; but for a domain, which names nobody. Doing it again
    finds nothing to do. Raises MayNotLift for a block that not even an import lifts.
    """
    origin = Origin(Source.IMPORT, now, actor=actor, note=note)
    blocks = list(_alive_blocks(import_id).filter(said_at=None).order_by("id")[:most])
    if blocks:
        _lift(import_id, blocks, origin)
        return len(blocks)
    choices = list(_alive_choices(import_id).filter(said_at=None).order_by("id")[:most])
    if choices:
        _restore(import_id, choices, origin)
        return len(choices)
    return _lift_domains(import_id, most, origin)


def _alive_blocks(import_id: int) -> QuerySet[Suppression]:
    return Suppression.objects.filter(import_id=import_id, lifted_at=None, address__contact__erased_at=None)


def _alive_choices(import_id: int) -> QuerySet[Preference]:
    no = Preference.objects.filter(import_id=import_id, state=PreferenceState.UNSUBSCRIBED)
    return no.filter(contact__erased_at=None)


def _alive_domains(import_id: int) -> QuerySet[DomainSuppression]:
    return DomainSuppression.objects.filter(import_id=import_id, lifted_at=None)


def _lift_domains(import_id: int, most: int, origin: Origin) -> int:
    """How many ended. Who says it again at this moment is waited for, and then heard."""
    rows = _alive_domains(import_id).filter(said_at=None).select_for_update(no_key=True)
    ending = list(rows.order_by("id")[:most])
    if not all(rules.may_lift_domain(Source(one.source), source=origin.source, is_its_own=True) for one in ending):
        raise MayNotLiftDomain
    DomainSuppression.objects.filter(id__any_of=[one.pk for one in ending]).update(
        lifted_at=origin.now, lifted_source=origin.source, lifted_by=origin.actor, lifted_note=origin.note
    )
    return len(ending)


def _lift(import_id: int, blocks: Sequence[Suppression], origin: Origin) -> None:
    """Who says it again at this moment is waited for, and then heard."""
    lock([row.address_id for row in blocks])
    rows = _alive_blocks(import_id).filter(id__any_of=[row.pk for row in blocks], said_at=None)
    ending = list(rows.select_related("address").order_by("id"))
    if not all(rules.may_lift(SuppressionReason(row.reason), source=origin.source, is_its_own=True) for row in ending):
        raise MayNotLift
    Suppression.objects.filter(id__any_of=[row.pk for row in ending]).update(
        lifted_at=origin.now, lifted_by=origin.source
    )
    after: dict[str, Any] = {"suppressed": []}
    record(
        [
            Change(EventKind.LIFT, row.address, {"suppressed": [row.reason], "everywhere": row.everywhere}, after)
            for row in ending
        ],
        origin,
        confirm=False,
    )


def _restore(import_id: int, choices: Sequence[Preference], origin: Origin) -> None:
    """What stood before, as the event of the import has it; how often and until when are as they are today."""
    contacts = Contact.objects.select_for_update(no_key=True).filter(id__any_of=[row.contact_id for row in choices])
    list(contacts.order_by("id").values_list("id", flat=True))
    rows = list(_alive_choices(import_id).filter(id__any_of=[row.pk for row in choices], said_at=None).order_by("id"))
    events = _events(row.contact_id for row in rows)
    changes: list[Change] = []
    back: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        event = events.get((row.contact_id, row.category_id, row.channel))
        state = event.before.get("state", PreferenceState.UNSPECIFIED) if event else row.state
        back[state].append(row.pk)
        if event and state != row.state:
            changes.append(_change(row, event, state))
    for state, ids in back.items():
        said_by = origin.source if state == PreferenceState.UNSUBSCRIBED else ""
        again = Preference.objects.filter(id__any_of=ids)
        again.update(state=state, changed_at=origin.now, said_by=said_by, import_id=None)
    record(changes, origin, confirm=False)


def _change(row: Preference, event: ConsentEvent, state: str) -> Change:
    others = {"frequency": row.frequency, "paused_until": row.paused_until.isoformat() if row.paused_until else None}
    before, after = {"state": row.state} | others, {"state": state} | others
    about = (row.category_id, event.campaign_id, row.channel)
    return Change(EventKind.OPT_IN, event.address, before, after, *about)


def _events(contact_ids: Iterable[int]) -> dict[tuple[int, int, str], ConsentEvent]:
    """By which imports set these contacts' no's, the last of each choice."""
    found = ConsentEvent.objects.filter(
        contact_id__any_of=sorted(set(contact_ids)),
        kind=EventKind.OPT_OUT,
        source=Source.IMPORT,
        category__isnull=False,
    )
    rows = found.select_related("address").order_by("id")
    return {(one.contact_id, one.category_id or 0, one.channel): one for one in rows}
