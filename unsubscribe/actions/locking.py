"""Locks the contacts a verb is about, in one order, so that two verbs never wait for each other in a circle."""

from collections.abc import Sequence

from ..models import Address

#: By the id of the address; the contact is loaded with it.
People = dict[int, Address]


def lock(address_ids: Sequence[int]) -> People:
    """The addresses that exist, their contacts locked until the end of the transaction."""
    if not address_ids:
        return {}
    rows = (
        Address.objects.filter(id__any_of=sorted(set(address_ids)))
        .select_related("contact")
        .select_for_update(of=("contact",), no_key=True)
        .order_by("contact_id", "id")
    )
    return {row.pk: row for row in rows}
