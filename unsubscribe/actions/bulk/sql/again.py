"""Notes that a no which stands already was said again, as actions.repeating does.

The temporary table `again` has a row for each row of a suppression or preference that stands:

id, import_id:  of that row
last_at, said_by: when, and how, it was said last
is_of_imports:  whether imports alone have said it (actions.repeating.is_of_imports)
at:             when the file says that it was said again; None where it does not say
is_asked:       whether it is of the address that said so, for which an event is written
address_id, contact_id, facts: of that event; `facts` is its before and its after

A no of the file that is older than the last one is none said again; that another import has it as well is noted all the
same.
"""

from ..dialects import Dialect
from .scope import EVENT_COLUMNS, Statement

#: The known contacts of the file, each by its first address.
FIRST_OF_CONTACT = """(
        SELECT contact_id, address_id, at, row_number() OVER (PARTITION BY contact_id ORDER BY position) AS place
        FROM matched
        WHERE NOT is_new
    )"""


def is_wanted(table: str, contact: str) -> str:
    """Said before this import, and not by who was erased."""
    return f"""COALESCE({table}.import_id <> %(import_id)s, TRUE) AND (
        SELECT erased_at IS NULL FROM unsubscribe_contact WHERE id = {contact}.contact_id
    )"""


def is_of_imports(table: str) -> str:
    return f"""({table}.import_id IS NOT NULL AND ({table}.said_at IS NULL OR (
            SELECT TRUE FROM unsubscribe_importrepeat WHERE model = %(model)s AND row_id = {table}.id LIMIT 1
        ) IS NOT NULL)) AS is_of_imports"""


def block_columns(dialect: Dialect) -> str:
    """Of a suppression that stands, called `block`."""
    last_at = f"{dialect.greatest}(block.since, COALESCE(block.said_at, block.since))"
    return f"""block.id, block.import_id, {last_at} AS last_at,
        COALESCE(NULLIF(block.said_by, ''), block.source) AS said_by, {is_of_imports("block")},
        {dialect.json("after")} AS facts"""


def look_up_block(dialect: Dialect, condition: str) -> str:
    return dialect.look_up(
        "JOIN",
        "unsubscribe_suppression",
        "block",
        f"{condition} AND block.reason = %(reason)s AND block.lifted_at IS NULL",
    )


def record_again(dialect: Dialect) -> str:
    return f"""
    INSERT INTO unsubscribe_consentevent{EVENT_COLUMNS}
    SELECT %(now)s, 'again', %(source)s, contact_id, address_id, %(channel)s, %(category_id)s, %(campaign_id)s,
        facts, facts, %(wording)s, %(actor)s, %(note)s
    FROM again
    WHERE is_asked AND said_by <> %(source)s AND (at IS NULL OR at > last_at)
"""


def note_import(dialect: Dialect) -> str:
    """That this import has said it, too."""
    return """
    INSERT INTO unsubscribe_importrepeat (model, row_id, import_id, at)
    SELECT %(model)s, id, %(import_id)s, COALESCE(at, %(now)s) FROM again
    WHERE is_of_imports
    ON CONFLICT (model, row_id, import_id) DO UPDATE SET at = EXCLUDED.at
    WHERE EXCLUDED.at > unsubscribe_importrepeat.at
"""


def forget_imports(dialect: Dialect) -> str:
    """That it stands for good: somebody else than an import has said it."""
    return f"""
    DELETE FROM unsubscribe_importrepeat
    WHERE model = %(model)s AND row_id {dialect.among("SELECT id FROM again WHERE is_of_imports")}
"""


def _move_on(table: str) -> Statement:
    def statement(dialect: Dialect) -> str:
        return f"""
    UPDATE {table} SET
        said_at = {dialect.greatest}(
            COALESCE({table}.said_at, again.at, %(now)s), COALESCE(again.at, %(now)s)
        ),
        said_by = CASE
            WHEN again.at IS NULL OR again.at > again.last_at THEN %(source)s
            ELSE {table}.said_by
        END
    FROM again
    WHERE {table}.id = again.id{dialect.narrowed(f"{table}.id", "SELECT id FROM again")}
"""

    return statement


block_moves_on = _move_on("unsubscribe_suppression")
preference_moves_on = _move_on("unsubscribe_preference")
