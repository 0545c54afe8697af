"""Queues what is owed without any change of preferences: a fresh link, or a question only the mailbox can answer."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from .. import outbox
from ..choices import Channel, OutboxKind
from ..links import Target
from ..models import Address
from .known import known
from .locking import lock
from .recording import mailboxes, queue


def send_link(address_ids: Sequence[int], *, now: datetime) -> None:
    """A mail with a fresh link to the preferences, to the address itself if it is one for mail; asked twice, it
    comes once."""
    _queue(OutboxKind.LINK, [Target(address_id) for address_id in address_ids], now=now)


def ask_to_opt_in(targets: Iterable[Target], *, now: datetime) -> None:
    """A mail that asks whether the category each target names is wanted: the first half of a double opt-in."""
    _queue(OutboxKind.OPT_IN, [target for target in known(targets) if target.category_id], now=now)


@transaction.atomic
def ask_to_erase(address_ids: Sequence[int], *, now: datetime) -> None:
    """A mail that asks whether everything about the contact is to be erased. Their other mailboxes hear of it now,
    and first: afterwards there is nowhere left to write to."""
    tell(OutboxKind.ERASING, lock(address_ids).values(), now=now, but=address_ids)
    _queue(OutboxKind.ERASE, [Target(address_id) for address_id in address_ids], now=now)


def tell(kind: OutboxKind, speakers: Iterable[Address], *, now: datetime, but: Iterable[int] = ()) -> None:
    """A mail of this kind to each mailbox of whoever speaks, but to the addresses with these ids."""
    left_out = set(but)
    owed = [outbox.Owed(one.contact_id, one.pk) for one in mailboxes(speakers) if one.pk not in left_out]
    if owed:
        queue(kind, owed, now=now)


@transaction.atomic
def _queue(kind: OutboxKind, targets: Sequence[Target], *, now: datetime) -> None:
    about: dict[int, list[int]] = defaultdict(list)
    for target in targets:
        about[target.address_id] += [target.category_id] if target.category_id else []
    mailboxes = [one for one in lock(list(about)).values() if one.channel == Channel.EMAIL]
    owed = [outbox.Owed(one.contact_id, one.pk, category_ids=about[one.pk]) for one in mailboxes]
    if owed:
        queue(kind, owed, now=now)
