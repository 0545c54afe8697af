"""Steps of the bulk verbs that PostgreSQL and SQLite take in the same words."""

TALLY = """
    SELECT
        count(*) FILTER (WHERE is_new),
        count(*) FILTER (WHERE NOT is_new AND NOT is_so),
        count(*) FILTER (WHERE lacks_value)
    FROM found
"""

LEARN_CONTACTS = """
    INSERT INTO unsubscribe_contact (id, language, only_chosen, created_at)
    SELECT contact_id, %(language)s, %(only_chosen)s, %(now)s FROM found
    WHERE is_new
"""

CHANGE = """
    INSERT INTO unsubscribe_suppression (address_id, reason, everywhere, source, campaign_id, since)
    SELECT address_id, %(reason)s, FALSE, %(source)s, %(campaign_id)s, %(now)s FROM found
    WHERE NOT is_so
"""

CHANGE_CATEGORY = """
    INSERT INTO unsubscribe_preference (contact_id, category_id, channel, state, frequency, changed_at)
    SELECT contact_id, %(category_id)s, %(channel)s, 'unsubscribed', 'as_sent', %(now)s FROM found
    WHERE NOT is_so
    ON CONFLICT (contact_id, category_id, channel)
        DO UPDATE SET state = EXCLUDED.state, changed_at = EXCLUDED.changed_at
"""
