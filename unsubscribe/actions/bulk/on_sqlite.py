"""The steps of the bulk verbs on SQLite, where the writer is alone as soon as the transaction has begun. It decides
nothing."""

import json
from collections.abc import Iterable
from typing import Any

from django.db import connection

from .steps import Choice, Row, Steps


def load(cursor: Any, rows: Iterable[Row]) -> None:
    cursor.execute("CREATE TEMPORARY TABLE said (number INTEGER PRIMARY KEY, digest, value, at, position)")
    stored = connection.ops.adapt_datetimefield_value
    cursor.executemany(
        "INSERT INTO said (digest, value, at, position) VALUES (%s, %s, %s, %s)",
        ((digest, value, at and stored(at), position) for digest, value, at, position in rows),
    )


def words(some: Iterable[str]) -> str:
    return json.dumps(sorted(map(str, some)))


# The last id that was ever drawn, also by a row that is gone: ids are not given twice.
_FIND = """
    CREATE TEMPORARY TABLE found AS
    SELECT
        said.*,
        known.id IS NULL AS is_new,
        FALSE AS is_so,
        known.value = '' AND said.value <> '' AS lacks_value,
        COALESCE(known.id, number + COALESCE(
            (SELECT seq FROM sqlite_sequence WHERE name = 'unsubscribe_address'), 0)) AS address_id,
        COALESCE(known.contact_id, number + COALESCE(
            (SELECT seq FROM sqlite_sequence WHERE name = 'unsubscribe_contact'), 0)) AS contact_id
    FROM said
    LEFT JOIN unsubscribe_address AS known ON known.digest = said.digest AND known.channel = %(channel)s
"""

# To who was erased nothing is sent, whatever a file says, and nothing more is written about them.
_MARK_SO = """
    UPDATE found SET is_so = TRUE
    WHERE NOT is_new AND EXISTS (
        SELECT 1 FROM unsubscribe_suppression
        WHERE address_id = found.address_id AND reason IN (%(reason)s, 'erased') AND lifted_at IS NULL
    )
"""

# So is it where no address of the contact is left to be blocked, and one block was meant everywhere.
_MARK_SO_EVERYWHERE = """
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

_MARK_SO_CATEGORY = """
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

_TALLY = """
    SELECT
        count(*) FILTER (WHERE is_new),
        count(*) FILTER (WHERE NOT is_new AND NOT is_so),
        count(*) FILTER (WHERE lacks_value)
    FROM found
"""

_LEARN_CONTACTS = """
    INSERT INTO unsubscribe_contact (id, language, only_chosen, created_at)
    SELECT contact_id, %(language)s, %(only_chosen)s, %(now)s FROM found
    WHERE is_new
"""

_LEARN_ADDRESSES = """
    INSERT INTO unsubscribe_address (id, contact_id, channel, value, digest, created_at)
    SELECT address_id, contact_id, %(channel)s, value, digest, %(now)s FROM found
    WHERE is_new
"""

_FILL = """
    UPDATE unsubscribe_address SET value = found.value
    FROM found
    WHERE found.lacks_value AND unsubscribe_address.id = found.address_id AND (
        SELECT erased_at IS NULL FROM unsubscribe_contact WHERE id = unsubscribe_address.contact_id
    )
"""

# Nobody but the person lifts these (rules.may_lift), so whatever was lifted is a yes of theirs.
_DROP_OVERTAKEN = """
    DELETE FROM found
    WHERE NOT is_new AND NOT is_so AND at IS NOT NULL AND EXISTS (
        SELECT 1 FROM unsubscribe_suppression
        WHERE address_id = found.address_id AND reason IN (SELECT value FROM json_each(%(own_no)s))
            AND lifted_at > found.at
    )
"""

# Who came back by any address took back what was meant everywhere.
_DROP_OVERTAKEN_EVERYWHERE = """
    DELETE FROM found
    WHERE NOT is_new AND NOT is_so AND at IS NOT NULL AND (
        SELECT TRUE FROM unsubscribe_address AS address
        JOIN unsubscribe_suppression AS block ON block.address_id = address.id
        WHERE address.contact_id = found.contact_id AND block.reason IN (SELECT value FROM json_each(%(own_no)s))
            AND block.lifted_at > found.at
        LIMIT 1
    )
"""

_DROP_OVERTAKEN_CATEGORY = """
    DELETE FROM found
    WHERE NOT is_new AND NOT is_so AND at IS NOT NULL AND EXISTS (
        SELECT 1 FROM unsubscribe_preference
        WHERE contact_id = found.contact_id AND category_id = %(category_id)s AND channel = %(channel)s
            AND state = 'subscribed'
    ) AND EXISTS (
        SELECT 1 FROM unsubscribe_consentevent
        WHERE contact_id = found.contact_id AND category_id = %(category_id)s AND channel = %(channel)s
            AND kind = 'opt_in' AND source IN (SELECT value FROM json_each(%(own_voice)s)) AND at > found.at
    )
"""

_MARK_REPEATED_CONTACT = """
    UPDATE found SET is_so = TRUE
    WHERE number IN (
        SELECT number FROM (
            SELECT number, row_number() OVER (PARTITION BY contact_id ORDER BY position) AS place FROM found
            WHERE NOT is_new AND NOT is_so
        )
        WHERE place > 1
    )
"""

_RECORD = """
    INSERT INTO unsubscribe_consentevent
        (at, kind, source, contact_id, address_id, channel, category_id, campaign_id, before, after,
            wording, actor, note)
    SELECT %(now)s, %(kind)s, %(source)s, contact_id, address_id, %(channel)s, NULL, %(campaign_id)s,
        %(before)s, %(after)s, %(wording)s, %(actor)s, %(note)s
    FROM found
    WHERE NOT is_so
"""

# As Python writes JSON, blanks and all: that is how the other verbs store it.
_RECORD_CATEGORY = """
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

_OPEN_ADDRESSES = """
    FROM unsubscribe_address AS address
    WHERE contact_id IN (SELECT contact_id FROM found WHERE NOT is_so) AND (
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
        %(before)s, %(after)s, %(wording)s, %(actor)s, %(note)s
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
    lock="",
    moved="",
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
