"""The steps of the bulk verbs on PostgreSQL. It decides nothing.

A file is small beside the tables it goes into, so its rows are looked up one by one in an index. LATERAL with LIMIT and
ANY(ARRAY()) keep the planner from reading a table of millions as a whole for each batch.
"""

from collections.abc import Iterable
from typing import Any

from .steps import Choice, Row, Steps


def load(cursor: Any, rows: Iterable[Row]) -> None:
    cursor.execute(
        "CREATE TEMPORARY TABLE said (digest bytea, value text, at timestamptz, position integer) ON COMMIT DROP"
    )
    with cursor.copy("COPY said FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(["bytea", "text", "timestamptz", "int4"])
        for row in rows:
            copy.write_row(row)


def words(some: Iterable[str]) -> list[str]:
    return sorted(map(str, some))


_FIND = """
    CREATE TEMPORARY TABLE found ON COMMIT DROP AS
    SELECT
        said.*,
        known.id IS NULL AS is_new,
        FALSE AS is_so,
        known.value = '' AND said.value <> '' AS lacks_value,
        COALESCE(known.id, CASE WHEN %(reserve)s THEN nextval('unsubscribe_address_id_seq') END) AS address_id,
        COALESCE(known.contact_id, CASE WHEN %(reserve)s THEN nextval('unsubscribe_contact_id_seq') END) AS contact_id
    FROM said
    LEFT JOIN LATERAL (
        SELECT id, contact_id, value FROM unsubscribe_address
        WHERE digest = said.digest AND channel = %(channel)s
        LIMIT 1
    ) AS known ON TRUE
"""

# To who was erased nothing is sent, whatever a file says, and nothing more is written about them.
_MARK_SO = """
    UPDATE found SET is_so = TRUE
    WHERE NOT is_new AND NOT is_so AND (
        SELECT TRUE FROM unsubscribe_suppression
        WHERE address_id = found.address_id AND reason IN (%(reason)s, 'erased') AND lifted_at IS NULL
        LIMIT 1
    )
"""

# So is it where no address of the contact is left to be blocked, and one block was meant everywhere.
_MARK_SO_EVERYWHERE = """
    UPDATE found SET is_so = TRUE
    WHERE NOT is_new AND NOT is_so AND ((
        SELECT bool_and(block.id IS NOT NULL) AND bool_or(block.everywhere) FROM unsubscribe_address AS address
        LEFT JOIN unsubscribe_suppression AS block
            ON block.address_id = address.id AND block.reason = %(reason)s AND block.lifted_at IS NULL
        WHERE address.contact_id = found.contact_id
    ) OR (
        SELECT TRUE FROM unsubscribe_suppression
        WHERE address_id = found.address_id AND reason = 'erased' AND lifted_at IS NULL
        LIMIT 1
    ))
"""

_MARK_SO_CATEGORY = """
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

_TALLY = """
    SELECT
        count(*) FILTER (WHERE is_new),
        count(*) FILTER (WHERE NOT is_new AND NOT is_so),
        count(*) FILTER (WHERE lacks_value)
    FROM found
"""

_LOCK = """
    SELECT id FROM unsubscribe_contact
    WHERE id = ANY(ARRAY(SELECT contact_id FROM found WHERE NOT is_new AND (NOT is_so OR lacks_value)))
    ORDER BY id
    FOR NO KEY UPDATE
"""

# An address for which nobody had chosen anything may have joined another contact while we waited for the locks: see
# actions.add_addresses.
_MOVED = """
    SELECT address.id FROM unsubscribe_address AS address
    JOIN found ON found.address_id = address.id
    WHERE address.id = ANY(ARRAY(SELECT address_id FROM found WHERE NOT is_new AND NOT is_so))
        AND address.contact_id <> found.contact_id
"""

_LEARN_CONTACTS = """
    INSERT INTO unsubscribe_contact (id, language, only_chosen, created_at)
    SELECT contact_id, %(language)s, %(only_chosen)s, %(now)s FROM found
    WHERE is_new
"""

# In the order of their digests, so that two who learn the same addresses never wait for each other in a circle.
_LEARN_ADDRESSES = """
    INSERT INTO unsubscribe_address (id, contact_id, channel, value, digest, created_at)
    SELECT address_id, contact_id, %(channel)s, value, digest, %(now)s FROM found
    WHERE is_new
    ORDER BY digest
    ON CONFLICT (digest, channel) DO NOTHING
"""

_FILL = """
    UPDATE unsubscribe_address AS address SET value = found.value
    FROM found
    WHERE found.lacks_value AND address.id = found.address_id
        AND address.id = ANY(ARRAY(SELECT address_id FROM found WHERE lacks_value)) AND (
        SELECT erased_at IS NULL FROM unsubscribe_contact WHERE id = address.contact_id
    )
"""

# Nobody but the person lifts these (rules.may_lift), so whatever was lifted is a yes of theirs.
_DROP_OVERTAKEN = """
    DELETE FROM found
    WHERE NOT is_new AND NOT is_so AND at IS NOT NULL AND (
        SELECT TRUE FROM unsubscribe_suppression
        WHERE address_id = found.address_id AND reason = ANY(%(own_no)s) AND lifted_at > found.at
        LIMIT 1
    )
"""

# Who came back by any address took back what was meant everywhere.
_DROP_OVERTAKEN_EVERYWHERE = """
    DELETE FROM found
    WHERE NOT is_new AND NOT is_so AND at IS NOT NULL AND (
        SELECT TRUE FROM unsubscribe_address AS address
        JOIN unsubscribe_suppression AS block ON block.address_id = address.id
        WHERE address.contact_id = found.contact_id AND block.reason = ANY(%(own_no)s) AND block.lifted_at > found.at
        LIMIT 1
    )
"""

_DROP_OVERTAKEN_CATEGORY = """
    DELETE FROM found
    WHERE NOT is_new AND NOT is_so AND at IS NOT NULL AND (
        SELECT state = 'subscribed' FROM unsubscribe_preference
        WHERE contact_id = found.contact_id AND category_id = %(category_id)s AND channel = %(channel)s
        LIMIT 1
    ) AND (
        SELECT TRUE FROM unsubscribe_consentevent
        WHERE contact_id = found.contact_id AND category_id = %(category_id)s AND channel = %(channel)s
            AND kind = 'opt_in' AND source = ANY(%(own_voice)s) AND at > found.at
        LIMIT 1
    )
"""

_MARK_REPEATED_CONTACT = """
    UPDATE found SET is_so = TRUE
    WHERE position = ANY(ARRAY(
        SELECT position FROM (
            SELECT position, row_number() OVER (PARTITION BY contact_id ORDER BY position) AS number FROM found
            WHERE NOT is_new AND NOT is_so
        ) AS numbered
        WHERE number > 1
    ))
"""

# The ids come from the table itself: unsubscribe.horizon trusts that an id is drawn after the table's lock is taken.
_RECORD = """
    INSERT INTO unsubscribe_consentevent
        (at, kind, source, contact_id, address_id, channel, category_id, campaign_id, before, after,
            wording, actor, note)
    SELECT %(now)s, %(kind)s, %(source)s, contact_id, address_id, %(channel)s, NULL, %(campaign_id)s,
        %(before)s::jsonb, %(after)s::jsonb, %(wording)s, %(actor)s, %(note)s
    FROM found
    WHERE NOT is_so
"""

_RECORD_CATEGORY = """
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

_OPEN_ADDRESSES = """
    FROM unsubscribe_address AS address
    WHERE contact_id = ANY(ARRAY(SELECT contact_id FROM found WHERE NOT is_so)) AND (
        SELECT id FROM unsubscribe_suppression
        WHERE address_id = address.id AND reason = %(reason)s AND lifted_at IS NULL
        LIMIT 1
    ) IS NULL
"""

_RECORD_EVERYWHERE = f"""
    INSERT INTO unsubscribe_consentevent
        (at, kind, source, contact_id, address_id, channel, category_id, campaign_id, before, after,
            wording, actor, note)
    SELECT %(now)s, %(kind)s, %(source)s, contact_id, id, channel, NULL, %(campaign_id)s,
        %(before)s::jsonb, %(after)s::jsonb, %(wording)s, %(actor)s, %(note)s
    {_OPEN_ADDRESSES}
"""

_CHANGE = """
    INSERT INTO unsubscribe_suppression (address_id, reason, everywhere, source, campaign_id, since)
    SELECT address_id, %(reason)s, FALSE, %(source)s, %(campaign_id)s, %(now)s FROM found
    WHERE NOT is_so
"""

_CHANGE_EVERYWHERE = f"""
    INSERT INTO unsubscribe_suppression (address_id, reason, everywhere, source, campaign_id, since)
    SELECT id, %(reason)s, TRUE, %(source)s, %(campaign_id)s, %(now)s
    {_OPEN_ADDRESSES}
"""

_WIDEN = """
    UPDATE unsubscribe_suppression SET everywhere = TRUE
    WHERE reason = %(reason)s AND lifted_at IS NULL AND address_id = ANY(ARRAY(
        SELECT address.id FROM unsubscribe_address AS address
        WHERE contact_id = ANY(ARRAY(SELECT contact_id FROM found WHERE NOT is_so)) AND (
            SELECT block.id FROM unsubscribe_address AS other
            JOIN unsubscribe_suppression AS block ON block.address_id = other.id
            WHERE other.contact_id = address.contact_id AND block.reason = %(reason)s AND block.everywhere
                AND block.lifted_at IS NULL
            LIMIT 1
        ) IS NULL
    ))
"""

_CHANGE_CATEGORY = """
    INSERT INTO unsubscribe_preference (contact_id, category_id, channel, state, frequency, changed_at)
    SELECT contact_id, %(category_id)s, %(channel)s, 'unsubscribed', 'as_sent', %(now)s FROM found
    WHERE NOT is_so
    ON CONFLICT (contact_id, category_id, channel)
        DO UPDATE SET state = EXCLUDED.state, changed_at = EXCLUDED.changed_at
"""

STEPS = Steps(
    load=load,
    words=words,
    find=_FIND,
    tally=_TALLY,
    lock=_LOCK,
    moved=_MOVED,
    learn_contacts=_LEARN_CONTACTS,
    learn_addresses=_LEARN_ADDRESSES,
    fill=_FILL,
    whole=Choice(
        mark_so=_MARK_SO,
        drop_overtaken=_DROP_OVERTAKEN,
        mark_repeated="",
        record=_RECORD,
        change=_CHANGE,
    ),
    everywhere=Choice(
        mark_so=_MARK_SO_EVERYWHERE,
        drop_overtaken=_DROP_OVERTAKEN_EVERYWHERE,
        mark_repeated=_MARK_REPEATED_CONTACT,
        record=_RECORD_EVERYWHERE,
        change=_CHANGE_EVERYWHERE,
        widen=_WIDEN,
    ),
    category=Choice(
        mark_so=_MARK_SO_CATEGORY,
        drop_overtaken=_DROP_OVERTAKEN_CATEGORY,
        mark_repeated=_MARK_REPEATED_CONTACT,
        record=_RECORD_CATEGORY,
        change=_CHANGE_CATEGORY,
    ),
)
