"""Reads the recipients of a message and writes them anew, so that every backend reads what the gate was asked about.

Django's SMTP backend, Anymail and Python's own parser read odd recipients and international domains each in its own
way. What goes into a letter is therefore spelled by us: the display name, and the address the gate decided on (law 15).
"""

from collections.abc import Iterator
from email.headerregistry import Address
from typing import Any, NamedTuple

from django.core.mail import EmailMessage
from django.utils.functional import Promise

from .. import addresses
from ..errors import InvalidAddress

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
    """Each recipient of the message, in the order of its fields. Whatever stands there, nothing is raised."""
    for field in FIELDS:
        values = getattr(message, field, None) or ()
        for value in values if isinstance(values, list | tuple | set | frozenset) else [values]:
            if value:  # as Django's own EmailMessage.recipients
                name, address = _read(value)
                yield Recipient(message, field, name, address)


def each_once(message: EmailMessage) -> list[Recipient]:
    """Each mailbox of the message once, however many spellings of it stand there."""
    found: dict[str, Recipient] = {}
    for one in named_in(message):
        found.setdefault(_normalised(one.address), one)
    return list(found.values())


def written(name: str, address: str) -> str:
    """The recipient as a letter names it: every backend reads this address out of it, and nothing else."""
    local, _, domain = address.rpartition("@") if "@" in address else (address, "", "")
    # What cannot be printed would break the header, or begin another.
    shown = " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())
    return str(Address(display_name=shown, username=local, domain=domain))


def respelled(value: Any) -> Any:
    """A sender, or whom replies go to, with an international domain as mail carries it: Django would write that of
    another domain. What cannot be read, or has no such domain, as it stands."""
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
