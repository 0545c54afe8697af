"""A past for the demo: made-up contacts, and what they did, made by the verbs with a clock that moves.

Preferences, suppressions and the ledger are written by unsubscribe.actions alone. Feedback, visits, the list of imports
and what became of confirmations are written here, because their own moments are now. Begin with `writing`.
"""

from .mailings import numbered
from .writing import OnProgress, Plan, Written, write

__all__ = ["OnProgress", "Plan", "Written", "numbered", "write"]
