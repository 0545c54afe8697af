"""What a verb is asked to make true of a choice."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ..choices import Channel
from ..links import Target
from .locking import LockedAddresses

#: contact, category, channel
Key = tuple[int, int, str]


class Wanted(NamedTuple):
    """What is to become true of one category on one channel (the address's own, if none is named).

    `change` holds the fields of rules.Chosen that were touched, and only those; `wording` is what stood beside them.
    """

    address_id: int
    category_id: int
    change: Mapping[str, Any]
    channel: Channel | str | None = None
    campaign_id: int | None = None
    wording: str = ""


def wanted_of(targets: Iterable[Target], change: Mapping[str, Any]) -> list[Wanted]:
    """The same of each category that is named."""
    return [
        Wanted(target.address_id, target.category_id, change, campaign_id=target.campaign_id)
        for target in targets
        if target.category_id is not None
    ]


def key_of(one: Wanted, locked: LockedAddresses) -> Key:
    address = locked[one.address_id]
    return address.contact_id, one.category_id, str(one.channel or address.channel)
