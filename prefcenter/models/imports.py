"""Imports of opt-outs and contacts: what was done with each file, by whom, how far it got. No address is kept here."""

from django.db import models

from unsubscribe.choices import Channel, SuppressionReason
from unsubscribe.models import Category

from .accounts import User


class ImportKind(models.TextChoices):
    OPT_OUTS = "opt_outs", "Opt-outs"
    CONTACTS = "contacts", "Contacts"


class ImportState(models.TextChoices):
    CHECKING = "checking", "Being checked"
    READY = "ready", "Checked, to be confirmed"
    RUNNING = "running", "Being imported"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    STOPPED = "stopped", "Stopped"
    TAKING_BACK = "taking", "Being taken back"
    TAKEN_BACK = "taken", "Taken back"


class ImportRun(models.Model):
    """One file, checked and then imported. The row is the truth: a worker that dies is followed by another one."""

    kind = models.CharField(max_length=8, choices=ImportKind)
    state = models.CharField(max_length=8, choices=ImportState, default=ImportState.CHECKING)
    file_name = models.CharField(max_length=100)
    #: The upload's name in the folder of uploads; "" when it is gone, or was read by a command.
    stored_as = models.CharField(max_length=32, blank=True)
    sha256 = models.BinaryField("keyed hash of the file", max_length=32)
    size = models.PositiveBigIntegerField("bytes")
    recognised = models.CharField("recognised as", max_length=32)
    encoding = models.CharField(max_length=16)
    channel = models.CharField(max_length=8, choices=Channel, default=Channel.EMAIL)
    reason = models.CharField(
        max_length=16, choices=SuppressionReason, blank=True, help_text="Empty: as the file says."
    )
    category = models.ForeignKey(Category, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    #: Those that were asked about while it was checked, as lists.imports.columns.questions has them, until it is over.
    #: None is what a server that knows no questions writes, during an upgrade.
    columns = models.JSONField(null=True, editable=False)
    #: How columns were read, by their folded headings.
    answers = models.JSONField(null=True, editable=False)
    #: The `counts` of the check.
    foreseen = models.JSONField(default=dict)
    #: Of the phase that is going on, by name. They change together with `position` and with what a batch writes.
    counts = models.JSONField(default=dict)
    #: Lists of a line and a sentence, no more than a report can hold.
    problems = models.JSONField(default=list)
    position = models.PositiveBigIntegerField("rows read", default=0)
    last_line = models.PositiveBigIntegerField("last line read", default=0)
    bytes_read = models.PositiveBigIntegerField(default=0)
    #: Why it failed.
    error = models.TextField(blank=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    confirmed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    taken_back_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    taken_back_at = models.DateTimeField(null=True)
    #: How many were lifted while it was taken back.
    taken_back = models.PositiveBigIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    #: The worker that holds it, until `claimed_at` is too long ago.
    claimed_by = models.UUIDField(null=True, editable=False)
    claimed_at = models.DateTimeField(null=True, editable=False)
    #: How many workers took it up without getting on.
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = "import"
        ordering = ["-id"]
        permissions = [("import_opt_outs", "Can import opt-outs and contacts")]

    def __str__(self) -> str:
        return f"import {self.pk}"

    @property
    def is_working(self) -> bool:
        return self.state in WORKING


class ImportAnswer(models.Model):
    """What the values of a column mean, as somebody said it once: files with such a heading are read so from then."""

    #: Folded; it finds the answer.
    heading = models.CharField(max_length=100, unique=True)
    #: The heading as it stood in the file.
    shown = models.CharField("column", max_length=100)
    #: "values" is the meaning by folded cell, "empty" or "filled"; "ignore" and "order" stand beside it.
    means = models.JSONField(default=dict)
    #: "staff" and a number, or a command's name.
    answered_by = models.CharField(max_length=50)
    answered_at = models.DateTimeField()

    class Meta:
        verbose_name = "answer about a column"
        verbose_name_plural = "answers about columns"
        ordering = ["shown"]

    def __str__(self) -> str:
        return self.shown


#: What a worker has to do something about.
WORKING = frozenset({ImportState.CHECKING, ImportState.RUNNING, ImportState.TAKING_BACK})
