"""Queues what is owed without any change of preferences: a fresh link for somebody whose old one expired."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from .. import outbox
from ..choices import OutboxKind
from .ledger import queue
from .locking import lock


@transaction.atomic
def send_link(address_ids: Sequence[int], *, now: datetime) -> None:
    """A mail with a fresh link to the preferences, to the address itself; asked twice, it comes once."""
    owed = [outbox.Owed(address.contact_id, address.pk) for address in lock(address_ids).values()]
    queue(OutboxKind.LINK, owed, now=now)
