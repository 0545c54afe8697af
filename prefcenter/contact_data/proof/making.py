"""Makes a proof, and the file it is given away as. It asks nobody for permission and writes no log."""

from typing import NamedTuple

from unsubscribe.models import Contact

from . import canonical, signing
from .canonical import Facts
from .record import Made, gather
from .signing import Signature


class Proof(NamedTuple):
    record: Facts
    signature: Signature

    @property
    def fingerprint(self) -> str:
        return canonical.fingerprint(self.record)

    @property
    def file(self) -> bytes:
        """JSON in three lines. The second is the record as it was signed, so that `sed -n 2p` is all it takes to get
        at it; within the canonical spelling there are no line breaks."""
        signature = canonical.spell(self.signature.told())
        return b'{"record":\n' + canonical.spell(self.record) + b'\n,"signature":' + signature + b"}\n"


def make(contact: Contact, made: Made) -> Proof:
    """Raises Unreadable."""
    record = gather(contact, made)
    return Proof(record, signing.sign(canonical.spell(record)))


def again(contact: Contact, made: Made, signature: Signature) -> Proof | None:
    """The proof that this signature of ours was made for; None if anything in it would be different today.

    No copy is kept that a later erasure would have to find. The signature says whether what is gathered now is what
    was signed then, so that nobody can have another time or another name signed.
    """
    proof = Proof(gather(contact, made), signature)
    is_same = signing.is_ours(signature.public_key) and signing.holds(signature, canonical.spell(proof.record))
    return proof if is_same else None
