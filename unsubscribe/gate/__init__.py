"""May this be sent? The gate has the facts gathered, asks the rules (law 1), and changes nothing.

`check` answers for some addresses, `everybody` for files of any length, and `explain` says by which facts.

No answer means no send: when the database does not answer, the error reaches whoever wanted to send.
"""

from .bulk import BulkVerdicts, everybody
from .checking import check
from .explaining import explain
from .explanation import Explanation

__all__ = ["BulkVerdicts", "Explanation", "check", "everybody", "explain"]
