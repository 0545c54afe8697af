"""Whose yes a joined address needs before it is the contact's, and who has given theirs (law 11).

The contact's own addresses have to agree, and so does the joined one if it was known by itself before.
"""

from collections import defaultdict
from collections.abc import Sequence

from ..choices import EventKind
from ..models import Address, ConsentEvent

#: Who agreed, as an event stores it (JoinData.agreed): one of the contact's addresses, or the joined one.
CONTACT, JOINED = "contact", "joined"
#: The note of the event where a suppression was shared by another address (actions/joining/sharing.py). Stored.
SHARED = "Said by an address that a sender joined to this one."


def needed(joined: Address) -> set[str]:
    """Who has to agree: CONTACT, and JOINED too if the pending address was a contact of its own before."""
    return {CONTACT, JOINED} if joined.was_known else {CONTACT}


def so_far(joined: Sequence[Address]) -> dict[int, set[str]]:
    """Who has agreed so far (CONTACT, JOINED), by the id of the pending address; only of those that need both."""
    both = {one.pk: one.contact_id for one in joined if one.was_known}
    said: dict[int, set[str]] = defaultdict(set)
    if both:
        answers = ConsentEvent.objects.filter(contact_id__any_of=sorted(set(both.values())), kind=EventKind.JOIN)
        for address_id, contact_id, after in answers.values_list("address_id", "contact_id", "after"):
            if both.get(address_id) == contact_id and "agreed" in after:
                said[address_id].add(after["agreed"])
    return said
