"""Imports of opt-outs and contacts: what was done with each file, by whom, how far it got; and answers about columns.

No address is kept here. What the states mean for staff: docs/imports.md.
"""

from django.db import models

from unsubscribe.choices import Channel, SuppressionReason
from unsubscribe.models import Category

from .accounts import User


class ImportKind(models.TextChoices):
    """What the rows of a file are imported as."""

    #: Each row that says no suppresses an address or a domain, or opts out of a category.
    OPT_OUTS = "opt_outs", "Opt-outs"
    #: Each address is learnt; nothing is subscribed.
    CONTACTS = "contacts", "Contacts"


class ImportState(models.TextChoices):
    """How far an import is: CHECKING, READY, RUNNING, DONE, unless it ends before; then perhaps taken back."""

    #: A worker reads the file to foresee what it would do, or to find questions about its columns.
    CHECKING = "checking", "Being checked"
    #: It waits for staff: to answer open questions, or to confirm what was foreseen.
    READY = "ready", "Checked, to be confirmed"
    #: It was confirmed, and a worker imports it, or a command does.
    RUNNING = "running", "Being imported"
    #: All rows were read.
    DONE = "done", "Done"
    #: The file can't be read or is gone, or several workers died of it; `error` says which.
    FAILED = "failed", "Failed"
    #: By staff, by an interrupted command, by an erasure, or because nobody confirmed it; `error` says which but for
    #: staff.
    STOPPED = "stopped", "Stopped"
    #: What it set is being lifted.
    TAKING_BACK = "taking", "Being taken back"
    #: What it set is lifted, where nobody has said the same since.
    TAKEN_BACK = "taken", "Taken back"


class ImportRun(models.Model):
    """One file, checked and then imported (lists.imports). The row is the truth: another worker goes on from it."""

    #: What its rows are imported as.
    kind = models.CharField(max_length=8, choices=ImportKind)
    #: How far it is.
    state = models.CharField(max_length=8, choices=ImportState, default=ImportState.CHECKING)
    #: Without addresses. Emptied when the report is forgotten, "•••" where it named a contact that was erased.
    file_name = models.CharField(max_length=100)
    #: The upload's name in the folder of uploads; "" when it is gone, or was read by a command.
    stored_as = models.CharField(max_length=32, blank=True)
    #: Of its SHA-256 (lists.imports.files.fingerprint): by it the same file is recognised.
    sha256 = models.BinaryField("keyed hash of the file", max_length=32)
    #: Of the file, in bytes.
    size = models.PositiveBigIntegerField("bytes")
    #: The `key` of a lists.imports.formats.FileFormat.
    recognised = models.CharField("recognised as", max_length=32)
    #: As Python names it; "xlsx" for a spreadsheet.
    encoding = models.CharField(max_length=16)
    #: What the file is about; a row that names another channel is taken only if it has an address there.
    channel = models.CharField(max_length=8, choices=Channel, default=Channel.EMAIL)
    #: A SuppressionReason chosen by hand for all rows.
    reason = models.CharField(
        max_length=16, choices=SuppressionReason, blank=True, help_text="Empty: as the file says."
    )
    #: What its noes to everything are about instead; None: everything.
    category = models.ForeignKey(Category, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    #: The questions that the check found, answered or open: a list of ColumnQuestion.as_json
    #: (lists.imports.columns.questions). None before the check is over, and once the import is.
    columns = models.JSONField(null=True, editable=False)
    #: What was said of its columns when it was read: by `answers.key` of the heading, a ColumnAnswer.as_json. None
    #: before the check is over.
    answers = models.JSONField(null=True, editable=False)
    #: The `counts` of the check, kept when it was confirmed; {} before.
    foreseen = models.JSONField(default=dict)
    #: What became of the rows read so far, a Progress.figures (lists.imports.progress); of the check, then of the
    #: import. It changes in one transaction with `position` and with what a batch writes.
    counts = models.JSONField(default=dict)
    #: The first thousand rows that were not taken: lists of a line's number and why. Emptied after IMPORT_REPORT_DAYS.
    problems = models.JSONField(default=list)
    #: How many rows were read, further addresses of a row counted; a worker goes on behind them.
    position = models.PositiveBigIntegerField("rows read", default=0)
    #: The number of the line, or the row of a spreadsheet, that was read last; from 1.
    last_line = models.PositiveBigIntegerField("last line read", default=0)
    #: How far the file was read, for the progress bar.
    bytes_read = models.PositiveBigIntegerField(default=0)
    #: Why it failed or was stopped, as a sentence; "" where staff stopped it.
    error = models.TextField(blank=True)
    #: None where a command did it, as for the next two; or where that account was deleted.
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    #: Who said that it is to be imported.
    confirmed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    #: Who had it taken back.
    taken_back_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    #: When that began, the last time.
    taken_back_at = models.DateTimeField(null=True)
    #: How many suppressions, category opt-outs and domain suppressions were lifted while it was taken back.
    taken_back = models.PositiveBigIntegerField(default=0, db_default=0)
    #: When the file was handed in.
    created_at = models.DateTimeField()
    #: When the last check ended; a confirmation or an answer counts only for the check that was looked at.
    checked_at = models.DateTimeField(null=True)
    #: When it was confirmed; for a command, when it began.
    confirmed_at = models.DateTimeField(null=True)
    #: When it was done, failed or stopped. For thirty days from then on it can be taken back.
    finished_at = models.DateTimeField(null=True)
    #: The worker that holds it, until `claimed_at` is too long ago.
    claimed_by = models.UUIDField(null=True, editable=False)
    #: When that worker last got on.
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
        """Whether a worker has something to do for it."""
        return self.state in WORKING


class ImportAnswer(models.Model):
    """What the values of a column mean, as staff or a command said once; kept for later files with such a heading.

    Read and written by lists.imports.columns.answers.
    """

    #: `answers.key` of the heading.
    heading = models.CharField(max_length=100, unique=True)
    #: The heading as it stood in the file, without addresses.
    shown = models.CharField("column", max_length=100)
    #: A ColumnAnswer.as_json, which documents its keys.
    means = models.JSONField(default=dict)
    #: "staff" and the account's number, or a command's name.
    answered_by = models.CharField(max_length=50)
    #: When it was said last.
    answered_at = models.DateTimeField()

    class Meta:
        verbose_name = "answer about a column"
        verbose_name_plural = "answers about columns"
        ordering = ["shown"]

    def __str__(self) -> str:
        return self.shown


#: The states in which a worker has something to do.
WORKING = frozenset({ImportState.CHECKING, ImportState.RUNNING, ImportState.TAKING_BACK})
