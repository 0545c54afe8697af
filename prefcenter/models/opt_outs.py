"""The permission to export opt-outs. It has no table of its own."""

from unsubscribe.models import Suppression


class OptOut(Suppression):
    """A block under the name by which the staff know it, for the permission and the admin's log to hang on."""

    class Meta:
        proxy = True
        default_permissions = ()
        permissions = [("export_opt_outs", "Can export opt-outs")]
        verbose_name = "opt-out"
