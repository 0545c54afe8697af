"""The seals of the ledger: one an hour over the new events, chained by hash. Written by ledger.seals, never changed."""

from django.db import models

from .lookups import DigestField


class Seal(models.Model):
    """One seal. Its bytes are defined in ledger.seals.encoding."""

    #: From 1, without gaps. As the primary key it keeps two seals from following the same one.
    number = models.BigIntegerField(primary_key=True)
    #: encoding.VERSION at the time.
    version = models.PositiveSmallIntegerField()
    #: When it was made.
    at = models.DateTimeField()
    #: How many events it closes.
    count = models.PositiveIntegerField()
    #: No event with an id up to this one can be committed any more: one that appears there later was inserted.
    settled = models.BigIntegerField()
    #: The highest id of those it closes.
    through = models.BigIntegerField()
    #: The hash of the seal before it; zeros in the first.
    previous = DigestField(max_length=32)
    #: SHA-256 over all the other columns (encoding.hash_of).
    hash = DigestField(max_length=32)
    #: The id (8 bytes) and the hash (32 bytes) of each event it closes, one after the other (encoding.pack).
    entries = models.BinaryField()

    def __str__(self) -> str:
        return f"seal {self.number}"

    @property
    def fingerprint(self) -> str:
        """The hash in hexadecimal, as it is emailed and compared."""
        return bytes(self.hash).hex()

    @property
    def follows(self) -> str:
        """The fingerprint of the seal before it."""
        return bytes(self.previous).hex()
