"""Proofs: a signed record of what happened with one contact, which others can check (docs/proof.md). No copy is
kept."""

from .canonical import fingerprint
from .checking import Checked, against_ledger, check
from .errors import NoProof, Unreadable
from .record import Made, Proof, again, make
from .signing import show_public_keys

__all__ = [
    "Checked",
    "Made",
    "NoProof",
    "Proof",
    "Unreadable",
    "again",
    "against_ledger",
    "check",
    "fingerprint",
    "make",
    "show_public_keys",
]
