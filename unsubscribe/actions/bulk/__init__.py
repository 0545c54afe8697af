"""The verbs for files of a million rows: what the others do, in a few statements for each batch.

They refuse what the others refuse: an import lifts nothing and is confirmed to nobody.
"""

from .imports import ImportedCounts, ImportedNo, import_opt_outs, preview_opt_outs
from .learning import learn_many
from .locking import hold, learn_and_hold

#: So many rows are best given to one call.
BATCH = 50_000

__all__ = [
    "BATCH",
    "ImportedCounts",
    "ImportedNo",
    "hold",
    "import_opt_outs",
    "learn_and_hold",
    "learn_many",
    "preview_opt_outs",
]
