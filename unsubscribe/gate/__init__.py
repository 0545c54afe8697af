"""May this be sent? The gate gathers facts, asks the rules (law 1) and writes nothing.

`check` answers for some addresses, `everybody` for files of any length, and `explain` says by which facts.

No answer means no send (law 7): an error of the database is raised to the caller.
"""

from .bulk import BulkVerdicts, everybody
from .checking import check
from .explaining import explain
from .explanation import Explanation

__all__ = ["BulkVerdicts", "Explanation", "check", "everybody", "explain"]
