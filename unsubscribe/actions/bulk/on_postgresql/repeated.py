"""Of a contact with several addresses in the file only the first changes something."""

MARK_REPEATED = """
    UPDATE found SET is_so = TRUE
    WHERE position = ANY(ARRAY(
        SELECT position FROM (
            SELECT position, row_number() OVER (PARTITION BY contact_id ORDER BY position) AS number FROM found
            WHERE NOT is_new AND NOT is_so
        ) AS numbered
        WHERE number > 1
    ))
"""
