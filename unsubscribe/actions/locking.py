"""Locks the contacts a verb is about, in one order, so that two verbs never wait for each other in a circle."""

from collections.abc import Sequence

from django.db import transaction

from ..models import Address

#: By the id of the address; the contact is loaded with it.
LockedAddresses = dict[int, Address]


def lock(address_ids: Sequence[int]) -> LockedAddresses:
    """The addresses that exist, their contacts locked until the end of the transaction.

    An address may have joined another contact while we waited (actions.add_addresses). Then the locks are given back
    and taken anew, because the other contact would be locked out of order.
    """
    wanted = sorted(set(address_ids))
    while wanted:
        before = transaction.savepoint()
        locked = _locked(wanted)
        if not _have_moved(locked):
            transaction.savepoint_commit(before)
            return locked
        transaction.savepoint_rollback(before)
    return {}


def _locked(address_ids: Sequence[int]) -> LockedAddresses:
    rows = (
        Address.objects.filter(id__any_of=address_ids)
        .select_related("contact")
        .select_for_update(of=("contact",), no_key=True)
        .order_by("contact_id", "id")
    )
    return {row.pk: row for row in rows}


def _have_moved(locked: LockedAddresses) -> bool:
    """Whom the addresses belong to now: the rows we waited for are as they were before, but for the contact's own."""
    now = Address.objects.filter(id__any_of=list(locked)).values_list("id", "contact_id")
    return dict(now) != {id_: row.contact_id for id_, row in locked.items()}
