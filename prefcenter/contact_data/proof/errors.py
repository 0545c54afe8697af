"""What keeps a proof from being made or read. The docstring is the sentence that doors show."""


class ProofError(Exception):
    """Something is wrong with this proof."""

    def __str__(self) -> str:
        return " ".join((type(self).__doc__ or "").split())


class NoProof(ProofError):
    """This file is not a proof created by this software."""


class Unreadable(ProofError):
    """The ledger or its seals contain something this software never wrote, so no proof can be created. Run
    'manage.py verify_ledger' to find it."""
