"""Whose yes it takes until an address that was joined to a contact is theirs, and who said it so far. It only reads.

A contact's own addresses agree. So does the mailbox of an address that was known by itself before: it was somebody's.
"""

from collections import defaultdict
from collections.abc import Sequence

from ..choices import EventKind
from ..models import Address, ConsentEvent

#: Who agreed, as a line of the ledger has it: an address that the contact has, or the one that was joined to it.
CONTACT, JOINED = "contact", "joined"
#: The note of a block that another address brought about (actions/joining/sharing.py).
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
