"""Which mailboxes hear of something that concerns a contact: each of theirs, so that nobody acts unseen (law 11)."""

from collections.abc import Iterable

from ..choices import Channel
from ..models import Address


def mailboxes(speakers: Iterable[Address]) -> list[Address]:
    """The mailboxes of whoever speaks: of an address that is pending its own, else each that is the contact's.

    Hashed and erased addresses are none. One query, whatever the number.
    """
    speakers = list(speakers)
    alone = {one.pk for one in speakers if one.is_pending}
    together = {one.contact_id for one in speakers if not one.is_pending}
    rows = _of_contacts({one.contact_id for one in speakers})
    return [one for one in rows if one.pk in alone or (one.contact_id in together and not one.is_pending)]


def older_mailboxes(pending: Iterable[Address]) -> list[Address]:
    """The mailboxes of the contacts that these addresses were joined to: what one of them says holds for those too,
    where it is a no."""
    return [one for one in _of_contacts({one.contact_id for one in pending}) if not one.is_pending]


def _of_contacts(contact_ids: Iterable[int]) -> list[Address]:
    rows = Address.objects.filter(contact_id__any_of=sorted(contact_ids), channel=Channel.EMAIL)
    return list(rows.exclude(value="").order_by("id"))
