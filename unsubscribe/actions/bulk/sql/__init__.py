"""The statements of the bulk verbs, each once; what differs between databases comes from dialects.py.

They pass each other temporary tables:

staged:  the rows of the file (dialects.Row), and the gmail_digest of each
matched: the same, with what is known of them
    is_new:      nobody has this address yet
    is_set:      nothing is left to be written: the no stands already, or the contact was erased
    lacks_value: the address is known by its digest alone, and the file has its value
    address_id, contact_id: of a new one those that it will have
again:   the rows that say no already, see again.py
"""

from . import again, rows
from .address import ADDRESS
from .category import CATEGORY
from .everywhere import EVERYWHERE
from .scope import Statement, Statements

__all__ = ["ADDRESS", "CATEGORY", "EVERYWHERE", "Statement", "Statements", "again", "rows"]
