"""Writes what people choose by category: out, in and down, and "everything" where no category is named."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction

from .. import rules
from ..choices import Channel, EventKind, Frequency, PreferenceState, SuppressionReason
from ..errors import MayNotLift
from ..facts import covering
from ..ledger.events import choice
from ..links import Target
from ..models import Address, ConsentEvent, Preference
from ..rules import Chosen
from .joining import own_noes
from .joining.parting import More, speak_for_themselves
from .known import known, known_campaigns
from .locking import LockedAddresses, lock
from .origin import Origin
from .recording import Change, record
from .repeating import less_again, preferences_again, repeats
from .resubscribing import come_back
from .suppressions import OwnNo, block, own_no_by_channel
from .wanted import Key, Wanted, key_of, wanted_of

Choices = dict[Key, Chosen]
#: What a row holds of when, how and by which import it was said.
_SAID = ["said_at", "said_by", "less_said_at", "import_id", "state_before"]
#: Of an erased contact not even their own.
_MORE = frozenset({EventKind.OPT_IN, EventKind.OPT_UP, EventKind.RESUME})


def opt_out(targets: Iterable[Target], origin: Origin) -> list[ConsentEvent]:
    """Opts out of the category each target names, on the channel of its address.

    A target without a category, or with one that is gone or transactional, opts out of everything: every address of
    the contact is suppressed, also those learnt later. That a no which held already was said again is noted
    (repeating.py, law 12).
    """
    targets = list(targets)
    with transaction.atomic():
        locked = lock([target.address_id for target in targets])
        targets = known(targets, is_lost=lambda target: target._replace(category_id=None))
        everything = [target for target in targets if target.category_id is None]
        events = block(
            _those(locked, everything),
            SuppressionReason.UNSUBSCRIBED_ALL,
            origin,
            everywhere=True,
            campaigns={target.address_id: target.campaign_id for target in everything},
        )
        return events + _set(wanted_of(targets, {"state": PreferenceState.UNSUBSCRIBED}), locked, origin)


def opt_in(targets: Iterable[Target], origin: Origin) -> list[ConsentEvent]:
    """Subscribes to the category each target names, on the channel of its address. A target that names none, or one
    that is gone or transactional, is passed over.

    The origin's wording is what the contact read when they agreed (GDPR Art. 7(1)). Of a contact who had opted out of
    everything the suppression ends and the other categories stay off (resubscribing.py). Raises MayNotLift where this
    source may not take back what the contact said (law 8); then nothing was written.
    """
    # A pause would make the yes an empty word.
    return choose(wanted_of(known(targets), {"state": PreferenceState.SUBSCRIBED, "paused_until": None}), origin)


def opt_down(targets: Iterable[Target], origin: Origin, *, frequency: Frequency) -> list[ConsentEvent]:
    """Sets the frequency of the category each target names, on the channel of its address; other targets are passed
    over as by opt_in.

    Meant for a slower frequency: a faster one is more email, and raises MayNotLift where set_preferences would.
    """
    return choose(wanted_of(known(targets), {"frequency": frequency}), origin)


def set_preferences(wanted: Iterable[Wanted], origin: Origin) -> list[ConsentEvent]:
    """Several choices at once, as a page or the API saves them, confirmed together.

    Raises MayNotLift where rules.may_change lets this source not make a change, and for more email to an erased
    contact; then nothing was written.
    """
    return choose(wanted, origin)


@transaction.atomic
def choose(wanted: Iterable[Wanted], origin: Origin, *, lifts: bool = True) -> list[ConsentEvent]:
    """As set_preferences; without `lifts`, a yes to a category ends no no to everything."""
    wanted = list(wanted)
    locked = lock([one.address_id for one in wanted])
    campaigns = known_campaigns(one.campaign_id for one in wanted)
    wanted = [one if one.campaign_id in campaigns else one._replace(campaign_id=None) for one in wanted]
    return _set(wanted, locked, origin, lifts=lifts)


def restore(wanted: Iterable[Wanted], origin: Origin) -> list[ConsentEvent]:
    """What stood before an event. It brings back a choice, and lifts no block."""
    return choose(wanted, origin, lifts=False)


def leave(wanted: Sequence[Wanted], locked: LockedAddresses, origin: Origin) -> list[ConsentEvent]:
    """No more of what is named, for contacts that are locked already; nobody gets a mail about it."""
    return _set(wanted, locked, origin, lifts=False, confirm=False)


def _those(locked: LockedAddresses, targets: Iterable[Target]) -> LockedAddresses:
    return {target.address_id: locked[target.address_id] for target in targets if target.address_id in locked}


def _set(
    wanted: Sequence[Wanted], locked: LockedAddresses, origin: Origin, *, lifts: bool = True, confirm: bool = True
) -> list[ConsentEvent]:
    wanted = [one for one in wanted if one.address_id in locked]
    if not wanted:
        return []
    rows = _rows(locked, {one.category_id for one in wanted})
    chosen = {key: _chosen(row) for key, row in rows.items()}
    own_no = own_no_by_channel(locked) if lifts else {}
    if lifts and (more := _more(wanted, locked, chosen)):
        speak_for_themselves(locked, more, origin)
        rows = _rows(locked, {one.category_id for one in wanted})
        chosen, own_no = {key: _chosen(row) for key, row in rows.items()}, own_no_by_channel(locked)
    covered = _covered(wanted, locked) if lifts else frozenset()
    changes = [
        change
        for one in wanted
        if (change := _change(one, locked[one.address_id], chosen, own_no, origin, is_covered=one[:2] in covered))
    ]
    if lifts:
        said = _said_again(wanted, locked, rows, {_key(change) for change in changes})
        preferences_again(_again(said), origin)
        less_again([row for one, _, row in said if rules.asks_less(_chosen(row), one.change)], origin)
    came_back = come_back([change for change in changes if change.kind == EventKind.OPT_IN], own_no, origin)
    named = {key_of(one, locked) for one in wanted if "state" in one.change}
    _upsert({_key(change): chosen[_key(change)] for change in changes}, rows, origin, named=named)
    events = record(changes, origin, confirm=confirm)
    own_noes.keep(wanted, locked, origin)
    return came_back + events


def _more(wanted: Iterable[Wanted], locked: LockedAddresses, chosen: Choices) -> list[More]:
    """What an address that is pending wants more of than holds for it. Of a yes it is not known whose it was."""
    more: list[More] = []
    for one in wanted:
        key = key_of(one, locked)
        before = chosen.get(key, Chosen())
        is_yes = one.change.get("state") == PreferenceState.SUBSCRIBED
        if locked[one.address_id].is_pending and (is_yes or rules.is_more(before, before._replace(**one.change))):
            more.append((one.address_id, *key[1:]))
    return more


def _covered(wanted: Sequence[Wanted], locked: LockedAddresses) -> frozenset[tuple[int, int]]:
    """Of the yes's among these, those to which a no stands that was said of more than the address (covering.py)."""
    yes = {one[:2] for one in wanted if one.change.get("state") == PreferenceState.SUBSCRIBED}
    values = {id_: locked[id_].value for id_, _ in yes if locked[id_].channel == Channel.EMAIL}
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
    return Change(kind, address, choice(before), choice(after), one.category_id, one.campaign_id, key[2], one.wording)


