"""What happened with one contact, as a signed record that others can check. It changes nothing, and keeps no copy."""

from .canonical import fingerprint
from .checking import Checked, against_ledger, check
from .errors import NoProof, Unreadable
from .making import Proof, again, make
from .record import Made

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
]
