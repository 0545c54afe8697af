"""Which imports repeated a no that only imports have said, so that each of them can be taken back by itself."""

from django.db import models


class ImportRepeat(models.Model):
    """An import that named a no which an earlier import had set (`import_id` of the suppression or preference).

    The repeats of a row are deleted as soon as any other source says the same no, the choice changes, or one of these
    imports can no longer be taken back. So a row with `said_at` and no repeats stays when an import is taken back.
    """

    #: The name of the model whose row it is: suppression, preference or domainsuppression.
    model = models.CharField(max_length=20)
    #: Of that row.
    row_id = models.BigIntegerField()
    #: The import that repeated it.
    import_id = models.BigIntegerField()
    #: When that import, or its file, says that it was said; the last of them is the row's `said_at`.
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "row_id", "import_id"], name="one_repeat_of_import")]
        indexes = [models.Index(fields=["import_id", "model", "row_id"], name="repeats_of_import")]

    def __str__(self) -> str:
        return f"{self.model} {self.row_id}, import {self.import_id}"
