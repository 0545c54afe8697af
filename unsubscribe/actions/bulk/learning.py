"""Makes contacts of many addresses at once, and locks those of several verbs. Knowing an address is no consent: nothing
is written to the ledger."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db import transaction

from ...addresses import Normalised
from ...choices import Channel
from ...models import Address, Contact
from .dialects import Row
from .staging import staged


def learn_many(addresses: Sequence[Normalised], *, now: datetime, language: str = "", only_chosen: bool = False) -> int:
    """As actions.learn, for a file; the answer is how many were new. All must be of one channel."""
    if not addresses:
        return 0
    values = {one.digest: one.value for one in addresses}
    rows: list[Row] = [(digest, values[digest], None, 0) for digest in sorted(values)]
    channel = str(addresses[0].channel)
    with staged(rows, channel=channel, now=now, language=language, only_chosen=only_chosen) as staging:
        return staging.learn()


def lock_known(addresses: Collection[Normalised]) -> set[tuple[str, bytes]]:
    """Locks the contacts of those addresses that are known, in the order of actions.locking, until the end of the
    transaction; the answer is which those are, by channel and digest.

    Each verb locks its own contacts in that order; two verbs after each other would not.
    """
    rows = Address.objects.filter(digest__any_of=list({one.digest for one in addresses}))
    known = {(channel, bytes(digest)): id_ for channel, digest, id_ in rows.values_list("channel", "digest", "contact")}
    contacts = Contact.objects.select_for_update(no_key=True).filter(id__any_of=sorted(set(known.values())))
    list(contacts.order_by("id").values_list("id", flat=True))
    return set(known)


def learn_and_lock(addresses: Collection[Normalised], *, now: datetime) -> None:
    """Makes contacts of those that are unknown, and locks the others.

    Whoever was learnt by somebody else in the meantime would have to be locked out of order. So it is all taken back,
    and in the next round they are known like everybody else.
    """
    while True:
        with transaction.atomic():
            known = lock_known(addresses)
            unknown = _by_channel(one for one in addresses if (str(one.channel), one.digest) not in known)
            if all(learn_many(unknown[one], now=now) == len({*unknown[one]}) for one in sorted(unknown)):
                return
            transaction.set_rollback(True)


def _by_channel(addresses: Iterable[Normalised]) -> dict[Channel, list[Normalised]]:
    found: dict[Channel, list[Normalised]] = defaultdict(list)
    for one in addresses:
        found[one.channel].append(one)
    return found
