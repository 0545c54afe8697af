"""The steps of the bulk verbs on SQLite, where the writer is alone as soon as the transaction has begun. It decides
nothing."""

import json
from collections.abc import Iterable
from typing import Any

from django.db import connection

from ....addresses import gmail_digest
from ..alike import DROP_NARROWED, LEARN_CONTACTS, NOTE_IMPORT, TALLY
from ..steps import Row, Steps
from .again import FORGET_IMPORTS
from .category import CATEGORY
from .everywhere import EVERYWHERE
from .whole import WHOLE


def load(cursor: Any, rows: Iterable[Row]) -> None:
    cursor.execute(
        "CREATE TEMPORARY TABLE said (number INTEGER PRIMARY KEY, digest, value, at, position, gmail_digest)"
    )
    stored = connection.ops.adapt_datetimefield_value
    cursor.executemany(
        "INSERT INTO said (digest, value, at, position, gmail_digest) VALUES (%s, %s, %s, %s, %s)",
        ((digest, value, at and stored(at), position, gmail_digest(value)) for digest, value, at, position in rows),
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

_LEARN_ADDRESSES = """
    INSERT INTO unsubscribe_address (id, contact_id, channel, value, digest, gmail_digest, created_at)
    SELECT address_id, contact_id, %(channel)s, value, digest, gmail_digest, %(now)s FROM found
    WHERE is_new
"""

_FILL = """
    UPDATE unsubscribe_address SET value = found.value, gmail_digest = found.gmail_digest
    FROM found
    WHERE found.lacks_value AND unsubscribe_address.id = found.address_id AND (
        SELECT erased_at IS NULL FROM unsubscribe_contact WHERE id = unsubscribe_address.contact_id
    )
"""

STEPS = Steps(
    load=load,
    words=words,
    find=_FIND,
    tally=TALLY,
    lock="",
    moved="",
    learn_contacts=LEARN_CONTACTS,
    learn_addresses=_LEARN_ADDRESSES,
    drop_narrowed=DROP_NARROWED.format(in_own_voice="IN (SELECT value FROM json_each(%(own_voice)s))"),
    fill=_FILL,
    note_import=NOTE_IMPORT,
    forget_imports=FORGET_IMPORTS,
    whole=WHOLE,
    everywhere=EVERYWHERE,
    category=CATEGORY,
)
