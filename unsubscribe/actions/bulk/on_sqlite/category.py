"""A no to one category on one channel."""

from ..alike import CHANGE_CATEGORY, IS_BESIDE, IS_OF_IMPORTS
from ..steps import ScopeSteps
from .again import PREFERENCE_MOVES_ON
from .repeated import MARK_REPEATED

_MARK_SO = """
    UPDATE found SET is_so = TRUE
    WHERE NOT is_new AND EXISTS (
        SELECT 1 FROM unsubscribe_preference
        WHERE contact_id = found.contact_id AND category_id = %(category_id)s AND channel = %(channel)s
            AND state = 'unsubscribed'
        UNION ALL
        SELECT 1 FROM unsubscribe_suppression
        WHERE address_id = found.address_id AND reason = 'erased' AND lifted_at IS NULL
    )
"""

# A yes of theirs, or the undo of a no, after which they did not leave again; or a yes that they repeated.
_DROP_OVERTAKEN = f"""
    DELETE FROM found
    WHERE NOT is_new AND NOT is_so AND at IS NOT NULL AND (EXISTS (
        SELECT 1 FROM unsubscribe_preference
        WHERE contact_id = found.contact_id AND category_id = %(category_id)s AND channel = %(channel)s
            AND state = 'subscribed' AND said_at > found.at
    ) OR EXISTS (
        SELECT 1 FROM unsubscribe_consentevent AS yes
        WHERE contact_id = found.contact_id AND category_id = %(category_id)s AND channel = %(channel)s
            AND kind = 'opt_in' AND source IN (SELECT value FROM json_each(%(own_voice)s))
            AND at > found.at AND (EXISTS (
                SELECT 1 FROM unsubscribe_preference
                WHERE contact_id = found.contact_id AND category_id = %(category_id)s AND channel = %(channel)s
                    AND state = 'subscribed'
            ) OR NOT {IS_BESIDE} AND NOT EXISTS (
                SELECT 1 FROM unsubscribe_consentevent
                WHERE contact_id = found.contact_id AND category_id = %(category_id)s AND channel = %(channel)s
                    AND kind = 'opt_out' AND id > yes.id
            ))
    ))
"""  # noqa: S608  (both are constants)

# As Python writes JSON, blanks and all: that is how the other verbs store it.
_RECORD = """
    INSERT INTO unsubscribe_consentevent
        (at, kind, source, contact_id, address_id, channel, category_id, campaign_id, before, after,
            wording, actor, note)
    SELECT %(now)s, %(kind)s, %(source)s, found.contact_id, address_id, %(channel)s, %(category_id)s,
        %(campaign_id)s,
        '{"state": "' || COALESCE(state, 'unspecified')
            || '", "frequency": "' || COALESCE(frequency, 'as_sent')
            || '", "paused_until": ' || json_quote(paused_until) || '}',
        '{"state": "unsubscribed", "frequency": "' || COALESCE(frequency, 'as_sent')
            || '", "paused_until": ' || json_quote(paused_until) || '}',
        %(wording)s, %(actor)s, %(note)s
    FROM found
    LEFT JOIN unsubscribe_preference AS chosen ON NOT is_new AND chosen.contact_id = found.contact_id
        AND chosen.category_id = %(category_id)s AND chosen.channel = %(channel)s
    WHERE NOT is_so
"""

_FIND_AGAIN = f"""
    CREATE TEMPORARY TABLE again AS
    SELECT chosen.id, max(chosen.changed_at, COALESCE(chosen.said_at, chosen.changed_at)) AS last_at, chosen.said_by,
        '{{"state": "unsubscribed", "frequency": "' || frequency
            || '", "paused_until": ' || json_quote(paused_until) || '}}' AS facts,
        address_id, asked.contact_id, at, TRUE AS is_asked, {IS_OF_IMPORTS.format(table="chosen")}
    FROM (
        SELECT contact_id, address_id, at, row_number() OVER (PARTITION BY contact_id ORDER BY position) AS place
        FROM found
        WHERE NOT is_new
    ) AS asked
    JOIN unsubscribe_preference AS chosen ON chosen.contact_id = asked.contact_id
        AND chosen.category_id = %(category_id)s AND chosen.channel = %(channel)s AND chosen.state = 'unsubscribed'
    WHERE place = 1 AND COALESCE(chosen.import_id <> %(import_id)s, TRUE) AND (
        SELECT erased_at IS NULL FROM unsubscribe_contact WHERE id = asked.contact_id
    )
"""  # noqa: S608  (the same)

CATEGORY = ScopeSteps(
    mark_so=_MARK_SO,
    drop_overtaken=_DROP_OVERTAKEN,
    mark_repeated=MARK_REPEATED,
    record=_RECORD,
    change=CHANGE_CATEGORY,
    find_again=_FIND_AGAIN,
    move_on=PREFERENCE_MOVES_ON,
)
