"""Makes the ledger tamper-evident: `seal` closes what is new, `verify` names what was touched. It repairs nothing.

A seal keeps 40 bytes of each line: its id, and a SHA-256 of its columns and its address's digest. With one hash for the
whole seal nobody could name the line; with a row for each line there would be a second table as long as the ledger. A
million lines are 40 MB.

The chain is plain SHA-256 without a key, so that anybody can check it. Who can write to the database can also make a
new chain: what they cannot change is a hash that was emailed to somebody else.
"""

from .sealing import overdue, seal
from .verifying import Finding, FindingKind, Summary, has_seal, summary, verify

__all__ = ["Finding", "FindingKind", "Summary", "has_seal", "overdue", "seal", "summary", "verify"]
