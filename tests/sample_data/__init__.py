"""Makes up a year and writes it past unsubscribe.actions, straight into the tables; it refuses to join anybody real.

The law that only the verbs write preferences, suppressions and the ledger is bent here in the open: through them a
million events would take hours. So `acts` and `person` repeat what each verb would have written, in the order in which
it would have, and nothing else. Whether what holds at the end agrees with the ledger, the tests ask the gate.

One transaction: a year is there as a whole, or not at all.
"""

from .guard import NotForRealPeople, require_made_up
from .writing import Made, Size, write

__all__ = ["Made", "NotForRealPeople", "Size", "require_made_up", "write"]
