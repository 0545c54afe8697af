"""The seals of the ledger: one row an hour, chained. Only unsubscribe.ledger.seals writes them; nobody changes one."""

from django.db import models

from .lookups import DigestField


class Seal(models.Model):
    """One link of the chain. The numbers have no gap, and as the key they keep two seals from following the same one.

    `entries` are the id and the hash of each line it closes, packed; `through` is the highest of these ids.
    `settled`: up to this id no line can come any more. What appears there later was inserted.
    """

    number = models.BigIntegerField(primary_key=True)
    version = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    count = models.PositiveIntegerField()
    settled = models.BigIntegerField()
    through = models.BigIntegerField()
    previous = DigestField(max_length=32)
    hash = DigestField(max_length=32)
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
