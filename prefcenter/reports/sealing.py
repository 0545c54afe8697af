"""Whether the ledger is being sealed. It seals nothing."""

from datetime import datetime
from typing import NamedTuple

from unsubscribe.ledger import seals
from unsubscribe.models import ConsentEvent, Seal


class Seals(NamedTuple):
    """`is_behind`: a line of the ledger has waited longer for its seal than it should."""

    latest: datetime | None
    is_behind: bool


def look(*, now: datetime) -> Seals:
    last = Seal.objects.order_by("-number").values_list("at", "through").first()
    latest, through = last or (None, 0)
    behind = ConsentEvent.objects.filter(id__gt=through, at__lt=now - seals.OVERDUE)
    return Seals(latest, behind.exists())
