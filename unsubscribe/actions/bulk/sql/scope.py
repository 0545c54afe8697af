"""The statements that differ with what a no is about: one address, everything everywhere, or one category."""

from collections.abc import Callable
from typing import NamedTuple

from ..dialects import Dialect

Statement = Callable[[Dialect], str]


class Statements(NamedTuple):
    #: Sets `is_set`, and never takes it back.
    mark_set: Statement
    #: Takes out of `matched` those who said yes after their row says no.
    drop_overtaken: Statement
    #: Writes the ledger. Before `change`, because afterwards nobody knows what was before.
    record: Statement
    change: Statement
    #: Makes `again` of those who had said it before, but in this very import.
    find_again: Statement
    #: Notes in their rows when, and how, it was said last.
    move_on: Statement
    #: Sets `is_set` for all but the first in the file where a contact has several addresses and changes once.
    mark_repeated: Statement | None = None
    #: Makes blocks of single addresses mean everywhere, where none was left to be added.
    widen: Statement | None = None


#: The columns of an event that every statement writes, in this order.
EVENT_COLUMNS = """
        (at, kind, source, contact_id, address_id, channel, category_id, campaign_id, before, after,
            wording, actor, note)"""

IS_ERASED = """(
        SELECT TRUE FROM unsubscribe_suppression
        WHERE address_id = matched.address_id AND reason = 'erased' AND lifted_at IS NULL
        LIMIT 1
    )"""


def mark_repeated(dialect: Dialect) -> str:
    """Of a contact with several addresses in the file only the first changes something."""
    later = """
        SELECT position FROM (
            SELECT position, row_number() OVER (PARTITION BY contact_id ORDER BY position) AS place FROM matched
            WHERE NOT is_new AND NOT is_set
        ) AS numbered
        WHERE place > 1
    """
    return f"UPDATE matched SET is_set = TRUE WHERE position {dialect.among(later)}"
