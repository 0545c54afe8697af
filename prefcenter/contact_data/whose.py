"""Which addresses, events and spellings are one person's: what export, erasure and nothing else rest on."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import idna
from django.db.models import Q

from unsubscribe.choices import Channel
from unsubscribe.models import Address, Contact


class Whose(NamedTuple):
    """A contact, and those of its addresses that are somebody's: all that are not pending, or a pending one alone."""

    contact: Contact
    addresses: Sequence[Address]

    @property
    def is_beside(self) -> bool:
        """Whether what the contact chose by name was chosen for another address."""
        return any(one.is_beside for one in self.addresses)

    @property
    def known_since(self) -> datetime:
        pending = [one.created_at for one in self.addresses if one.is_pending]
        return pending[0] if pending else self.contact.created_at

    @property
    def language(self) -> str:
        return "" if any(one.is_pending for one in self.addresses) else self.contact.language

    @property
    def channels(self) -> list[str]:
        return sorted({one.channel for one in self.addresses})

    def said(self, path: str = "") -> Q:
        """The lines of the ledger that are about these addresses, at the contacts that they were ever part of."""
        contacts = {self.contact.pk, *(one.parted_from_id for one in self.addresses if one.parted_from_id)}
        ids = [one.pk for one in self.addresses]
        return Q(**{f"{path}contact__any_of": sorted(contacts), f"{path}address__any_of": ids})


def emails(addresses: Sequence[Address]) -> list[str]:
    """In every spelling an account may have them in: the engine keeps a domain beyond ASCII as its A-label."""
    kept = [one.value for one in addresses if one.channel == Channel.EMAIL and one.value]
    return [*kept, *(typed for value in kept if (typed := _as_typed(value)) != value)]


def spellings(address: Address) -> list[str]:
    return emails([address]) if address.channel == Channel.EMAIL else [address.value] if address.value else []


def _as_typed(email: str) -> str:
    local, _, domain = email.rpartition("@")
    try:
        return f"{local}@{idna.decode(domain)}"
    except idna.IDNAError:
        return email


def digests(addresses: Sequence[Address]) -> list[bytes]:
    return [bytes(one.digest) for one in addresses if one.channel == Channel.EMAIL]
