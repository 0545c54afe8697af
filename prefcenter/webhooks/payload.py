"""A consent event as other systems get it, the same in GET /events and in a webhook."""

from typing import Any

from unsubscribe.models import ConsentEvent


def as_json(event: ConsentEvent) -> dict[str, Any]:
    """The event as JSON; it has its address, category and campaign loaded, as from feed.after.

    address:       null once the contact was erased, or where only its hash is known
    category:      its slug; null where the event is about everything
    campaign:      its name, or null
    before, after: as stored (ledger.events)
    """
    return {
        "id": event.pk,
        "at": event.at.isoformat(),
        "kind": event.kind,
        "source": event.source,
        "contact_id": event.contact_id,
        "channel": event.channel,
        "address": event.address.value or None,
        "category": event.category.slug if event.category else None,
        "campaign": event.campaign.name if event.campaign else None,
        "before": event.before,
        "after": event.after,
    }
