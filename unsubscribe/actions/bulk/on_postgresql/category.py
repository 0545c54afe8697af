"""A no to one category on one channel."""

from ..alike import CHANGE_CATEGORY, IS_BESIDE, IS_OF_IMPORTS
from ..steps import ScopeSteps
from .again import PREFERENCE_MOVES_ON
from .repeated import MARK_REPEATED

_MARK_SO = """
    UPDATE found SET is_so = TRUE
    WHERE NOT is_new AND NOT is_so AND ((
        SELECT state = 'unsubscribed' FROM unsubscribe_preference
        WHERE contact_id = found.contact_id AND category_id = %(category_id)s AND channel = %(channel)s
        LIMIT 1
    ) OR (
        SELECT TRUE FROM unsubscribe_suppression
        WHERE address_id = found.address_id AND reason = 'erased' AND lifted_at IS NULL
        LIMIT 1
    ))
"""

# A yes of theirs, or the undo of a no, after which they did not leave again; or a yes that they repeated.
_DROP_OVERTAKEN = f"""
    DELETE FROM found
    WHERE NOT is_new AND NOT is_so AND at IS NOT NULL AND ((
        SELECT state = 'subscribed' AND said_at > found.at FROM unsubscribe_preference
        WHERE contact_id = found.contact_id AND category_id = %(category_id)s AND channel = %(channel)s
        LIMIT 1
    ) OR (
        SELECT TRUE FROM unsubscribe_consentevent AS yes
        WHERE contact_id = found.contact_id AND category_id = %(category_id)s AND channel = %(channel)s
            AND kind = 'opt_in' AND source = ANY(%(own_voice)s) AND at > found.at AND ((
                SELECT state = 'subscribed' FROM unsubscribe_preference
                WHERE contact_id = found.contact_id AND category_id = %(category_id)s AND channel = %(channel)s
                LIMIT 1
            ) OR NOT {IS_BESIDE} AND NOT EXISTS (
                SELECT 1 FROM unsubscribe_consentevent
                WHERE contact_id = found.contact_id AND category_id = %(category_id)s AND channel = %(channel)s
                    AND kind = 'opt_out' AND id > yes.id
            ))
        LIMIT 1
    ))
"""  # noqa: S608  (both are constants)

_RECORD = """
    INSERT INTO unsubscribe_consentevent
        (at, kind, source, contact_id, address_id, channel, category_id, campaign_id, before, after,
            wording, actor, note)
    SELECT %(now)s, %(kind)s, %(source)s, found.contact_id, address_id, %(channel)s, %(category_id)s,
        %(campaign_id)s,
        jsonb_build_object('state', COALESCE(chosen.state, 'unspecified'),
            'frequency', COALESCE(chosen.frequency, 'as_sent'), 'paused_until', chosen.paused_until),
        jsonb_build_object('state', 'unsubscribed',
            'frequency', COALESCE(chosen.frequency, 'as_sent'), 'paused_until', chosen.paused_until),
        %(wording)s, %(actor)s, %(note)s
    FROM found
    LEFT JOIN LATERAL (
        SELECT state, frequency, paused_until FROM unsubscribe_preference
        WHERE NOT is_new AND contact_id = found.contact_id
            AND category_id = %(category_id)s AND channel = %(channel)s
        LIMIT 1
    ) AS chosen ON TRUE
    WHERE NOT is_so
"""

_FIND_AGAIN = f"""
    CREATE TEMPORARY TABLE again ON COMMIT DROP AS
    SELECT chosen.*, address_id, contact_id, at, TRUE AS is_asked
    FROM (
        SELECT contact_id, address_id, at, row_number() OVER (PARTITION BY contact_id ORDER BY position) AS place
        FROM found
        WHERE NOT is_new
    ) AS asked
    JOIN LATERAL (
        SELECT id, import_id, GREATEST(changed_at, COALESCE(said_at, changed_at)) AS last_at, said_by,
            jsonb_build_object('state', state, 'frequency', frequency, 'paused_until', paused_until) AS facts,
            {IS_OF_IMPORTS.format(table="unsubscribe_preference")}
        FROM unsubscribe_preference
        WHERE contact_id = asked.contact_id AND category_id = %(category_id)s AND channel = %(channel)s
            AND state = 'unsubscribed'
        LIMIT 1
    ) AS chosen ON TRUE
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
