"""Queues what is owed without any change of preferences: a fresh link for somebody whose old one expired."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from .. import outbox
from ..choices import Channel, OutboxKind
from .ledger import queue
from .locking import lock


@transaction.atomic
def send_link(address_ids: Sequence[int], *, now: datetime) -> None:
    """A mail with a fresh link to the preferences, to the address itself if it is one for mail; asked twice, it
    comes once."""
    people = lock(address_ids).values()
    owed = [outbox.Owed(one.contact_id, one.pk) for one in people if one.channel == Channel.EMAIL]
    queue(OutboxKind.LINK, owed, now=now)
