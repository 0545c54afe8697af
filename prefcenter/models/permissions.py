"""Proxies of the engine's models that carry permissions of the site and entries of the admin's log."""

from unsubscribe.models import Contact, Suppression


class OptOut(Suppression):
    """A suppression, as the lists and exports of the admin call it."""

    class Meta:
        proxy = True
        default_permissions = ()
        permissions = [("export_opt_outs", "Can export opt-outs")]
        verbose_name = "opt-out"


class ProvenContact(Contact):
    """A contact of whom a proof can be made (contact_data.proof). Proofs are not stored."""

    class Meta:
        proxy = True
        default_permissions = ()
        permissions = [("prove_contact", "Can make a proof of what happened with a contact")]
