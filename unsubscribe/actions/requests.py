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
    """Queues an email with a fresh link to the preferences, to each of these that is an email address; asked for twice
    before it is sent, it comes once."""
    _queue(OutboxKind.LINK, [Target(address_id) for address_id in address_ids], now=now)


def ask_to_opt_in(targets: Iterable[Target], *, now: datetime) -> None:
    """Queues an email to each target's address that asks whether the category it names is wanted: the first half of a
    double opt-in. The page behind its link calls opt_in. Other targets are passed over as by opt_in."""
    _queue(OutboxKind.OPT_IN, [target for target in known(targets) if target.category_id], now=now)


@transaction.atomic
def ask_to_erase(address_ids: Sequence[int], *, now: datetime) -> None:
    """Queues an email to each of these addresses that asks whether everything about its contact is to be erased.

    The page behind its link calls `erase`. The contact's other mailboxes are told now: afterwards none is known.
    """
    tell(OutboxKind.ERASING, lock(address_ids).values(), now=now, but=address_ids)
    _queue(OutboxKind.ERASE, [Target(address_id) for address_id in address_ids], now=now)


def tell(kind: OutboxKind, speakers: Iterable[Address], *, now: datetime, but: Iterable[int] = ()) -> None:
    """Queues an email of this kind to each mailbox of the contacts of `speakers` (recording.mailboxes), except to the
    addresses with the ids in `but`."""
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
