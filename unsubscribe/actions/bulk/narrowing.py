"""An old no to everything, after which the person said yes to something: that stays, and everything else is left."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from ... import rules
from ...choices import Channel, EventKind, PreferenceState, Purpose
from ...models import Address, Category, ConsentEvent, Preference
from ..locking import lock
from ..origin import Origin
from ..preferences import leave
from ..repeating import older_again
from ..wanted import Key, Wanted
from .dialects import Row


class Narrowed(NamedTuple):
    """What is left of these no's, and how many of the addresses have nothing left of theirs; and which no's that an
    import set before they say again, and when."""

    wanted: Sequence[Wanted]
    overtaken: int
    again: Mapping[Preference, datetime]

    @property
    def new(self) -> int:
        """Of a contact with several addresses in the file the first counts."""
        return len({one.address_id for one in self.wanted})

    def write(self, origin: Origin) -> int:
        again = {row: at for row, at in self.again.items() if row.import_id != origin.import_id}
        older_again(again, origin)
        if self.wanted:
            leave(self.wanted, lock([one.address_id for one in self.wanted]), origin)
        return self.new


#: Where nobody said yes later.
NOTHING = Narrowed([], 0, {})


def narrow(digests: Iterable[bytes], said_by: Sequence[Row], *, channel: Channel, everywhere: bool) -> Narrowed:
    """`digests`: of those who said yes to something later than their row says. Five queries, whatever their number."""
    moments = {digest: at for digest, _, at, _ in said_by if at}
    wanted = {digest: moments[digest] for digest in digests}
    if not wanted:
        return NOTHING
    addresses = list(
        Address.objects.filter(channel=channel, digest__any_of=list(wanted)).select_related("contact").order_by("id")
    )
    first: dict[int, Address] = {}
    said: dict[int, datetime] = {}
    for one in addresses:
        first.setdefault(one.contact_id, one)
        said[one.contact_id] = max(wanted[bytes(one.digest)], said.get(one.contact_id, wanted[bytes(one.digest)]))
    channels = _channels(first, everywhere=everywhere, channel=channel)
    rows = Preference.objects.filter(contact_id__any_of=sorted(first)).select_related("category")
    chosen = {(row.contact_id, row.category_id, row.channel): row for row in rows}
    left = _left(first, said, channels, chosen)
    lasting = {first[contact_id].pk for contact_id, _, _ in left}
    nothing_left = sum(first[one.contact_id].pk not in lasting for one in addresses)
    no = {"state": PreferenceState.UNSUBSCRIBED}
    again = {row: said[row.contact_id] for row in chosen.values() if _is_of_an_import(row, channels)}
    return Narrowed([Wanted(first[who].pk, what, no, on) for who, what, on in left], nothing_left, again)


def _is_of_an_import(row: Preference, channels: Mapping[int, set[str]]) -> bool:
    """Whether it is a no that an import set, to something that they would get on one of these channels."""
    is_no = row.state == PreferenceState.UNSUBSCRIBED and row.import_id is not None
    return is_no and row.channel in channels[row.contact_id] and row.category.purpose == Purpose.MARKETING


def _left(
    first: Mapping[int, Address],
    said: Mapping[int, datetime],
    channels: Mapping[int, set[str]],
    chosen: Mapping[Key, Preference],
) -> list[Key]:
    """What each of them would still get, and did not say yes to since."""
    yes = _yes(chosen)
    categories = list(Category.objects.filter(purpose=Purpose.MARKETING).order_by("id"))

    def stands(key: Key, category: Category) -> bool:
        row, contact = chosen.get(key), first[key[0]].contact
        state = PreferenceState(row.state) if row else PreferenceState.UNSPECIFIED
        gets_it = rules.is_subscribed(state, needs_opt_in=category.needs_opt_in or contact.only_chosen)
        since = yes.get(key) if state == PreferenceState.SUBSCRIBED else None
        return gets_it and (since is None or since <= said[key[0]])

    return [
        key
        for contact_id in sorted(first)
        for on in sorted(channels[contact_id])
        for category in categories
        if stands(key := (contact_id, category.pk, on), category)
    ]


def _yes(chosen: Mapping[Key, Preference]) -> dict[Key, datetime]:
    """When the person said yes last, with their own voice."""
    found = {key: row.said_at for key, row in chosen.items() if row.said_at}
    events = ConsentEvent.objects.filter(
        contact_id__any_of=sorted({key[0] for key in chosen}), kind=EventKind.OPT_IN, source__in=rules.OWN_VOICE
    )
    for contact_id, category_id, on, at in events.values_list("contact_id", "category_id", "channel", "at"):
        if category_id is not None:
            key = (contact_id, category_id, on)
            found[key] = max(at, found.get(key, at))
    return found


def _channels(contact_ids: Iterable[int], *, everywhere: bool, channel: Channel) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    if everywhere:
        rows = Address.objects.filter(contact_id__any_of=sorted(contact_ids))
        for contact_id, on in rows.values_list("contact_id", "channel"):
            found[contact_id].add(on)
    return found if everywhere else {contact_id: {channel.value} for contact_id in contact_ids}
