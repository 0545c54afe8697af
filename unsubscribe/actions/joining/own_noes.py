"""Keeps in the ledger what an address that came beside another said no to itself, where that changed nothing at their
contact because the older one had said no as well, or yes since: no no of it ends by agreeing (agreement.py)."""

from collections.abc import Iterable, Sequence

from ...choices import EventKind, Frequency, PreferenceState
from ...ledger.events import choice
from ...models import Address, ConsentEvent, Preference
from ...rules import Chosen
from ..locking import LockedAddresses
from ..origin import Origin
from ..recording import Change, record
from ..wanted import Wanted, key_of

#: An address, a category and a channel.
About = tuple[int, int, str]


def keep(wanted: Iterable[Wanted], locked: LockedAddresses, origin: Origin) -> None:
    """What these, who are locked, said no to, after it is written down what changed by it: one event, of the kind AGAIN
    and without a mail, for each no of one that came beside another, is pending, and has not said it before. Without
    any query where there is no such address."""
    noes = {_about(one, locked): one for one in wanted if _is_beside(locked[one.address_id]) and _is_no(one)}
    if not noes:
        return
    there = last_said([locked[one.address_id] for one in noes.values()])
    new = [one for about, one in noes.items() if about not in there]
    rows = Preference.objects.filter(contact_id__any_of=sorted({locked[one.address_id].contact_id for one in new}))
    chosen = {(row.contact_id, row.category_id, row.channel): row for row in rows} if new else {}
    record([_again(one, locked, chosen.get(key_of(one, locked))) for one in new], origin, confirm=False)


def _about(one: Wanted, locked: LockedAddresses) -> About:
    return (one.address_id, *key_of(one, locked)[1:])


def _is_beside(address: Address) -> bool:
    """Of who was erased nothing more is noted."""
    return address.is_pending and address.is_beside and address.contact.erased_at is None


def _is_no(one: Wanted) -> bool:
    return one.change.get("state") == PreferenceState.UNSUBSCRIBED


def _again(one: Wanted, locked: LockedAddresses, row: Preference | None) -> Change:
    stands = Chosen(PreferenceState.UNSUBSCRIBED)
    if row:
        stands = stands._replace(frequency=Frequency(row.frequency), paused_until=row.paused_until)
    data, channel = choice(stands), key_of(one, locked)[2]
    about = (one.category_id, one.campaign_id, channel, one.wording)
    return Change(EventKind.AGAIN, locked[one.address_id], data, data, *about)


def last_said(addresses: Sequence[Address]) -> set[About]:
    """What these addresses said no to, and not yes since."""
    last: dict[About, object] = {}
    events = ConsentEvent.objects.filter(
        contact_id__any_of=sorted({one.contact_id for one in addresses}),
        address__any_of=[one.pk for one in addresses],
        category__isnull=False,
    )
    for address_id, category_id, channel, after in events.order_by("id").values_list(
        "address_id", "category_id", "channel", "after"
    ):
        if "state" in after:
            last[address_id, category_id, channel] = after["state"]
    return {about for about, state in last.items() if state == PreferenceState.UNSUBSCRIBED}
