"""A line of the ledger as other systems get it: the same in the feed and in a webhook. It looks nothing up."""

from typing import Any

from unsubscribe.models import ConsentEvent


def as_json(event: ConsentEvent) -> dict[str, Any]:
    """`address` is null once the person was erased, or while only a hash of it is known.

    Needs `address`, `category` and `campaign` loaded, as feed.after does.
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
