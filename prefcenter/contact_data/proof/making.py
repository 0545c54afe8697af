"""Makes a proof, and the file it is given away as. Permission and the log entry are for the caller (admin.proof)."""

from typing import NamedTuple

from unsubscribe.models import Contact

from . import canonical, signing
from .canonical import Facts
from .record import Made, gather
from .signing import Signature


class Proof(NamedTuple):
    """A record (record.gather) and the signature of its canonical bytes."""

    record: Facts
    signature: Signature

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the record, 64 hexadecimal digits."""
        return canonical.fingerprint(self.record)

    @property
    def file(self) -> bytes:
        """The proof as JSON in three lines. The second line is the record as it was signed, for `sed -n 2p`."""
        signature = canonical.spell(self.signature.told())
        return b'{"record":\n' + canonical.spell(self.record) + b'\n,"signature":' + signature + b"}\n"


def make(contact: Contact, made: Made) -> Proof:
    """A new proof of what the ledger says of the contact now. Raises Unreadable."""
    record = gather(contact, made)
    return Proof(record, signing.sign(canonical.spell(record)))


def again(contact: Contact, made: Made, signature: Signature) -> Proof | None:
    """The proof that was made before with this signature, gathered anew; None if anything in it would differ now, or
    the signature is not this site's.

    No copy is kept, because erasing the contact would have to find it. Raises Unreadable.
    """
    proof = Proof(gather(contact, made), signature)
    is_same = signing.is_ours(signature.public_key) and signing.holds(signature, canonical.spell(proof.record))
    return proof if is_same else None
