"""Notes that a no which stands already was said again."""

_MOVE_ON = """
    UPDATE {table} SET
        said_at = GREATEST(COALESCE({table}.said_at, again.at, %(now)s), COALESCE(again.at, %(now)s)),
        said_by = CASE
            WHEN again.at IS NULL OR again.at > again.last_at THEN %(source)s
            ELSE {table}.said_by
        END
    FROM again
    WHERE {table}.id = again.id AND {table}.id = ANY(ARRAY(SELECT id FROM again))
"""
BLOCK_MOVES_ON = _MOVE_ON.format(table="unsubscribe_suppression")
PREFERENCE_MOVES_ON = _MOVE_ON.format(table="unsubscribe_preference")

# Somebody else than an import has said it.
FORGET_IMPORTS = """
    DELETE FROM unsubscribe_importrepeat
    WHERE model = %(model)s AND row_id = ANY(ARRAY(SELECT id FROM again WHERE is_of_imports))
"""
