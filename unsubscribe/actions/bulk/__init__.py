"""The verbs for files of a million rows: what the others do, in a few statements for each batch.

They refuse what the others refuse: an import lifts nothing and is confirmed to nobody.
"""

from .imports import ImportedCounts, ImportedNo, import_opt_outs, preview_opt_outs
from .learning import learn_and_lock, learn_many, lock_known

#: So many rows are best given to one call.
BATCH = 50_000

__all__ = [
    "BATCH",
    "ImportedCounts",
    "ImportedNo",
    "import_opt_outs",
    "learn_and_lock",
    "learn_many",
    "lock_known",
    "preview_opt_outs",
]
