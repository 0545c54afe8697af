"""What the permission to make a proof hangs on. There is no table: a proof is given away, and no copy is kept."""

from unsubscribe.models import Contact


class ProvenContact(Contact):
    """The engine's contact by another name, because the engine knows of no proofs."""

    class Meta:
        proxy = True
        default_permissions = ()
        permissions = [("prove_contact", "Can make a proof of what happened with a contact")]
