"""A no of one address as a whole: a suppression of it."""

from ..dialects import Dialect
from .again import block_columns, block_moves_on, is_wanted, look_up_block
from .rows import IS_PENDING
from .scope import EVENT_COLUMNS, Statements


def _mark_set(dialect: Dialect) -> str:
    # To who was erased nothing is sent, whatever a file says, and nothing more is written about them.
    return """
    UPDATE matched SET is_set = TRUE
    WHERE NOT is_new AND NOT is_set AND (
        SELECT TRUE FROM unsubscribe_suppression
        WHERE address_id = matched.address_id AND reason IN (%(reason)s, 'erased') AND lifted_at IS NULL
        LIMIT 1
    )
"""


def _drop_overtaken(dialect: Dialect) -> str:
    # What the person lifted is a yes of theirs, and of a bounce or a suppression by staff the lift counts, whoever
    # lifted it. An import that was taken back is neither.
    return f"""
    DELETE FROM matched
    WHERE NOT is_new AND NOT is_set AND at IS NOT NULL AND (
        SELECT TRUE FROM unsubscribe_suppression
        WHERE address_id = matched.address_id AND reason {dialect.one_of("overtaking")}
            AND lifted_at > matched.at AND lifted_by <> 'import'
            AND NOT (reason IN ('unsubscribed_all', 'complaint') AND {IS_PENDING})
        LIMIT 1
    )
"""


def _record(dialect: Dialect) -> str:
    # The ids come from the table itself: ledger.watermark trusts that an id is drawn after the table's lock is taken.
    return f"""
    INSERT INTO unsubscribe_consentevent{EVENT_COLUMNS}
    SELECT %(now)s, %(kind)s, %(source)s, contact_id, address_id, %(channel)s, NULL, %(campaign_id)s,
        {dialect.json("before")}, {dialect.json("after")}, %(wording)s, %(actor)s, %(note)s
    FROM matched
    WHERE NOT is_set
"""


def _change(dialect: Dialect) -> str:
    return """
    INSERT INTO unsubscribe_suppression (address_id, reason, everywhere, source, campaign_id, since, import_id)
    SELECT address_id, %(reason)s, FALSE, %(source)s, %(campaign_id)s, %(now)s, %(import_id)s FROM matched
    WHERE NOT is_set
"""


def _find_again(dialect: Dialect) -> str:
    return f"""
    CREATE TEMPORARY TABLE again AS
    SELECT {block_columns(dialect)}, matched.address_id, matched.contact_id, matched.at, TRUE AS is_asked
    FROM matched
    {look_up_block(dialect, "NOT matched.is_new AND block.address_id = matched.address_id")}
    WHERE {is_wanted("block", "matched")}
"""


ADDRESS = Statements(
    mark_set=_mark_set,
    drop_overtaken=_drop_overtaken,
    record=_record,
    change=_change,
    find_again=_find_again,
    move_on=block_moves_on,
)
