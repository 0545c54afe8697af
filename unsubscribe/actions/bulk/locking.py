"""Locks people before several verbs write about them in one transaction. It writes nothing about them."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction

from ...addresses import Normalised
from ...choices import Channel
from ...models import Address, Contact
from .learning import learn_many

#: An address, as it is found.
_Way = tuple[str, bytes]


def hold(addresses: Collection[Normalised]) -> set[_Way]:
    """Locks the contacts of those addresses that are known, in the order of actions.locking, until the end of the
    transaction; the answer is which those are.

    Each verb locks its own people in that order; two verbs after each other would not.
    """
    rows = Address.objects.filter(digest__any_of=list({one.digest for one in addresses}))
    known = {(channel, bytes(digest)): id_ for channel, digest, id_ in rows.values_list("channel", "digest", "contact")}
    contacts = Contact.objects.select_for_update(no_key=True).filter(id__any_of=sorted(set(known.values())))
    list(contacts.order_by("id").values_list("id", flat=True))
    return set(known)


def learn_and_hold(addresses: Collection[Normalised], *, now: datetime) -> None:
    """The same for all of them: everybody is known then.

    Whoever was learnt by somebody else in the meantime would have to be locked out of order. So it is all taken back,
    and in the next round they are known like everybody else.
    """
    while True:
        with transaction.atomic():
            known = hold(addresses)
            unknown = _by_channel(one for one in addresses if (str(one.channel), one.digest) not in known)
            if all(learn_many(unknown[one], now=now) == len({*unknown[one]}) for one in sorted(unknown)):
                return
            transaction.set_rollback(True)


def _by_channel(addresses: Iterable[Normalised]) -> dict[Channel, list[Normalised]]:
    found: dict[Channel, list[Normalised]] = defaultdict(list)
    for one in addresses:
        found[one.channel].append(one)
    return found
