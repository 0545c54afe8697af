"""A no to everything: a suppression of every address of the contact, also of those learnt later."""

from ..dialects import Dialect
from .again import FIRST_OF_CONTACT, block_columns, block_moves_on, is_wanted, look_up_block
from .rows import IS_PENDING
from .scope import EVENT_COLUMNS, IS_ERASED, Statements, mark_repeated


def _mark_set(dialect: Dialect) -> str:
    # They have said it where no address of the contact is left to be blocked, and one block was meant everywhere.
    return f"""
    UPDATE matched SET is_set = TRUE
    WHERE NOT is_new AND NOT is_set AND ((
        SELECT count(*) = count(block.id) AND count(*) FILTER (WHERE block.everywhere) > 0
        FROM unsubscribe_address AS address
        LEFT JOIN unsubscribe_suppression AS block
            ON block.address_id = address.id AND block.reason = %(reason)s AND block.lifted_at IS NULL
        WHERE address.contact_id = matched.contact_id
    ) OR {IS_ERASED})
"""


def _drop_overtaken(dialect: Dialect) -> str:
    # Who came back by any address took back what was meant everywhere.
    return f"""
    DELETE FROM matched
    WHERE NOT is_new AND NOT is_set AND at IS NOT NULL AND NOT {IS_PENDING} AND (
        SELECT TRUE FROM unsubscribe_address AS address
        JOIN unsubscribe_suppression AS block ON block.address_id = address.id
        WHERE address.contact_id = matched.contact_id AND block.reason {dialect.one_of("overtaking")}
            AND block.lifted_at > matched.at AND block.lifted_by <> 'import'
        LIMIT 1
    )
"""


def _from_open_addresses(dialect: Dialect) -> str:
    """All that are not blocked yet, of contacts that said so."""
    return f"""
    FROM unsubscribe_address AS address
    WHERE contact_id {dialect.among("SELECT contact_id FROM matched WHERE NOT is_set")} AND (
        SELECT id FROM unsubscribe_suppression
        WHERE address_id = address.id AND reason = %(reason)s AND lifted_at IS NULL
        LIMIT 1
    ) IS NULL
"""


def _record(dialect: Dialect) -> str:
    return f"""
    INSERT INTO unsubscribe_consentevent{EVENT_COLUMNS}
    SELECT %(now)s, %(kind)s, %(source)s, contact_id, id, channel, NULL, %(campaign_id)s,
        {dialect.json("before")}, {dialect.json("after")}, %(wording)s, %(actor)s, %(note)s
    {_from_open_addresses(dialect)}
"""


def _change(dialect: Dialect) -> str:
    return f"""
    INSERT INTO unsubscribe_suppression (address_id, reason, everywhere, source, campaign_id, since, import_id)
    SELECT id, %(reason)s, TRUE, %(source)s, %(campaign_id)s, %(now)s, %(import_id)s
    {_from_open_addresses(dialect)}
"""


def _widen(dialect: Dialect) -> str:
    single = f"""
        SELECT address.id FROM unsubscribe_address AS address
        WHERE contact_id {dialect.among("SELECT contact_id FROM matched WHERE NOT is_set")} AND (
            SELECT block.id FROM unsubscribe_address AS other
            JOIN unsubscribe_suppression AS block ON block.address_id = other.id
            WHERE other.contact_id = address.contact_id AND block.reason = %(reason)s AND block.everywhere
                AND block.lifted_at IS NULL
            LIMIT 1
        ) IS NULL
    """
    return f"""
    UPDATE unsubscribe_suppression SET everywhere = TRUE
    WHERE reason = %(reason)s AND lifted_at IS NULL AND address_id {dialect.among(single)}
"""


def _find_again(dialect: Dialect) -> str:
    """Of every address of the contact; the event is that of the first in the file."""
    known = dialect.narrowed("address.contact_id", "SELECT contact_id FROM matched WHERE NOT is_new")
    return f"""
    CREATE TEMPORARY TABLE again AS
    SELECT {block_columns(dialect)}, address.id AS address_id, asked.contact_id, asked.at,
        address.id = asked.address_id AS is_asked
    FROM {FIRST_OF_CONTACT} AS asked
    JOIN unsubscribe_address AS address ON address.contact_id = asked.contact_id{known}
    {look_up_block(dialect, "block.address_id = address.id")}
    WHERE asked.place = 1 AND {is_wanted("block", "asked")}
"""


EVERYWHERE = Statements(
    mark_set=_mark_set,
    drop_overtaken=_drop_overtaken,
    record=_record,
    change=_change,
    find_again=_find_again,
    move_on=block_moves_on,
    mark_repeated=mark_repeated,
    widen=_widen,
)
