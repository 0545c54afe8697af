"""How it is agreed to that an address which was joined to a contact is theirs (law 11)."""

from collections.abc import Sequence

from django.db import transaction

from ...choices import EventKind, OutboxKind, PreferenceState
from ...facts import joins
from ...ledger.events import JoinData, NoData
from ...models import Address, ConsentEvent, Preference
from ..locking import lock
from ..origin import Origin
from ..preferences import restore
from ..recording import Change, record
from ..requests import tell
from ..wanted import Wanted
from .own_noes import last_said
from .parting import answered, is_pending, still

#: The note of a no that the address had said before, and the older one took back in its own name alone.
SAID_BEFORE = "Said by the address before it was agreed that it is the contact's."


@transaction.atomic
def agree(address_ids: Sequence[int], origin: Origin, *, by: int | None = None) -> list[ConsentEvent]:
    """These addresses are their contact's from now on, and what holds for it holds for them. Every mailbox of the
    contact hears of it.

    `by` is the address that says so, the contact's or the one that was joined to it; None is the staff, who speak for
    both. Where a second yes is missing (facts/joins.py), the first is written down. One that is not pending (any more),
    or of which the same was said, stays as it is.

    No no that held for one of them ends by this. Where the older one said yes after it, a no to a category that was
    said by the address itself holds for both; that is an event of its own, before the agreement, and confirmed to both.
    """
    pending = still(lock(address_ids), is_pending())
    so_far = joins.so_far(pending)
    new = {one.pk: _voices(one, by) - so_far[one.pk] for one in pending}
    joined = [one for one in pending if new[one.pk] and new[one.pk] | so_far[one.pk] == joins.needed(one)]
    noes = _keep_own_noes(joined, origin)
    Address.objects.filter(id__any_of=[one.pk for one in joined]).update(agreed_at=origin.now, is_beside=False)
    for one in joined:
        one.agreed_at, one.is_beside = origin.now, False
    tell(OutboxKind.JOINED, joined, now=origin.now)
    waiting = [one for one in pending if new[one.pk] and one not in joined]
    halves = [Change(EventKind.JOIN, one, NoData(), JoinData(agreed=voice)) for one in waiting for voice in new[one.pk]]
    return noes + record([*(answered(one, is_theirs=True) for one in joined), *halves], origin, confirm=False)


def _voices(joined: Address, by: int | None) -> set[str]:
    """Whose yes it is, of those that count."""
    if by is None:
        return joins.needed(joined)
    return joins.needed(joined) & {joins.JOINED if by == joined.pk else joins.CONTACT}


def _keep_own_noes(joined: Sequence[Address], origin: Origin) -> list[ConsentEvent]:
    """A yes that stands at the contact was none for who came beside it (rules.state_beside): what such an address had
    said no to before, last of all, it says no to again, while that holds for both."""
    beside = {(one.contact_id, one.channel): one for one in joined if one.is_beside}
    if not beside:
        return []
    contact_ids = sorted({contact_id for contact_id, _ in beside})
    yes = Preference.objects.filter(contact_id__any_of=contact_ids, state=PreferenceState.SUBSCRIBED)
    given = {(one.contact_id, one.category_id, one.channel) for one in yes}
    said = last_said([one for one in joined if one.is_beside])
    no = {"state": PreferenceState.UNSUBSCRIBED}
    wanted = [
        Wanted(one.pk, category_id, no, channel)
        for one in joined
        for id_, category_id, channel in said
        if id_ == one.pk and (one.contact_id, category_id, channel) in given
    ]
    return restore(wanted, origin._replace(wording="", note=f"{SAID_BEFORE} {origin.note}".strip())) if wanted else []
