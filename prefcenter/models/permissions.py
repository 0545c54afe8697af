"""Models without a table, for permissions and the admin's log to hang on: the engine's rows by other names."""

from unsubscribe.models import Contact, Suppression


class OptOut(Suppression):
    """A block under the name by which the staff know it."""

    class Meta:
        proxy = True
        default_permissions = ()
        permissions = [("export_opt_outs", "Can export opt-outs")]
        verbose_name = "opt-out"


class ProvenContact(Contact):
    """A contact of whom a proof can be made. It is given away, and no copy is kept."""

    class Meta:
        proxy = True
        default_permissions = ()
        permissions = [("prove_contact", "Can make a proof of what happened with a contact")]
