"""Of a contact with several addresses in the file only the first changes something."""

MARK_REPEATED = """
    UPDATE found SET is_so = TRUE
    WHERE number IN (
        SELECT number FROM (
            SELECT number, row_number() OVER (PARTITION BY contact_id ORDER BY position) AS place FROM found
            WHERE NOT is_new AND NOT is_so
        )
        WHERE place > 1
    )
"""
