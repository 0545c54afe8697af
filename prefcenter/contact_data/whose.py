"""Which addresses, events and spellings are one contact's, for the export and for erasing."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import idna
from django.db.models import Q

from unsubscribe.choices import Channel
from unsubscribe.models import Address, Contact


class Whose(NamedTuple):
    """A contact, and the addresses that it is about: all that are not pending, or a pending one alone (law 11)."""

    contact: Contact
    addresses: Sequence[Address]

    @property
    def is_beside(self) -> bool:
        """Whether the contact's yes to a category was said for another address (Address.is_beside)."""
        return any(one.is_beside for one in self.addresses)

    @property
    def known_since(self) -> datetime:
        """When the contact, or the pending address, was stored first."""
        pending = [one.created_at for one in self.addresses if one.is_pending]
        return pending[0] if pending else self.contact.created_at

    @property
    def language(self) -> str:
        """The contact's language; "" for a pending address."""
        return "" if any(one.is_pending for one in self.addresses) else self.contact.language

    @property
    def channels(self) -> list[str]:
        return sorted({one.channel for one in self.addresses})

    def said(self, path: str = "") -> Q:
        """The condition for events of these addresses, at this contact and at those they were parted from. `path`: the
        lookup that leads to the event, such as "event__"."""
        contacts = {self.contact.pk, *(one.parted_from_id for one in self.addresses if one.parted_from_id)}
        ids = [one.pk for one in self.addresses]
        return Q(**{f"{path}contact__any_of": sorted(contacts), f"{path}address__any_of": ids})


def emails(addresses: Sequence[Address]) -> list[str]:
    """The email addresses in each spelling that an account may have: as stored, and with the domain in its own
    script."""
    kept = [one.value for one in addresses if one.channel == Channel.EMAIL and one.value]
    return [*kept, *(typed for value in kept if (typed := _as_typed(value)) != value)]


def spellings(address: Address) -> list[str]:
    """The spellings of one address, as in `emails`; none if it is no longer stored."""
    return emails([address]) if address.channel == Channel.EMAIL else [address.value] if address.value else []


def _as_typed(email: str) -> str:
    local, _, domain = email.rpartition("@")
    try:
        return f"{local}@{idna.decode(domain)}"
    except idna.IDNAError:
        return email


def digests(addresses: Sequence[Address]) -> list[bytes]:
    """The digests of the email addresses among these."""
    return [bytes(one.digest) for one in addresses if one.channel == Channel.EMAIL]
