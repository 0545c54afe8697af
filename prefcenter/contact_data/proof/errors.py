"""What keeps a proof from being made or read. The docstring is the sentence that doors show."""


class ProofError(Exception):
    """Something is wrong with this proof."""

    def __str__(self) -> str:
        return " ".join((type(self).__doc__ or "").split())


class NoProof(ProofError):
    """This file is no proof of this program."""


class Unreadable(ProofError):
    """The ledger or its seals hold something that this program never wrote, so no proof can be made.
    'manage.py verify_ledger' names it."""
