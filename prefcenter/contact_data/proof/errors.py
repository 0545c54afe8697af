"""Why a proof cannot be made or read. `message` is the sentence that pages and commands show."""


class ProofError(Exception):
    """The base of them."""

    message = "Something is wrong with this proof."

    def __str__(self) -> str:
        return self.message


class NoProof(ProofError):
    message = "This file is not a proof created by this software."


class Unreadable(ProofError):
    message = (
        "The ledger or its seals contain something this software never wrote, so no proof can be created. Run "
        "'manage.py verify_ledger' to find it."
    )
