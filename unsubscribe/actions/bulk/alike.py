"""Steps of the bulk verbs that PostgreSQL and SQLite take in the same words."""

TALLY = """
    SELECT
        count(*) FILTER (WHERE is_new),
        count(*) FILTER (WHERE NOT is_new AND NOT is_so),
        count(*) FILTER (WHERE NOT is_new)
    FROM found
"""

# While an address is pending, whatever was lifted there, or chosen beside it, was the older one's doing: who says yes
# there becomes a contact of their own (parting.py). So that overtakes no no of it.
IS_PENDING = """(
        SELECT joined_at IS NOT NULL AND agreed_at IS NULL FROM unsubscribe_address WHERE id = found.address_id
    )"""
IS_BESIDE = "(SELECT is_beside FROM unsubscribe_address WHERE id = found.address_id)"

# Who said no to everything, and yes to something later: on this channel or, with `everywhere`, on any.
DROP_NARROWED = f"""
    DELETE FROM found
    WHERE NOT is_new AND NOT is_so AND at IS NOT NULL AND EXISTS (
        SELECT 1 FROM unsubscribe_preference AS chosen
        WHERE chosen.contact_id = found.contact_id AND chosen.state = 'subscribed'
            AND (chosen.channel = %(channel)s AND NOT {IS_BESIDE} OR %(everywhere)s AND NOT {IS_PENDING})
            AND (chosen.said_at > found.at OR EXISTS (
                SELECT 1 FROM unsubscribe_consentevent AS yes
                WHERE yes.contact_id = found.contact_id AND yes.category_id = chosen.category_id
                    AND yes.channel = chosen.channel AND yes.kind = 'opt_in' AND yes.at > found.at
                    AND yes.source {{in_own_voice}}
            ))
    )
    RETURNING digest
"""  # noqa: S608  (both are constants)

LEARN_CONTACTS = """
    INSERT INTO unsubscribe_contact (id, language, only_chosen, created_at)
    SELECT contact_id, %(language)s, %(only_chosen)s, %(now)s FROM found
    WHERE is_new
"""

CHANGE = """
    INSERT INTO unsubscribe_suppression (address_id, reason, everywhere, source, campaign_id, since, import_id)
    SELECT address_id, %(reason)s, FALSE, %(source)s, %(campaign_id)s, %(now)s, %(import_id)s FROM found
    WHERE NOT is_so
"""

CHANGE_CATEGORY = """
    INSERT INTO unsubscribe_preference
        (contact_id, category_id, channel, state, frequency, changed_at, said_by, import_id, state_before)
    SELECT contact_id, %(category_id)s, %(channel)s, 'unsubscribed', 'as_sent', %(now)s, %(source)s, %(import_id)s,
        CASE WHEN %(import_id)s IS NULL THEN '' ELSE 'unspecified' END
    FROM found
    WHERE NOT is_so
    ON CONFLICT (contact_id, category_id, channel) DO UPDATE SET
        state = EXCLUDED.state,
        changed_at = EXCLUDED.changed_at,
        said_at = NULL,
        said_by = EXCLUDED.said_by,
        import_id = EXCLUDED.import_id,
        state_before = CASE WHEN EXCLUDED.import_id IS NULL THEN '' ELSE unsubscribe_preference.state END
"""

# What `again` holds: the id of a row that says no already, when and how last (`last_at`, `said_by`), whether imports
# alone have said it (`is_of_imports`, as in actions.repeating), when the file says that it was said again (`at`), and
# for an event of the address that said so (`is_asked`) what it stores. A no of the file that is older than the last one
# is none said again; that another import has it as well is noted all the same.
RECORD_AGAIN = """
    INSERT INTO unsubscribe_consentevent
        (at, kind, source, contact_id, address_id, channel, category_id, campaign_id, before, after,
            wording, actor, note)
    SELECT %(now)s, 'again', %(source)s, contact_id, address_id, %(channel)s, %(category_id)s, %(campaign_id)s,
        facts, facts, %(wording)s, %(actor)s, %(note)s
    FROM again
    WHERE is_asked AND said_by <> %(source)s AND (at IS NULL OR at > last_at)
"""

IS_OF_IMPORTS = """(import_id IS NOT NULL AND (said_at IS NULL OR EXISTS (
            SELECT 1 FROM unsubscribe_importrepeat WHERE model = %(model)s AND row_id = {table}.id
        ))) AS is_of_imports"""

NOTE_IMPORT = """
    INSERT INTO unsubscribe_importrepeat (model, row_id, import_id, at)
    SELECT %(model)s, id, %(import_id)s, COALESCE(at, %(now)s) FROM again
    WHERE is_of_imports
    ON CONFLICT (model, row_id, import_id) DO UPDATE SET at = EXCLUDED.at
    WHERE EXCLUDED.at > unsubscribe_importrepeat.at
"""

# At whose contact an address was joined, so that their no may hold for others; it may have been so already.
SAID_BY_ONE_OF_SEVERAL = """SELECT address_id FROM found
    WHERE NOT is_new AND contact_id IN (SELECT contact_id FROM unsubscribe_address WHERE joined_at IS NOT NULL)
"""

# Who said so beside another address, and is pending.
SAID_BESIDE = f"SELECT address_id FROM found WHERE NOT is_new AND {IS_BESIDE}"  # noqa: S608  (a constant)
