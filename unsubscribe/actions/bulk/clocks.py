"""The frequency clocks of everybody a mailing went to, in one statement that both databases take alike."""

import json
from collections.abc import Sequence
from datetime import datetime

from django.db import connection
from django.utils import timezone

from ...choices import Channel
from ...models import Campaign, Category
from ...rules import CAMPAIGN_RUNS

_AMONG = {"postgresql": "= ANY(%(ids)s)", "sqlite": "IN (SELECT value FROM json_each(%(ids)s))"}
# The same mailing again, or one without a name: then the clock of the campaign before stays what it was.
_SAME = """(
    clock.campaign_id = excluded.campaign_id AND COALESCE(clock.began_at > %(since)s, clock.sent_on > %(since_day)s)
    OR clock.campaign_id IS NULL AND excluded.campaign_id IS NULL
)"""
# The campaign before is recorded once more while it runs: the two change places.
_BACK = "clock.earlier_campaign_id = excluded.campaign_id AND clock.earlier_began_at > %(since)s"
# In the order of the contacts, so that two mailings never wait for each other in a circle.
_WIND = f"""
    INSERT INTO unsubscribe_lastsent AS clock
        (contact_id, category_id, channel, sent_on, campaign_id, began_at, sent_at)
    SELECT id, %(category)s, %(channel)s, %(today)s, %(campaign)s, %(now)s, %(sent_at)s
    FROM unsubscribe_contact WHERE id {{among}} ORDER BY id
    ON CONFLICT (contact_id, category_id, channel) DO UPDATE SET
        sent_on = excluded.sent_on,
        campaign_id = excluded.campaign_id,
        began_at = CASE WHEN {_SAME} THEN COALESCE(clock.began_at, excluded.began_at)
            WHEN {_BACK} THEN clock.earlier_began_at ELSE excluded.began_at END,
        sent_at = CASE WHEN {_SAME} THEN COALESCE(clock.sent_at, excluded.sent_at)
            WHEN {_BACK} THEN COALESCE(clock.earlier_sent_at, excluded.sent_at) ELSE excluded.sent_at END,
        earlier_on = CASE WHEN {_SAME} THEN clock.earlier_on ELSE clock.sent_on END,
        earlier_campaign_id = CASE WHEN {_SAME} THEN clock.earlier_campaign_id ELSE clock.campaign_id END,
        earlier_began_at = CASE WHEN {_SAME} THEN clock.earlier_began_at ELSE clock.began_at END,
        earlier_sent_at = CASE WHEN {_SAME} THEN clock.earlier_sent_at ELSE clock.sent_at END
"""  # noqa: S608  (our own words)


def wind(
    contact_ids: Sequence[int],
    *,
    category: Category,
    channel: Channel,
    campaign: Campaign | None,
    sent_at: datetime | None,
    now: datetime,
) -> None:
    """Notes the mailing for each of these contacts who is still there (models.LastSent says what is kept)."""
    ops, since = connection.ops, now - CAMPAIGN_RUNS
    asked = {
        "ids": list(contact_ids) if connection.vendor == "postgresql" else json.dumps(list(contact_ids)),
        "category": category.pk,
        "channel": Channel(channel).value,
        "campaign": campaign.pk if campaign else None,
        "today": ops.adapt_datefield_value(timezone.localtime(now).date()),
        "since_day": ops.adapt_datefield_value(timezone.localtime(since).date()),
        "now": ops.adapt_datetimefield_value(now),
        "since": ops.adapt_datetimefield_value(since),
        "sent_at": sent_at and ops.adapt_datetimefield_value(sent_at),
    }
    with connection.cursor() as cursor:
        cursor.execute(_WIND.format(among=_AMONG[connection.vendor]), asked)
