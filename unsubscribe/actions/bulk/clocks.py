"""The frequency clocks of everybody a mailing went to, in one statement; models.LastSent says what a clock holds.

In the SQL `clock` is the row as it is, at the moment in which nobody else holds it, and `excluded` what is noted now.
Only what reads lists and JSON differs by database.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from ...choices import Channel
from ...mailing import Mailing
from ...rules import CAMPAIGN_RUNS, CLAIM_HOLDS

_AMONG = {"postgresql": "= ANY(%({ids})s)", "sqlite": "IN (SELECT value FROM json_each(%({ids})s))"}
#: A moment of the campaign in question, where it is among the others: 0 is when it began, 1 when it was sent.
_KEPT = {
    "postgresql": "(clock.others -> %(key)s ->> {place})::timestamptz",
    "sqlite": "json_extract(clock.others, '$.\"' || %(key)s || '\"[{place}]')",
}
#: The others and the earlier one, without those that have run out and the one that is noted now.
_OTHERS = {
    "postgresql": """(
        SELECT jsonb_object_agg(key, value) FROM jsonb_each(
            COALESCE(clock.others, '{}') || CASE WHEN clock.earlier_campaign_id IS NULL THEN '{}'
                ELSE jsonb_build_object(
                    clock.earlier_campaign_id::text, jsonb_build_array(clock.earlier_began_at, clock.earlier_sent_at))
                END)
        WHERE key <> %(key)s AND COALESCE(value ->> 1, value ->> 0)::timestamptz > %(since)s
    )""",
    "sqlite": """(
        SELECT NULLIF(json_group_object(key, json(value)), '{}') FROM json_each(json_patch(
            COALESCE(clock.others, '{}'), CASE WHEN clock.earlier_campaign_id IS NULL THEN '{}'
                ELSE json_object(
                    CAST(clock.earlier_campaign_id AS TEXT), json_array(clock.earlier_began_at, clock.earlier_sent_at))
                END))
        WHERE key <> %(key)s AND COALESCE(json_extract(value, '$[1]'), json_extract(value, '$[0]')) > %(since)s
    )""",
}

# Of the campaign in question: is it the last one, when did it begin, when was it sent, and does it run?
_IS_LAST = "COALESCE(clock.campaign_id = %(campaign)s, FALSE)"
_BEGAN = f"""CASE WHEN {_IS_LAST} THEN clock.began_at
            WHEN clock.earlier_campaign_id = %(campaign)s THEN clock.earlier_began_at ELSE {{kept_began}} END"""
_SENT = f"""CASE WHEN {_IS_LAST} THEN clock.sent_at
            WHEN clock.earlier_campaign_id = %(campaign)s THEN clock.earlier_sent_at ELSE {{kept_sent}} END"""
_RUNS = f"COALESCE({_BEGAN} > %(since)s, {_IS_LAST} AND clock.sent_on > %(since_day)s)"  # old rows know the day alone
# The same mailing again: the clock of the one before it stays what it was.
_IS_SAME = f"({_IS_LAST} AND {_RUNS})"
# It began with a claim of which nobody has said yet what became of it.
_IS_OPEN = f"({_IS_LAST} AND COALESCE(clock.began_at = clock.claimed_at, FALSE))"
_NONE_TO_KEEP = (
    "(clock.others IS NULL AND COALESCE(clock.earlier_sent_at, clock.earlier_began_at, %(since)s) <= %(since)s)"
)
# In the order of the contacts, so that two mailings never wait for each other in a circle.
_WIND = f"""
    INSERT INTO unsubscribe_lastsent AS clock
        (contact_id, category_id, channel, sent_on, campaign_id, began_at, sent_at, claimed_at)
    SELECT id, %(category)s, %(channel)s, %(today)s, %(campaign)s, %(now)s, %(sent_at)s, %(claimed_at)s
    FROM unsubscribe_contact WHERE id {{among}} AND erased_at IS NULL ORDER BY id
    ON CONFLICT (contact_id, category_id, channel) DO UPDATE SET
        sent_on = excluded.sent_on,
        campaign_id = excluded.campaign_id,
        began_at = CASE WHEN {_RUNS} AND NOT {_IS_OPEN} THEN COALESCE({_BEGAN}, excluded.began_at)
            ELSE excluded.began_at END,
        sent_at = COALESCE(CASE WHEN {_SENT} > %(since)s THEN {_SENT} END, excluded.sent_at),
        claimed_at = CASE WHEN excluded.claimed_at IS NULL AND excluded.sent_at IS NULL AND {_IS_LAST}
            THEN clock.claimed_at ELSE excluded.claimed_at END,
        before_on = CASE WHEN {_IS_SAME} THEN clock.before_on WHEN NOT {_RUNS} THEN clock.sent_on END,
        earlier_on = CASE WHEN {_IS_SAME} THEN clock.earlier_on ELSE clock.sent_on END,
        earlier_campaign_id = CASE WHEN {_IS_SAME} THEN clock.earlier_campaign_id ELSE clock.campaign_id END,
        earlier_began_at = CASE WHEN {_IS_SAME} THEN clock.earlier_began_at ELSE clock.began_at END,
        earlier_sent_at = CASE WHEN {_IS_SAME} THEN clock.earlier_sent_at
            ELSE COALESCE(clock.sent_at, clock.claimed_at) END,
        others = CASE WHEN {_IS_SAME} OR {_NONE_TO_KEEP} THEN clock.others ELSE {{others}} END
    WHERE {{condition}}
    RETURNING contact_id
