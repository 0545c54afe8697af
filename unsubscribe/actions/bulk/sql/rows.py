"""Who is known of the rows of a file, and making contacts of those who are not."""

from ..dialects import Dialect


def match(dialect: Dialect) -> str:
    """Makes `matched` of `staged`; with the parameter `reserve`, ids for who is new."""
    known = dialect.look_up(
        "LEFT JOIN", "unsubscribe_address", "known", "known.digest = staged.digest AND known.channel = %(channel)s"
    )
    return f"""
    CREATE TEMPORARY TABLE matched AS
    SELECT
        staged.*,
        known.id IS NULL AS is_new,
        FALSE AS is_set,
        known.value = '' AND staged.value <> '' AS lacks_value,
        COALESCE(known.id, {dialect.next_id("unsubscribe_address")}) AS address_id,
        COALESCE(known.contact_id, {dialect.next_id("unsubscribe_contact")}) AS contact_id
    FROM staged
    {known}
"""


#: How many are new, how many are known and not set, and how many are known.
COUNT = """
    SELECT
        count(*) FILTER (WHERE is_new),
        count(*) FILTER (WHERE NOT is_new AND NOT is_set),
        count(*) FILTER (WHERE NOT is_new)
    FROM matched
"""


def lock(dialect: Dialect) -> str:
    """The contacts of those who are known, in the order of actions.locking. Only where there are other writers."""
    return f"""
    SELECT id FROM unsubscribe_contact
    WHERE id {dialect.among("SELECT contact_id FROM matched WHERE NOT is_new")}
    ORDER BY id
    FOR NO KEY UPDATE
"""


def moved(dialect: Dialect) -> str:
    """One row for each address that is no longer its contact's, whom we locked.

    An address for which nobody had chosen anything may have joined another contact while we waited for the locks: see
    actions.add_addresses.
    """
    return f"""
    SELECT address.id FROM unsubscribe_address AS address
    JOIN matched ON matched.address_id = address.id
    WHERE address.contact_id <> matched.contact_id
        {dialect.narrowed("address.id", "SELECT address_id FROM matched WHERE NOT is_new")}
"""


def learn_contacts(dialect: Dialect) -> str:
    """A contact for each who is new."""
    return """
    INSERT INTO unsubscribe_contact (id, language, only_chosen, created_at)
    SELECT contact_id, %(language)s, %(only_chosen)s, %(now)s FROM matched
    WHERE is_new
"""


def learn_addresses(dialect: Dialect) -> str:
    """And its address; fewer than COUNT says if somebody else was quicker.

    In the order of their digests, so that two who learn the same addresses never wait for each other in a circle.
    """
    race = "ORDER BY digest ON CONFLICT (digest, channel) DO NOTHING" if dialect.has_other_writers else ""
    return f"""
    INSERT INTO unsubscribe_address (id, contact_id, channel, value, digest, gmail_digest, created_at)
    SELECT address_id, contact_id, %(channel)s, value, digest, gmail_digest, %(now)s FROM matched
    WHERE is_new
    {race}
"""


def fill(dialect: Dialect) -> str:
    """Writes the values that are known now, but not of those who were erased."""
    return f"""
    UPDATE unsubscribe_address AS address SET value = matched.value, gmail_digest = matched.gmail_digest
    FROM matched
    WHERE matched.lacks_value AND address.id = matched.address_id
        {dialect.narrowed("address.id", "SELECT address_id FROM matched WHERE lacks_value")} AND (
        SELECT erased_at IS NULL FROM unsubscribe_contact WHERE id = address.contact_id
    )
"""


# While an address is pending, whatever was lifted there, or chosen beside it, was the older one's doing: who says yes
# there becomes a contact of their own (joining/parting.py). So that overtakes no no of it.
IS_PENDING = """(
        SELECT joined_at IS NOT NULL AND agreed_at IS NULL FROM unsubscribe_address WHERE id = matched.address_id
    )"""
IS_BESIDE = "(SELECT is_beside FROM unsubscribe_address WHERE id = matched.address_id)"


def drop_narrowed(dialect: Dialect) -> str:
    """Takes out who said no to everything, and yes to something later: on this channel or, with the parameter
    `everywhere`, on any. Their digests come back."""
    return f"""
    DELETE FROM matched
    WHERE NOT is_new AND NOT is_set AND at IS NOT NULL AND EXISTS (
        SELECT 1 FROM unsubscribe_preference AS chosen
        WHERE chosen.contact_id = matched.contact_id AND chosen.state = 'subscribed'
            AND (chosen.channel = %(channel)s AND NOT {IS_BESIDE} OR %(everywhere)s AND NOT {IS_PENDING})
            AND (chosen.said_at > matched.at OR EXISTS (
                SELECT 1 FROM unsubscribe_consentevent AS yes
                WHERE yes.contact_id = matched.contact_id AND yes.category_id = chosen.category_id
                    AND yes.channel = chosen.channel AND yes.kind = 'opt_in' AND yes.at > matched.at
                    AND yes.source {dialect.one_of("own_voice")}
            ))
    )
    RETURNING digest
"""


#: At whose contact an address was joined, so that their no may hold for others; it may have been so already.
OF_SEVERAL = """SELECT address_id FROM matched
    WHERE NOT is_new AND contact_id IN (SELECT contact_id FROM unsubscribe_address WHERE joined_at IS NOT NULL)
"""
#: Who said so beside another address, and is pending.
BESIDE = f"SELECT address_id FROM matched WHERE NOT is_new AND {IS_BESIDE}"
