"""A no of an address as a whole: a block of it."""

from ..alike import CHANGE, IS_OF_IMPORTS, IS_PENDING
from ..steps import ScopeSteps
from .again import BLOCK_MOVES_ON

# To who was erased nothing is sent, whatever a file says, and nothing more is written about them.
_MARK_SO = """
    UPDATE found SET is_so = TRUE
    WHERE NOT is_new AND NOT is_so AND (
        SELECT TRUE FROM unsubscribe_suppression
        WHERE address_id = found.address_id AND reason IN (%(reason)s, 'erased') AND lifted_at IS NULL
        LIMIT 1
    )
"""

# What the person lifted is a yes of theirs, and of a bounce or a block by staff the lift counts, whoever lifted it. An
# import that was taken back is neither.
_DROP_OVERTAKEN = f"""
    DELETE FROM found
    WHERE NOT is_new AND NOT is_so AND at IS NOT NULL AND (
        SELECT TRUE FROM unsubscribe_suppression
        WHERE address_id = found.address_id AND reason = ANY(%(overtaking)s)
            AND lifted_at > found.at AND lifted_by <> 'import'
            AND NOT (reason IN ('unsubscribed_all', 'complaint') AND {IS_PENDING})
        LIMIT 1
    )
"""  # noqa: S608  (both are constants)

# The ids come from the table itself: ledger.watermark trusts that an id is drawn after the table's lock is taken.
_RECORD = """
    INSERT INTO unsubscribe_consentevent
        (at, kind, source, contact_id, address_id, channel, category_id, campaign_id, before, after,
            wording, actor, note)
    SELECT %(now)s, %(kind)s, %(source)s, contact_id, address_id, %(channel)s, NULL, %(campaign_id)s,
        %(before)s::jsonb, %(after)s::jsonb, %(wording)s, %(actor)s, %(note)s
    FROM found
    WHERE NOT is_so
"""

_FIND_AGAIN = f"""
    CREATE TEMPORARY TABLE again ON COMMIT DROP AS
    SELECT block.*, address_id, contact_id, at, TRUE AS is_asked, %(after)s::jsonb AS facts
    FROM found
    JOIN LATERAL (
        SELECT id, import_id, GREATEST(since, COALESCE(said_at, since)) AS last_at,
            COALESCE(NULLIF(said_by, ''), source) AS said_by,
            {IS_OF_IMPORTS.format(table="unsubscribe_suppression")}
        FROM unsubscribe_suppression
        WHERE NOT is_new AND address_id = found.address_id AND reason = %(reason)s AND lifted_at IS NULL
        LIMIT 1
    ) AS block ON TRUE
    WHERE COALESCE(block.import_id <> %(import_id)s, TRUE) AND (
        SELECT erased_at IS NULL FROM unsubscribe_contact WHERE id = found.contact_id
    )
"""  # noqa: S608  (a constant)

WHOLE = ScopeSteps(
    mark_so=_MARK_SO,
    drop_overtaken=_DROP_OVERTAKEN,
    mark_repeated="",
    record=_RECORD,
    change=CHANGE,
    find_again=_FIND_AGAIN,
    move_on=BLOCK_MOVES_ON,
)
