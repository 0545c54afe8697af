"""The seals of the ledger: one row an hour, chained. Only unsubscribe.ledger.seals writes them; nobody changes one."""

from django.db import models

from .lookups import DigestField


class Seal(models.Model):
    """One link of the chain."""

    #: Without a gap; as the key it keeps two seals from following the same one.
    number = models.BigIntegerField(primary_key=True)
    #: Of the encoding (ledger.seals.encoding).
    version = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    #: How many events it closes.
    count = models.PositiveIntegerField()
    #: Up to this id no event can come any more. What appears there later was inserted.
    settled = models.BigIntegerField()
    #: The highest id of those it closes.
    through = models.BigIntegerField()
    #: The hash of the seal before it.
    previous = DigestField(max_length=32)
    hash = DigestField(max_length=32)
    #: The id and the hash of each event it closes, packed.
    entries = models.BinaryField()

    def __str__(self) -> str:
        return f"seal {self.number}"

    @property
    def fingerprint(self) -> str:
        """The hash as it is mailed and compared."""
        return bytes(self.hash).hex()

    @property
    def follows(self) -> str:
        return bytes(self.previous).hex()