"""
_HAD = f"""
    SELECT contact_id FROM unsubscribe_lastsent AS clock
    WHERE contact_id {{among}} AND category_id = %(category)s AND channel = %(channel)s AND {_RUNS} AND NOT {_IS_OPEN}
"""
# What the gate asks (facts.own.Clock), asked once more: while a campaign runs, only what was there before it counts.
_IS_ALLOWED = f"""COALESCE({{allowed}} >= CASE WHEN NOT {_RUNS} THEN clock.sent_on
    WHEN {_IS_LAST} THEN clock.before_on END, TRUE)"""
_IS_FREE = f"""NOT COALESCE({_SENT} > %(since)s, FALSE)
    AND NOT COALESCE({_IS_LAST} AND clock.claimed_at > %(held_since)s, FALSE)"""


def wind(
    contact_ids: Sequence[int],
    mailing: Mailing,
    *,
    paced: Mapping[int, date],
    now: datetime,
    sent_at: datetime | None = None,
) -> set[int]:
    """Notes the mailing, which has a category, for each of these contacts who is still there, and returns who that is.
    Without a campaign each message is one of its own.

    `paced`: for those who chose a frequency, the last day on which another message may have gone out. Whose clock says
    a later one is left out, whatever it said when the gate was asked.
    """
    return _wind(contact_ids, mailing, [_IS_ALLOWED] if paced else [], paced=paced, now=now, sent_at=sent_at)


def claim(paced: Mapping[int, date], mailing: Mailing, *, now: datetime) -> set[int]:
    """The same for those to whom the caller is about to send it, less whom it was sent to and whom another claimed."""
    return _wind(list(paced), mailing, [_IS_ALLOWED, _IS_FREE], paced=paced, now=now, claimed_at=now)


def had(contact_ids: Sequence[int], mailing: Mailing, *, now: datetime) -> set[int]:
    """Those of these contacts for whom this campaign was noted while it runs."""
    return _run(_HAD, mailing, {"ids": _list(contact_ids)}, now=now)


def _wind(
    contact_ids: Sequence[int],
    mailing: Mailing,
    conditions: Sequence[str],
    *,
    paced: Mapping[int, date],
    now: datetime,
    sent_at: datetime | None = None,
    claimed_at: datetime | None = None,
) -> set[int]:
    moments = {"sent_at": _moment(sent_at), "claimed_at": _moment(claimed_at), "ids": _list(contact_ids)}
    days = sorted(set(paced.values()))
    for place, day in enumerate(days):
        whose = [id_ for id_, latest in paced.items() if latest == day]
        moments |= {f"day{place}": connection.ops.adapt_datefield_value(day), f"ids{place}": _list(whose)}
    among = _AMONG[connection.vendor]
    cases = (
        f"WHEN clock.contact_id {among.format(ids=f'ids{place}')} THEN %(day{place})s" for place, _ in enumerate(days)
    )
    allowed = f"CASE {' '.join(cases)} END"
    return _run(_WIND, mailing, moments, now=now, condition=" AND ".join(conditions) or "TRUE", allowed=allowed)


def _run(
    statement: str,
    mailing: Mailing,
    more: Mapping[str, Any],
    *,
    now: datetime,
    condition: str = "",
    allowed: str = "",
) -> set[int]:
    vendor, now = connection.vendor, now.astimezone(UTC)  # hours are counted, also where an hour is left out
    since = now - CAMPAIGN_RUNS
    words = {
        "among": _AMONG[vendor].format(ids="ids"),
        "kept_began": _KEPT[vendor].format(place=0),
        "kept_sent": _KEPT[vendor].format(place=1),
        "others": _OTHERS[vendor],
        "allowed": allowed,
    }
    asked = {
        "category": mailing.category_id,
        "channel": Channel(mailing.channel).value,
        "campaign": mailing.campaign_id,
        "key": str(mailing.campaign_id or ""),
        "today": _day(now),
        "now": _moment(now),
        "since": _moment(since),
        "since_day": _day(since),
        "held_since": _moment(now - CLAIM_HOLDS),
    }
    with connection.cursor() as cursor:
        cursor.execute(statement.format(**words, condition=condition.format(**words)), asked | dict(more))
        return {id_ for [id_] in cursor.fetchall()}


def _day(now: datetime) -> Any:
    return connection.ops.adapt_datefield_value(timezone.localtime(now).date())


def _moment(at: datetime | None) -> Any:
    return at and connection.ops.adapt_datetimefield_value(at)


def _list(ids: Sequence[int]) -> Any:
    return list(ids) if connection.vendor == "postgresql" else json.dumps(list(ids))
