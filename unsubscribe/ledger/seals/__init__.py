"""Makes the ledger tamper-evident: `seal` closes what is new, `verify` names each event and seal that was touched.

A seal keeps 40 bytes of each event: its id, and a SHA-256 of its columns and its address's digest. One hash for the
whole seal could not name the event that was touched; a row for each event would be a second table as long as the
ledger. A million events are 40 MB.

The chain is SHA-256 without a key, so that anyone can check it. Whoever can write to the database can make a new chain,
but cannot change a hash that was emailed before (has_seal).
"""

from .sealing import overdue, seal
from .verifying import Finding, FindingKind, Summary, has_seal, summary, verify

__all__ = ["Finding", "FindingKind", "Summary", "has_seal", "overdue", "seal", "summary", "verify"]
