"""Why a proof cannot be made or read. `message` is the sentence that pages and commands show."""


class ProofError(Exception):
    """The base of both."""

    message = "Something is wrong with this proof."

    def __str__(self) -> str:
        return self.message


class NoProof(ProofError):
    """`check`: the file is not JSON with a record."""

    message = "This file is not a proof created by this software."


class Unreadable(ProofError):
    """`make`, `again`, `against_ledger`: an event of the contact, or a seal, has values that were never written."""

    message = (
        "The ledger or its seals contain something this software never wrote, so no proof can be created. Run "
        "'manage.py verify_ledger' to find it."
    )
