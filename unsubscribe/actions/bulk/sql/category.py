"""A no to one category on one channel."""

from ..dialects import Dialect
from .again import FIRST_OF_CONTACT, is_of_imports, is_wanted, preference_moves_on
from .rows import IS_BESIDE
from .scope import EVENT_COLUMNS, IS_ERASED, Statements, mark_repeated


def _mark_set(dialect: Dialect) -> str:
    return f"""
    UPDATE matched SET is_set = TRUE
    WHERE NOT is_new AND NOT is_set AND ((
        SELECT state = 'unsubscribed' FROM unsubscribe_preference
        WHERE contact_id = matched.contact_id AND category_id = %(category_id)s AND channel = %(channel)s
        LIMIT 1
    ) OR {IS_ERASED})
"""


def _drop_overtaken(dialect: Dialect) -> str:
    # A yes of theirs, or the undo of a no, after which they did not leave again; or a yes that they repeated.
    return f"""
    DELETE FROM matched
    WHERE NOT is_new AND NOT is_set AND at IS NOT NULL AND ((
        SELECT state = 'subscribed' AND said_at > matched.at FROM unsubscribe_preference
        WHERE contact_id = matched.contact_id AND category_id = %(category_id)s AND channel = %(channel)s
        LIMIT 1
    ) OR (
        SELECT TRUE FROM unsubscribe_consentevent AS yes
        WHERE contact_id = matched.contact_id AND category_id = %(category_id)s AND channel = %(channel)s
            AND kind = 'opt_in' AND source {dialect.one_of("own_voice")} AND at > matched.at AND ((
                SELECT state = 'subscribed' FROM unsubscribe_preference
                WHERE contact_id = matched.contact_id AND category_id = %(category_id)s AND channel = %(channel)s
                LIMIT 1
            ) OR NOT {IS_BESIDE} AND NOT EXISTS (
                SELECT 1 FROM unsubscribe_consentevent
                WHERE contact_id = matched.contact_id AND category_id = %(category_id)s AND channel = %(channel)s
                    AND kind = 'opt_out' AND id > yes.id
            ))
        LIMIT 1
    ))
"""


def _look_up_choice(dialect: Dialect, join: str, condition: str) -> str:
    about = "chosen.category_id = %(category_id)s AND chosen.channel = %(channel)s"
    return dialect.look_up(join, "unsubscribe_preference", "chosen", f"{condition} AND {about}")


def _record(dialect: Dialect) -> str:
    kept = {"frequency": "COALESCE(chosen.frequency, 'as_sent')", "paused_until": "chosen.paused_until"}
    return f"""
    INSERT INTO unsubscribe_consentevent{EVENT_COLUMNS}
    SELECT %(now)s, %(kind)s, %(source)s, matched.contact_id, matched.address_id, %(channel)s, %(category_id)s,
        %(campaign_id)s,
        {dialect.choice(state="COALESCE(chosen.state, 'unspecified')", **kept)},
        {dialect.choice(state="'unsubscribed'", **kept)},
        %(wording)s, %(actor)s, %(note)s
    FROM matched
    {_look_up_choice(dialect, "LEFT JOIN", "NOT matched.is_new AND chosen.contact_id = matched.contact_id")}
    WHERE NOT is_set
"""


def _change(dialect: Dialect) -> str:
    return """
    INSERT INTO unsubscribe_preference
        (contact_id, category_id, channel, state, frequency, changed_at, said_by, import_id, state_before)
    SELECT contact_id, %(category_id)s, %(channel)s, 'unsubscribed', 'as_sent', %(now)s, %(source)s, %(import_id)s,
        CASE WHEN %(import_id)s IS NULL THEN '' ELSE 'unspecified' END
    FROM matched
    WHERE NOT is_set
    ON CONFLICT (contact_id, category_id, channel) DO UPDATE SET
        state = EXCLUDED.state,
        changed_at = EXCLUDED.changed_at,
        said_at = NULL,
        said_by = EXCLUDED.said_by,
        import_id = EXCLUDED.import_id,
        state_before = CASE WHEN EXCLUDED.import_id IS NULL THEN '' ELSE unsubscribe_preference.state END
"""


def _find_again(dialect: Dialect) -> str:
    facts = dialect.choice(state="chosen.state", frequency="chosen.frequency", paused_until="chosen.paused_until")
    no = "chosen.contact_id = asked.contact_id AND chosen.state = 'unsubscribed'"
    last_at = f"{dialect.greatest}(chosen.changed_at, COALESCE(chosen.said_at, chosen.changed_at))"
    return f"""
    CREATE TEMPORARY TABLE again AS
    SELECT chosen.id, chosen.import_id, {last_at} AS last_at, chosen.said_by,
        {is_of_imports("chosen")}, {facts} AS facts,
        asked.address_id, asked.contact_id, asked.at, TRUE AS is_asked
    FROM {FIRST_OF_CONTACT} AS asked
    {_look_up_choice(dialect, "JOIN", no)}
    WHERE asked.place = 1 AND {is_wanted("chosen", "asked")}
"""


CATEGORY = Statements(
    mark_set=_mark_set,
    drop_overtaken=_drop_overtaken,
    record=_record,
    change=_change,
    find_again=_find_again,
    move_on=preference_moves_on,
    mark_repeated=mark_repeated,
)
