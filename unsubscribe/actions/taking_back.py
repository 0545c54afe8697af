"""Takes back what an import set by mistake: the one exception to law 8, because that was never anybody's own no.

Only where nobody has said it since (`said_at` of Suppression, Preference and DomainSuppression). What another import
said as well is that import's from then on, and ends when the last of them is taken back (ImportRepeat). What people
chose themselves since is theirs. Contacts that were learnt stay, and nobody gets a mail.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Count, Exists, Min, OuterRef, QuerySet, Subquery
from django.db.models.functions import Greatest

from .. import rules
from ..choices import EventKind, Frequency, PreferenceState, Source, SuppressionReason
from ..errors import MayNotLift, MayNotLiftDomain
from ..ledger.events import ChoiceData, choice
from ..models import Address, ConsentEvent, Contact, DomainSuppression, ImportRepeat, Preference, Suppression
from ..rules import Chosen
from .locking import lock
from .origin import Origin
from .recording import Change, record
from .repeating import No, is_of_imports, repeats, repeats_of_row
from .suppressions import lifted


class ImportStanding(NamedTuple):
    """Of what an import said: how many suppressions, category no's and suppressions of whole domains would be taken
    back; and those that stay, because they were said again since (by how; "import" is an import that can be taken back
    itself, "" one that cannot, or nobody knows), were ended since, or are of somebody who was erased."""

    suppressions: int
    choices: int
    domains: int
    said_again: dict[str, int]
    ended: int
    erased: int


class TakenBack(NamedTuple):
    """How many rows were looked at, none when nothing is left to do; and how many of them were lifted."""

    looked_at: int
    lifted: int


def standing(import_id: int) -> ImportStanding:
    """What take_back would do. Nothing is written. Fifteen queries."""
    again: Counter[str] = Counter()
    for kind in (_SUPPRESSIONS, _CHOICES, _DOMAINS):
        mine = kind.alive().filter(import_id=import_id).exclude(said_at=None)
        alive = kind.alive().filter(pk=OuterRef("row_id"))
        again[Source.IMPORT] += mine.filter(Exists(repeats_of_row(kind.model))).count()
        again[Source.IMPORT] += repeats(kind.model).filter(Exists(alive), import_id=import_id).count()
        for_good = mine.exclude(Exists(repeats_of_row(kind.model)))
        for how, number in for_good.order_by().values_list("said_by").annotate(rows=Count("*")):
            again["" if how == Source.IMPORT else how] += number
    of_it = Suppression.objects.filter(import_id=import_id)
    domains_of_it = DomainSuppression.objects.filter(import_id=import_id)
    suppressions, choices, domains = (
        kind.alive().filter(import_id=import_id, said_at=None).count() for kind in (_SUPPRESSIONS, _CHOICES, _DOMAINS)
    )
    return ImportStanding(
        suppressions,
        choices,
        domains,
        {how: number for how, number in again.items() if number},
        of_it.exclude(lifted_at=None).count() + domains_of_it.exclude(lifted_at=None).count(),
        of_it.filter(lifted_at=None, address__contact__erased_at__isnull=False).count(),
    )


@transaction.atomic
def take_back(import_id: int, *, most: int, now: datetime, actor: str = "", note: str = "") -> TakenBack:
    """The next of it, at most so many. What it repeated is forgotten, what others repeated goes on to the first of
    them, and the rest is lifted.

    Each lift is an event of its own, with the import as its source; but for a domain, which names nobody. Doing it
    again finds nothing to do. Raises MayNotLift for a block that not even an import lifts.
    """
    origin = Origin(Source.IMPORT, now, actor=actor, note=note)
    for kind in (_SUPPRESSIONS, _CHOICES, _DOMAINS):
        if row_ids := _next(kind, import_id, most):
            return TakenBack(len(row_ids), _take_back(kind, row_ids, import_id, origin))
    return TakenBack(0, 0)


def oldest_repeat() -> int | None:
    """The first import that repeated what imports alone have said, if there is one."""
    first: int | None = ImportRepeat.objects.aggregate(first=Min("import_id"))["first"]
    return first


@transaction.atomic
def settle(import_ids: Collection[int], *, most: int) -> int:
    """These imports can no longer be taken back: what they repeated stands for good. The next of it, at most so many;
    how many rows it looked at, and 0 when nothing is left."""
    for kind in (_SUPPRESSIONS, _CHOICES, _DOMAINS):
        said = repeats(kind.model).filter(import_id__any_of=list(import_ids))
        if row_ids := list(said.values_list("row_id", flat=True)[:most]):
            kind.hold(row_ids)
            repeats(kind.model).filter(row_id__any_of=row_ids).delete()
            return len(row_ids)
    return 0


class _NoKind(NamedTuple):
    """A kind of no: those that stand, when one was set, and how one is held and ended. Who says one again while it is
    held is waited for, and then heard."""

    model: type[No]
    since: str
    alive: Callable[[], QuerySet[Any]]
    hold: Callable[[Sequence[int]], object]
    end: Callable[[Sequence[Any], Origin], None]


def _next(kind: _NoKind, import_id: int, most: int) -> list[int]:
    """The ids of rows that it repeated, or else that it set and nobody has said since for good."""
    repeated = repeats(kind.model).filter(import_id=import_id).order_by("row_id")
    set_by_it = kind.alive().filter(is_of_imports(kind.model), import_id=import_id).order_by("id")
    return list(repeated.values_list("row_id", flat=True)[:most]) or list(set_by_it.values_list("id", flat=True)[:most])


def _take_back(kind: _NoKind, row_ids: Sequence[int], import_id: int, origin: Origin) -> int:
    """How many were lifted."""
    kind.hold(row_ids)
    of_imports = kind.alive().filter(is_of_imports(kind.model), id__any_of=row_ids)
    rows = kind.model._default_manager.filter(id__any_of=list(of_imports.values_list("id", flat=True)))
    repeats(kind.model).filter(import_id=import_id, row_id__any_of=row_ids).delete()
    _hand_on(kind, rows.filter(import_id=import_id), row_ids)
    rows.update(said_at=Subquery(repeats_of_row(kind.model).order_by("-at").values("at")[:1]))
    ending = list(rows.filter(import_id=import_id).order_by("id"))
    kind.end(ending, origin)
    return len(ending)


def _hand_on(kind: _NoKind, rows: QuerySet[Any], row_ids: Sequence[int]) -> None:
    """What other imports said is as if the first of them had set it."""
    first = repeats_of_row(kind.model).order_by("at", "import_id")
    since = Greatest(kind.since, Subquery(first.values("at")[:1]))
    shared = rows.filter(Exists(repeats_of_row(kind.model)))
    shared.update(import_id=Subquery(first.values("import_id")[:1]), **{kind.since: since})
    sets = kind.model._default_manager.filter(pk=OuterRef("row_id"), import_id=OuterRef("import_id"))
    repeats(kind.model).filter(Exists(sets), row_id__any_of=row_ids).delete()


def _alive_suppressions() -> QuerySet[Suppression]:
    return Suppression.objects.filter(lifted_at=None, address__contact__erased_at=None)


def _hold_suppressions(row_ids: Sequence[int]) -> None:
    lock(list(Suppression.objects.filter(id__any_of=row_ids).values_list("address_id", flat=True)))


def _end_suppressions(ending: Sequence[Suppression], origin: Origin) -> None:
    if not all(rules.may_lift(SuppressionReason(row.reason), source=origin.source, is_its_own=True) for row in ending):
        raise MayNotLift
    rows = Suppression.objects.filter(id__any_of=[row.pk for row in ending])
    rows.update(lifted_at=origin.now, lifted_by=origin.source)
    record([lifted(row) for row in rows.select_related("address").order_by("id")], origin, confirm=False)


def _alive_choices() -> QuerySet[Preference]:
    """Without those of which nobody knows what an import found."""
    return Preference.objects.filter(state=PreferenceState.UNSUBSCRIBED, contact__erased_at=None).exclude(
        state_before=""
    )


def _hold_choices(row_ids: Sequence[int]) -> None:
    whose = Preference.objects.filter(id__any_of=row_ids).values_list("contact_id", flat=True)
    contacts = Contact.objects.select_for_update(no_key=True).filter(id__any_of=sorted(set(whose)))
    list(contacts.order_by("id").values_list("id", flat=True))


def _end_choices(ending: Sequence[Preference], origin: Origin) -> None:
    """What the import found is so again; how often and until when are as they are today."""
    back: dict[str, list[int]] = defaultdict(list)
    for row in ending:
        back[row.state_before].append(row.pk)
    for state, row_ids in back.items():
        Preference.objects.filter(id__any_of=row_ids).update(
            state=state, changed_at=origin.now, said_by="", import_id=None, state_before=""
        )
    record(_changes(ending), origin, confirm=False)


def _changes(ending: Sequence[Preference]) -> list[Change]:
    """By the address of the contact that the import named, if it is still there, and else by their first."""
    events, addresses = _events(ending), _addresses(ending)
    changes = []
    for row in ending:
        event, known = events.get((row.contact_id, row.category_id, row.channel)), addresses[row.contact_id]
        first = next((one for one in known if one.channel == row.channel), known[0])
        address = next((one for one in known if event and one.pk == event.address_id), first)
        before = choice(Chosen(PreferenceState(row.state), Frequency(row.frequency), row.paused_until))
        after: ChoiceData = {**before, "state": row.state_before}
        about = (row.category_id, event.campaign_id if event else None, row.channel)
        changes.append(Change(EventKind.OPT_IN, address, before, after, *about))
    return changes


def _addresses(rows: Sequence[Preference]) -> dict[int, list[Address]]:
    """Of these contacts; their own first."""
    found: dict[int, list[Address]] = defaultdict(list)
    contact_ids = sorted({row.contact_id for row in rows})
    for one in Address.objects.filter(contact_id__any_of=contact_ids).order_by("id"):
        found[one.contact_id].append(one)
    return {contact_id: sorted(some, key=lambda one: one.is_pending) for contact_id, some in found.items()}


def _events(rows: Sequence[Preference]) -> dict[tuple[int, int, str], ConsentEvent]:
    """By which imports set these contacts' no's, the last of each choice."""
    found = ConsentEvent.objects.filter(
        contact_id__any_of=sorted({row.contact_id for row in rows}),
        kind=EventKind.OPT_OUT,
        source=Source.IMPORT,
        category__isnull=False,
    )
    return {(one.contact_id, one.category_id or 0, one.channel): one for one in found.order_by("id")}


def _alive_domains() -> QuerySet[DomainSuppression]:
    return DomainSuppression.objects.filter(lifted_at=None)


def _hold_domains(row_ids: Sequence[int]) -> None:
    list(DomainSuppression.objects.select_for_update(no_key=True).filter(id__any_of=row_ids).order_by("id"))


def _end_domains(ending: Sequence[DomainSuppression], origin: Origin) -> None:
    if not all(rules.may_lift_domain(Source(one.source), source=origin.source, is_its_own=True) for one in ending):
        raise MayNotLiftDomain
    DomainSuppression.objects.filter(id__any_of=[one.pk for one in ending]).update(
        lifted_at=origin.now, lifted_source=origin.source, lifted_by=origin.actor, lifted_note=origin.note
    )


_SUPPRESSIONS = _NoKind(Suppression, "since", _alive_suppressions, _hold_suppressions, _end_suppressions)
_CHOICES = _NoKind(Preference, "changed_at", _alive_choices, _hold_choices, _end_choices)
_DOMAINS = _NoKind(DomainSuppression, "since", _alive_domains, _hold_domains, _end_domains)
