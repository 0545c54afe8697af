"""The only writer of preferences, suppressions and the ledger. It trusts no door and never asks who may sign in.

Every verb takes many, is one transaction (state, ledger, outbox), and doing it twice is the same as once.
"""

from .contacts import Known, add_addresses, erase, learn
from .outboxing import send_link
from .preferences import Wanted, opt_down, opt_in, opt_out, pause, set_preferences
from .sending import campaign_named, record_sent
from .suppressions import lift, suppress
from .undoing import undo

__all__ = [
    "Known",
    "Wanted",
    "add_addresses",
    "campaign_named",
    "erase",
    "learn",
    "lift",
    "opt_down",
    "opt_in",
    "opt_out",
    "pause",
    "record_sent",
    "send_link",
    "set_preferences",
    "suppress",
    "undo",
]
