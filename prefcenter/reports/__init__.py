"""The figures of the overview and the weekly digest (docs/figures.md), from ledger, sent counts, feedback and outbox.

Consent events are counted, not contacts: an opt-out from everything is one event for each address. So each figure is
the length of a list that can be opened; only Counted.kept counts visits.
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
