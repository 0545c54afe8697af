"""How are we doing? Counts what the ledger, the sent counts, the feedback and the outbox say. It only reads.

Lines of the ledger are counted, not people: a no to everything is one line for each address. So every figure is the
length of a list that can be opened; but for who was kept, which counts visits.
"""

from . import conditions, counts, health, rates, reasons
from .period import Bucket, Period, Span
from .selection import Selection

__all__ = [
    "Bucket",
    "Period",
    "Selection",
    "Span",
    "conditions",
    "counts",
    "health",
    "rates",
    "reasons",
]
