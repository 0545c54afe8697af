"""Writes what people choose by category: out, in, down and pauses, and "everything" where no category is named."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import transaction

from .. import covering, rules
from ..choices import Channel, EventKind, Frequency, PreferenceState, Source, SuppressionReason
from ..errors import MayNotLift
from ..links import Target
from ..models import Address, ConsentEvent, Contact, Preference
from ..rules import Chosen
from .coming_back import come_back
from .known import known, known_campaigns
from .ledger import Change, Origin, record
from .locking import People, lock
from .parting import More, speak_for_themselves
from .repeating import preferences_again
from .suppressions import OwnNo, block, own_no_by_channel

#: contact, category, channel
Key = tuple[int, int, str]
Choices = dict[Key, Chosen]
#: Of an erased contact not even their own.
_MORE = frozenset({EventKind.OPT_IN, EventKind.OPT_UP, EventKind.RESUME})


class Wanted(NamedTuple):
    """What is to become true of one category on one channel (the address's own, if none is named).

    `change` holds the fields of rules.Chosen that were touched, and only those; `wording` is what stood beside them.
    """

    address_id: int
    category_id: int
    change: Mapping[str, Any]
    channel: Channel | str | None = None
    campaign_id: int | None = None
    wording: str = ""


def opt_out(
    targets: Iterable[Target], *, source: Source, now: datetime, wording: str = "", actor: str = "", note: str = ""
) -> list[ConsentEvent]:
    """No more of the category each target names; of everything, everywhere, where it names none.

    Returns the events by which something changed: none for what was already so (that it was said again is noted, see
    repeating.py), and none for an address that does not exist.
    """
    targets = list(targets)
    origin = Origin(source, now, wording, actor, note)
    with transaction.atomic():
        people = lock([target.address_id for target in targets])
        targets = known(targets, is_lost=lambda target: target._replace(category_id=None))
        everything = [target for target in targets if target.category_id is None]
        events = block(
            _those(people, everything),
            SuppressionReason.UNSUBSCRIBED_ALL,
            origin,
            everywhere=True,
            campaigns={target.address_id: target.campaign_id for target in everything},
        )
        return events + _set(_wanted(targets, {"state": PreferenceState.UNSUBSCRIBED}), people, origin)


def opt_in(
    targets: Iterable[Target], *, source: Source, now: datetime, wording: str, actor: str = "", note: str = ""
) -> list[ConsentEvent]:
    """Yes again to the category each target names. Raises MayNotLift for a no that only the person takes back.

    `wording` is what the person read when they agreed (GDPR Art. 7(1)).
    """
    # A pause would make the yes an empty word.
    wanted = _wanted(known(targets), {"state": PreferenceState.SUBSCRIBED, "paused_until": None})
    return set_preferences(wanted, source=source, now=now, wording=wording, actor=actor, note=note)


def opt_down(
    targets: Iterable[Target],
    frequency: Frequency,
    *,
    source: Source,
    now: datetime,
    wording: str = "",
    actor: str = "",
) -> list[ConsentEvent]:
    """Fewer: a slower frequency for the category each target names."""
    wanted = _wanted(known(targets), {"frequency": frequency})
    return set_preferences(wanted, source=source, now=now, wording=wording, actor=actor)


def pause(
    targets: Iterable[Target],
    until: date | None,
    *,
    source: Source,
    now: datetime,
    wording: str = "",
    actor: str = "",
) -> list[ConsentEvent]:
    """No messages until a day; None resumes. For the whole contact where a target names no category."""
    targets = list(targets)
    origin = Origin(source, now, wording, actor)
    with transaction.atomic():
        people = lock([target.address_id for target in targets])
        targets = known(targets)
        whole = _those(people, [target for target in targets if target.category_id is None])
        sooner = [one for one in whole.values() if rules.ends_sooner(one.contact.paused_until, until)]
        speak_for_themselves(people, [(one.pk, None, one.channel) for one in sooner], origin)
        events = _pause_contacts(whole, until, origin)
        return events + _set(_wanted(targets, {"paused_until": until}), people, origin)


@transaction.atomic
def restore_pause(address_id: int, until: date | None, origin: Origin) -> list[ConsentEvent]:
    """The pause of everything as it was before an event."""
    return _pause_contacts(lock([address_id]), until, origin)


@transaction.atomic
def set_preferences(
    wanted: Iterable[Wanted],
    *,
    source: Source,
    now: datetime,
    wording: str = "",
    actor: str = "",
    note: str = "",
    given_at: datetime | None = None,
) -> list[ConsentEvent]:
    """All of a save in one transaction, confirmed by one mail. Raises MayNotLift; then nothing was written.

    `given_at`: when the person gave a yes that another door hands over with evidence. An older no does not beat it.
    """
    return _locked_set(wanted, Origin(source, now, wording, actor, note, given_at=given_at))


@transaction.atomic
def restore(wanted: Iterable[Wanted], origin: Origin) -> list[ConsentEvent]:
    """What stood before an event. It brings back a choice, and lifts no block."""
    return _locked_set(wanted, origin, lifts=False)


def leave(wanted: Sequence[Wanted], people: People, origin: Origin) -> list[ConsentEvent]:
    """No more of what is named, for contacts that are locked already; nobody gets a mail about it."""
    return _set(wanted, people, origin, lifts=False, confirm=False)


def _locked_set(wanted: Iterable[Wanted], origin: Origin, *, lifts: bool = True) -> list[ConsentEvent]:
    wanted = list(wanted)
    people = lock([one.address_id for one in wanted])
    campaigns = known_campaigns(one.campaign_id for one in wanted)
    wanted = [one if one.campaign_id in campaigns else one._replace(campaign_id=None) for one in wanted]
    return _set(wanted, people, origin, lifts=lifts)


def _wanted(targets: Iterable[Target], change: Mapping[str, Any]) -> list[Wanted]:
    return [
        Wanted(target.address_id, target.category_id, change, campaign_id=target.campaign_id)
        for target in targets
        if target.category_id is not None
    ]


def _those(people: People, targets: Iterable[Target]) -> People:
    return {target.address_id: people[target.address_id] for target in targets if target.address_id in people}


def _set(
    wanted: Sequence[Wanted], people: People, origin: Origin, *, lifts: bool = True, confirm: bool = True
) -> list[ConsentEvent]:
    wanted = [one for one in wanted if one.address_id in people]
    if not wanted:
        return []
    rows = _rows(people, {one.category_id for one in wanted})
    chosen = {key: _chosen(row) for key, row in rows.items()}
    own_no = own_no_by_channel(people) if lifts else {}
    if lifts and (more := _more(wanted, people, chosen)):
        speak_for_themselves(people, more, origin)
        rows = _rows(people, {one.category_id for one in wanted})
        chosen, own_no = {key: _chosen(row) for key, row in rows.items()}, own_no_by_channel(people)
    covered = _covered(wanted, people) if lifts else frozenset()
    changes = [
        change
        for one in wanted
        if (change := _change(one, people[one.address_id], chosen, own_no, origin, is_covered=one[:2] in covered))
    ]
    if lifts:
        preferences_again(_again(wanted, people, rows, {_key(change) for change in changes}), origin)
    came_back = come_back([change for change in changes if change.kind == EventKind.OPT_IN], own_no, origin)
    _upsert({_key(change): chosen[_key(change)] for change in changes}, rows, origin)
    return came_back + record(changes, origin, confirm=confirm)


def _more(wanted: Iterable[Wanted], people: People, chosen: Choices) -> list[More]:
    """What an address that is pending wants more of than holds for it. Of a yes it is not known whose it was."""
    more: list[More] = []
    for one in wanted:
        address, channel = people[one.address_id], str(one.channel or people[one.address_id].channel)
        before = chosen.get((address.contact_id, one.category_id, channel), Chosen())
        is_yes = one.change.get("state") == PreferenceState.SUBSCRIBED
        if address.is_pending and (is_yes or rules.is_more(before, before._replace(**one.change))):
            more.append((one.address_id, one.category_id, channel))
    return more


def _covered(wanted: Sequence[Wanted], people: People) -> frozenset[tuple[int, int]]:
    """Of the yes's among these, those to which a no stands that was said of more than the address (covering.py)."""
    yes = {one[:2] for one in wanted if one.change.get("state") == PreferenceState.SUBSCRIBED}
    values = {id_: people[id_].value for id_, _ in yes if people[id_].channel == Channel.EMAIL}
    return covering.standing(values, {category_id for _, category_id in yes}).noes & yes


def _change(
    one: Wanted, address: Address, chosen: Choices, own_no: OwnNo, origin: Origin, *, is_covered: bool
) -> Change | None:
    """The step from what stands to what is wanted, noted in `chosen`; None when it is so already."""
    key = (address.contact_id, one.category_id, one.channel or address.channel)
    before = chosen.get(key, Chosen())
    after = before._replace(**one.change)
    has_said_no = own_no.get((key[0], key[2]), frozenset())
    if (has_said_no or is_covered) and one.change.get("state") == PreferenceState.SUBSCRIBED:
        # Whoever said no to everything gets nothing of this category, whatever they had chosen of it before.
        before = before._replace(state=PreferenceState.UNSUBSCRIBED)
    kind = rules.changes(before, after)
    if kind is None:
        return None
    is_erased = address.contact.erased_at is not None and kind in _MORE
    if is_erased or not rules.may_change(before, after, source=origin.source, has_said_no=address.contact.only_chosen):
        raise MayNotLift
    chosen[key] = after
    return Change(kind, address, _facts(before), _facts(after), one.category_id, one.campaign_id, key[2], one.wording)


def _pause_contacts(people: People, until: date | None, origin: Origin) -> list[ConsentEvent]:
    changes = []
    for address in {one.contact_id: one for one in people.values()}.values():
        before, address.contact.paused_until = address.contact.paused_until, until
        if rules.ends_sooner(before, until) and origin.source not in rules.OWN_VOICE:
            raise MayNotLift
        if before != until:
            kind = EventKind.PAUSE if until else EventKind.RESUME
            changes.append(Change(kind, address, _day(before), _day(until)))
    Contact.objects.filter(id__any_of=[change.address.contact_id for change in changes]).update(paused_until=until)
    return record(changes, origin)


def _rows(people: People, category_ids: set[int]) -> dict[Key, Preference]:
    rows = Preference.objects.filter(
        contact_id__any_of=sorted({address.contact_id for address in people.values()}),
        category_id__any_of=sorted(category_ids),
    )
    return {(row.contact_id, row.category_id, row.channel): row for row in rows}


def _chosen(row: Preference) -> Chosen:
    return Chosen(PreferenceState(row.state), Frequency(row.frequency), row.paused_until)


def _again(
    wanted: Iterable[Wanted], people: People, rows: Mapping[Key, Preference], changed: Collection[Key]
) -> list[tuple[Preference, Change]]:
    """Which yes or no stands already, each once, with the event that its repetition may be."""
    found: dict[Key, tuple[Preference, Change]] = {}
    for one in wanted:
        address = people[one.address_id]
        key = (address.contact_id, one.category_id, one.channel or address.channel)
        row = rows.get(key)
        if row and key not in changed and one.change.get("state") == row.state and not address.contact.erased_at:
            facts = _facts(_chosen(row))
            about = (one.category_id, one.campaign_id, key[2], one.wording)
            found.setdefault(key, (row, Change(EventKind.AGAIN, address, facts, facts, *about)))
    return list(found.values())


def _upsert(chosen: Choices, rows: Mapping[Key, Preference], origin: Origin) -> None:
    Preference.objects.bulk_create(
        [
            Preference(
                contact_id=key[0],
                category_id=key[1],
                channel=key[2],
                changed_at=origin.now,
                **one._asdict(),
                **_how(one, rows.get(key), origin),
            )
            for key, one in chosen.items()
        ],
        update_conflicts=True,
        unique_fields=["contact", "category", "channel"],
        update_fields=["state", "frequency", "paused_until", "changed_at", "said_at", "said_by", "import_id"],
    )


def _how(one: Chosen, before: Preference | None, origin: Origin) -> dict[str, Any]:
    """A no was not said again yet. A yes that stays keeps the time at which it was said last."""
    if one.state == PreferenceState.UNSUBSCRIBED:
        return {"said_by": origin.source, "import_id": origin.import_id}
    if one.state == PreferenceState.SUBSCRIBED and before and before.state == one.state:
        return {"said_at": before.said_at, "said_by": before.said_by}
    return {"said_at": origin.given_at} if one.state == PreferenceState.SUBSCRIBED else {}


def _key(change: Change) -> Key:
    return change.address.contact_id, change.category_id or 0, str(change.channel)


def _facts(chosen: Chosen) -> dict[str, Any]:
    return chosen._asdict() | _day(chosen.paused_until)


def _day(day: date | None) -> dict[str, str | None]:
    return {"paused_until": day.isoformat() if day else None}
