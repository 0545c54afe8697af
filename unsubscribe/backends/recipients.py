"""Reads the recipients of a message, and writes them so that every backend reads the address the gate was asked about.

Django's SMTP backend, Anymail and Python's parser differ about unusual recipients and international domains, so a
letter's recipients are written anew: the display name, and the address the gate decided on (law 15).
"""

from collections.abc import Iterator
from email.headerregistry import Address
from typing import Any, NamedTuple

from django.core.mail import EmailMessage
from django.utils.functional import Promise

from .. import addresses
from ..errors import InvalidAddress

#: Of an EmailMessage, in the order in which they are read.
FIELDS = ("to", "cc", "bcc")


class Recipient(NamedTuple):
    """One recipient of one message: in which field, the display name, and the address as the caller wrote it.

    `address` is "" for what cannot be read as one address.
    """

    message: EmailMessage
    field: str
    name: str
    address: str


def named_in(message: EmailMessage) -> Iterator[Recipient]:
    """Each recipient of the message, in the order of FIELDS. Raises nothing, whatever the fields hold."""
    for field in FIELDS:
        values = getattr(message, field, None) or ()
        for value in values if isinstance(values, list | tuple | set | frozenset) else [values]:
            if value:  # as Django's own EmailMessage.recipients
                name, address = _read(value)
                yield Recipient(message, field, name, address)


def each_once(message: EmailMessage) -> list[Recipient]:
    """Each mailbox of the message once, in its first spelling."""
    found: dict[str, Recipient] = {}
    for one in named_in(message):
        found.setdefault(_normalised(one.address), one)
    return list(found.values())


def written(name: str, address: str) -> str:
    """The recipient as a header has it, so that every backend reads exactly this address."""
    local, _, domain = address.rpartition("@") if "@" in address else (address, "", "")
    # What cannot be printed would break the header, or begin another.
    shown = " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())
    return str(Address(display_name=shown, username=local, domain=domain))


def respelled(value: Any) -> Any:
    """A sender or Reply-To with its international domain as A-labels (RFC 5890), because Django may encode it as
    another domain. Without such a domain, or where it cannot be read, unchanged."""
    name, address = _read(value)
    is_international = not address.rpartition("@")[2].isascii()
    return written(name, _normalised(address)) if is_international else value


def _read(value: Any) -> tuple[str, str]:
    text = str(value) if isinstance(value, Promise) else value
    return addresses.named_mailbox(text) if isinstance(text, str) else ("", "")


def _normalised(address: str) -> str:
    try:
        return addresses.normalise(address).value
    except InvalidAddress:
        return address
