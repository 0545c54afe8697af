"""The tables: what holds now (contacts, preferences, suppressions, the outbox) and how it came about (the ledger)."""

from .categories import Campaign, Category, CategoryGroup, SentCount, Translatable
from .contacts import Address, Contact
from .ledger import ConsentEvent
from .outbox import OutboxMessage
from .preferences import LastSent, Preference, other_campaigns
from .seals import Seal
from .short_links import ShortLink
from .suppressions import DomainSuppression, ImportRepeat, Suppression

__all__ = [
    "Address",
    "Campaign",
    "Category",
    "CategoryGroup",
    "ConsentEvent",
    "Contact",
    "DomainSuppression",
    "ImportRepeat",
    "LastSent",
    "OutboxMessage",
    "Preference",
    "Seal",
    "SentCount",
    "ShortLink",
    "Suppression",
    "Translatable",
    "other_campaigns",
]
