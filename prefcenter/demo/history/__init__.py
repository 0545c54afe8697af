"""The demo's history: made-up contacts and what they did, written with unsubscribe.actions at past times.

Preferences, suppressions and the ledger are written by actions alone. Feedback, visits, the list of imports and the
outcomes of confirmations are written here, because the code for these takes the present time. Begin with `writing`.
"""

from .mailings import numbered
from .writing import OnProgress, Plan, Written, write

__all__ = ["OnProgress", "Plan", "Written", "numbered", "write"]
