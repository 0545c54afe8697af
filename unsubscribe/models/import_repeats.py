"""Which imports said a no again that imports alone have said, so that each of them can be taken back by itself."""

from django.db import models


class ImportRepeat(models.Model):
    """An import that named what stood already, beside the one that set it (`import_id` of the row).

    Only of a no that nobody but imports has said: as soon as anybody else says it, or the choice changes, or one of
    these imports can no longer be taken back, it stands for good and its repeats are gone. So a row that has `said_at`
    and no repeats was said again for good.
    """

    #: The name of the model whose row it is: suppression, preference or domainsuppression.
    model = models.CharField(max_length=20)
    #: Of that row.
    row_id = models.BigIntegerField()
    import_id = models.BigIntegerField()
    #: When that import, or its file, says that it was said; the last of them is the row's `said_at`.
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "row_id", "import_id"], name="one_repeat_of_import")]
        indexes = [models.Index(fields=["import_id", "model", "row_id"], name="repeats_of_import")]

    def __str__(self) -> str:
        return f"{self.model} {self.row_id}, import {self.import_id}"
