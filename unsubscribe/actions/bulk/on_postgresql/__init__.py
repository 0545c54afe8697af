"""The steps of the bulk verbs on PostgreSQL. It decides nothing.

A file is small beside the tables it goes into, so its rows are looked up one by one in an index. LATERAL with LIMIT and
ANY(ARRAY()) keep the planner from reading a table of millions as a whole for each batch.
"""

from collections.abc import Iterable
from typing import Any

from ....addresses import gmail_digest
from ..alike import DROP_NARROWED, LEARN_CONTACTS, NOTE_IMPORT, TALLY
from ..steps import Row, Steps
from .again import FORGET_IMPORTS
from .category import CATEGORY
from .everywhere import EVERYWHERE
from .whole import WHOLE


def load(cursor: Any, rows: Iterable[Row]) -> None:
    cursor.execute(
        "CREATE TEMPORARY TABLE said"
        " (digest bytea, value text, at timestamptz, position integer, gmail_digest bytea) ON COMMIT DROP"
    )
    with cursor.copy("COPY said FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(["bytea", "text", "timestamptz", "int4", "bytea"])
        for row in rows:
            copy.write_row((*row, gmail_digest(row[1])))


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

_LOCK = """
    SELECT id FROM unsubscribe_contact
    WHERE id = ANY(ARRAY(SELECT contact_id FROM found WHERE NOT is_new))
    ORDER BY id
    FOR NO KEY UPDATE
"""

# An address for which nobody had chosen anything may have joined another contact while we waited for the locks: see
# actions.add_addresses.
_MOVED = """
    SELECT address.id FROM unsubscribe_address AS address
    JOIN found ON found.address_id = address.id
    WHERE address.id = ANY(ARRAY(SELECT address_id FROM found WHERE NOT is_new))
        AND address.contact_id <> found.contact_id
"""

# In the order of their digests, so that two who learn the same addresses never wait for each other in a circle.
_LEARN_ADDRESSES = """
    INSERT INTO unsubscribe_address (id, contact_id, channel, value, digest, gmail_digest, created_at)
    SELECT address_id, contact_id, %(channel)s, value, digest, gmail_digest, %(now)s FROM found
    WHERE is_new
    ORDER BY digest
    ON CONFLICT (digest, channel) DO NOTHING
"""

_FILL = """
    UPDATE unsubscribe_address AS address SET value = found.value, gmail_digest = found.gmail_digest
    FROM found
    WHERE found.lacks_value AND address.id = found.address_id
        AND address.id = ANY(ARRAY(SELECT address_id FROM found WHERE lacks_value)) AND (
        SELECT erased_at IS NULL FROM unsubscribe_contact WHERE id = address.contact_id
    )
"""

STEPS = Steps(
    load=load,
    words=words,
    find=_FIND,
    tally=TALLY,
    lock=_LOCK,
    moved=_MOVED,
    learn_contacts=LEARN_CONTACTS,
    learn_addresses=_LEARN_ADDRESSES,
    drop_narrowed=DROP_NARROWED.format(in_own_voice="= ANY(%(own_voice)s)"),
    fill=_FILL,
    note_import=NOTE_IMPORT,
    forget_imports=FORGET_IMPORTS,
    whole=WHOLE,
    everywhere=EVERYWHERE,
    category=CATEGORY,
)
