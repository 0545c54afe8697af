"""A no to everything: a block of every address of the contact, also of those learnt later."""

from ..alike import IS_OF_IMPORTS, IS_PENDING
from ..steps import ScopeSteps
from .again import BLOCK_MOVES_ON
from .repeated import MARK_REPEATED

# They have said it where no address of the contact is left to be blocked, and one block was meant everywhere.
_MARK_SO = """
    UPDATE found SET is_so = TRUE
    WHERE NOT is_new AND ((
        SELECT min(block.id IS NOT NULL) AND max(block.everywhere) FROM unsubscribe_address AS address
        LEFT JOIN unsubscribe_suppression AS block
            ON block.address_id = address.id AND block.reason = %(reason)s AND block.lifted_at IS NULL
        WHERE address.contact_id = found.contact_id
    ) OR (
        SELECT TRUE FROM unsubscribe_suppression
        WHERE address_id = found.address_id AND reason = 'erased' AND lifted_at IS NULL
        LIMIT 1
    ))
"""

# Who came back by any address took back what was meant everywhere.
_DROP_OVERTAKEN = f"""
    DELETE FROM found
    WHERE NOT is_new AND NOT is_so AND at IS NOT NULL AND NOT {IS_PENDING} AND (
        SELECT TRUE FROM unsubscribe_address AS address
        JOIN unsubscribe_suppression AS block ON block.address_id = address.id
        WHERE address.contact_id = found.contact_id AND block.reason IN (SELECT value FROM json_each(%(overtaking)s))
            AND block.lifted_at > found.at AND block.lifted_by <> 'import'
        LIMIT 1
    )
"""  # noqa: S608  (both are constants)

_OPEN_ADDRESSES = """
    FROM unsubscribe_address AS address
    WHERE contact_id IN (SELECT contact_id FROM found WHERE NOT is_so) AND (
        SELECT id FROM unsubscribe_suppression
        WHERE address_id = address.id AND reason = %(reason)s AND lifted_at IS NULL
        LIMIT 1
    ) IS NULL
"""

_RECORD = f"""
    INSERT INTO unsubscribe_consentevent
        (at, kind, source, contact_id, address_id, channel, category_id, campaign_id, before, after,
            wording, actor, note)
    SELECT %(now)s, %(kind)s, %(source)s, contact_id, id, channel, NULL, %(campaign_id)s,
        %(before)s, %(after)s, %(wording)s, %(actor)s, %(note)s
    {_OPEN_ADDRESSES}
"""

_CHANGE = f"""
    INSERT INTO unsubscribe_suppression (address_id, reason, everywhere, source, campaign_id, since, import_id)
    SELECT id, %(reason)s, TRUE, %(source)s, %(campaign_id)s, %(now)s, %(import_id)s
    {_OPEN_ADDRESSES}
"""

_WIDEN = """
    UPDATE unsubscribe_suppression SET everywhere = TRUE
    WHERE reason = %(reason)s AND lifted_at IS NULL AND address_id IN (
        SELECT address.id FROM unsubscribe_address AS address
        WHERE contact_id IN (SELECT contact_id FROM found WHERE NOT is_so) AND (
            SELECT block.id FROM unsubscribe_address AS other
            JOIN unsubscribe_suppression AS block ON block.address_id = other.id
            WHERE other.contact_id = address.contact_id AND block.reason = %(reason)s AND block.everywhere
                AND block.lifted_at IS NULL
            LIMIT 1
        ) IS NULL
    )
"""

# Of every address of the contact, and by the first in the file.
_FIND_AGAIN = f"""
    CREATE TEMPORARY TABLE again AS
    SELECT block.id, max(block.since, COALESCE(block.said_at, block.since)) AS last_at,
        COALESCE(NULLIF(block.said_by, ''), block.source) AS said_by, address.id AS address_id, asked.contact_id, at,
        address.id = asked.address_id AS is_asked, %(after)s AS facts,
        {IS_OF_IMPORTS.format(table="block")}
    FROM (
        SELECT contact_id, address_id, at, row_number() OVER (PARTITION BY contact_id ORDER BY position) AS place
        FROM found
        WHERE NOT is_new
    ) AS asked
    JOIN unsubscribe_address AS address ON address.contact_id = asked.contact_id
    JOIN unsubscribe_suppression AS block
        ON block.address_id = address.id AND block.reason = %(reason)s AND block.lifted_at IS NULL
    WHERE place = 1 AND COALESCE(block.import_id <> %(import_id)s, TRUE) AND (
        SELECT erased_at IS NULL FROM unsubscribe_contact WHERE id = asked.contact_id
    )
"""  # noqa: S608  (a constant)

EVERYWHERE = ScopeSteps(
    mark_so=_MARK_SO,
    drop_overtaken=_DROP_OVERTAKEN,
    mark_repeated=MARK_REPEATED,
    record=_RECORD,
    change=_CHANGE,
    find_again=_FIND_AGAIN,
    move_on=BLOCK_MOVES_ON,
    widen=_WIDEN,
)
