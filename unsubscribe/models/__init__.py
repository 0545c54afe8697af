"""The present (contacts, preferences, suppressions, the outbox) and the past (the ledger). It decides nothing."""

from .categories import Campaign, Category, SentCount
from .contacts import Address, Contact
from .ledger import ConsentEvent
from .outbox import OutboxMessage
from .preferences import LastSent, Preference
from .suppressions import Suppression

__all__ = [
    "Address",
    "Campaign",
    "Category",
    "ConsentEvent",
    "Contact",
    "LastSent",
    "OutboxMessage",
    "Preference",
    "SentCount",
    "Suppression",
]
