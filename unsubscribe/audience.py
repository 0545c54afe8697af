"""Before a mailing: the verdict on each address, and the links and headers for those that may be written to.

It stands between the verbs and the engine's doors, because the guarded backend, the command and the API
all ask the same question.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from . import actions, gate, headers, links
from .choices import Channel, Purpose
from .gate import Decision
from .headers import Headers
from .links import Target
from .models import Campaign, Category


class Entry(NamedTuple):
    """The URLs and headers are None for whoever may not be written to; what is transactional has only preferences."""

    decision: Decision
    unsubscribe_url: str | None = None
    preferences_url: str | None = None
    headers: Headers | None = None


def ask(
    addresses: Sequence[str],
    *,
    category: Category | None,
    channel: Channel = Channel.EMAIL,
    purpose: Purpose | None = None,
    campaign: Campaign | None = None,
    now: datetime,
) -> list[Entry]:
    """One entry for each address, in their order. Strangers who may be written to become contacts.

    In a category that needs opt-in nobody becomes a contact by being asked about.
    """
    purpose = gate.purpose_of(category, purpose)
    decisions = gate.check(addresses, category=category, channel=channel, purpose=purpose, campaign=campaign, now=now)
    strangers = [one.address for one in decisions if one.may_send and one.address_id is None and one.address]
    learnt = actions.learn(strangers, now=now) if strangers else {}
    today = timezone.localtime(now).date()
    category_id = category.pk if category else None
    campaign_id = campaign.pk if campaign else None
    list_id = headers.list_id(category.slug, category.name) if category else ""

    def entry(decision: Decision) -> Entry:
        if not decision.may_send or decision.address is None:
            return Entry(decision)
        if decision.address_id is None:
            decision = decision._replace(**learnt[decision.address.digest]._asdict())
        target = Target(decision.address_id or 0, category_id, campaign_id)
        preferences_url = links.preferences_url(target, today=today)
        if purpose == Purpose.TRANSACTIONAL:
            return Entry(decision, None, preferences_url)
        token = links.sign(target, today=today)
        return Entry(decision, links.url(token), preferences_url, headers.for_token(token, list_id=list_id))

    return [entry(decision) for decision in decisions]


def record(
    entries: Sequence[Entry], *, category: Category, channel: Channel, campaign: Campaign | None, now: datetime
) -> None:
    """Counts the mailing and starts the frequency clock for everyone in it who may be written to."""
    contact_ids = [one.decision.contact_id for one in entries if one.decision.may_send and one.decision.contact_id]
    actions.record_sent(contact_ids, category=category, channel=channel, campaign=campaign, now=now)