def _rows(locked: LockedAddresses, category_ids: set[int]) -> dict[Key, Preference]:
    rows = Preference.objects.filter(
        contact_id__any_of=sorted({address.contact_id for address in locked.values()}),
        category_id__any_of=sorted(category_ids),
    )
    return {(row.contact_id, row.category_id, row.channel): row for row in rows}


def _chosen(row: Preference) -> Chosen:
    return Chosen(PreferenceState(row.state), Frequency(row.frequency), row.paused_until)


def _said_again(
    wanted: Iterable[Wanted], locked: LockedAddresses, rows: Mapping[Key, Preference], changed: Collection[Key]
) -> list[tuple[Wanted, Address, Preference]]:
    """What is wanted of choices that stay as they are. Of who was erased nothing more is noted."""
    found = []
    for one in wanted:
        address = locked[one.address_id]
        key = key_of(one, locked)
        if key in rows and key not in changed and not address.contact.erased_at:
            found.append((one, address, rows[key]))
    return found


def _again(said: Iterable[tuple[Wanted, Address, Preference]]) -> list[tuple[Preference, Change]]:
    """Which yes or no stands already, each once, with the event that its repetition may be."""
    found: dict[int, tuple[Preference, Change]] = {}
    for one, address, row in said:
        if one.change.get("state") == row.state:
            stands = choice(_chosen(row))
            about = (one.category_id, one.campaign_id, row.channel, one.wording)
            found.setdefault(row.pk, (row, Change(EventKind.AGAIN, address, stands, stands, *about)))
    return list(found.values())


def _upsert(chosen: Choices, rows: Mapping[Key, Preference], origin: Origin, *, named: Collection[Key]) -> None:
    """`named`: of which a yes or a no was said, and not only how often or until when."""
    said = [rows[key] for key in chosen if key in named and key in rows]
    if of_imports := [row.pk for row in said if row.import_id is not None]:
        repeats(Preference).filter(row_id__any_of=of_imports).delete()
    Preference.objects.bulk_create(
        [
            Preference(
                contact_id=key[0],
                category_id=key[1],
                channel=key[2],
                changed_at=origin.now,
                **one._asdict(),
                **_how(one, rows.get(key), origin, is_named=key in named),
            )
            for key, one in chosen.items()
        ],
        update_conflicts=True,
        unique_fields=["contact", "category", "channel"],
        update_fields=[*Chosen._fields, "changed_at", *_SAID],
    )


def _how(one: Chosen, before: Preference | None, origin: Origin, *, is_named: bool) -> dict[str, Any]:
    """A no was not said again yet. What stays keeps the time at which it was said last, and its import."""
    if one.state == PreferenceState.UNSUBSCRIBED and before and not is_named:
        kept = {name: getattr(before, name) for name in ("said_at", "import_id", "state_before")}
        return kept | {"said_by": origin.source}
    if one.state == PreferenceState.UNSUBSCRIBED and origin.import_id is not None:
        found = before.state if before else PreferenceState.UNSPECIFIED
        return {"said_by": origin.source, "import_id": origin.import_id, "state_before": found}
    if one.state == PreferenceState.UNSUBSCRIBED:
        return {"said_by": origin.source}
    if one.state == PreferenceState.SUBSCRIBED and before and before.state == one.state:
        return {"said_at": before.said_at, "said_by": before.said_by}
    return {"said_at": origin.given_at} if one.state == PreferenceState.SUBSCRIBED else {}


def _key(change: Change) -> Key:
    return change.address.contact_id, change.category_id or 0, str(change.channel)
