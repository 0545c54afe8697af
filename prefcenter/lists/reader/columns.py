"""Finds the column with the addresses of a channel, by the names of the columns."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from .errors import NoAddressColumnError, NoColumnNamesError
from .names import EMAIL, PHONE, POSTAL, PUSH, WHATSAPP, folded


class WantedColumn(NamedTuple):
    """What to look for on one channel."""

    #: What a column without a name is called.
    heading: str
    #: The names it may have, folded, the best first: Mailchimp has "Email Address" and a postal "Address".
    names: tuple[str, ...]
    #: Some of them, for the sentence that none was found.
    expected: str
    #: Finds something in what may be an address, and nothing in the name of a column.
    address: re.Pattern[str]


_AT = re.compile(r"\S[@＠]\S|^\s*[@＠]\S")  # "@corp.example" is a whole domain
_DIGITS = re.compile(r"(?:\d[\s().+/-]*){5}")
_TOKEN = re.compile(r"^\s*[\w:.=/+-]{20,}\s*$")
_PHONE = WantedColumn(
    "phone number",
    PHONE,
    "“phone number”, “phone” or “mobile”",
    _DIGITS,
)
_WANTED = {
    "email": WantedColumn(
        "email",
        EMAIL,
        "“email address”, “email” or “address”",
        _AT,
    ),
    "sms": _PHONE,
    "phone": _PHONE,
    "whatsapp": _PHONE._replace(names=(*WHATSAPP, *PHONE)),
    "push": WantedColumn("token", PUSH, "“token” or “device token”", _TOKEN),
    "post": WantedColumn(
        "postal address",
        POSTAL,
        "“postal address” or “address”",
        re.compile(r"\d"),
    ),
}
_HASH_NAMES = ("sha256", "emailsha256", "sha256email", "emailaddresssha256", "hashedemail", "emailhash", "hash")
_HASH = re.compile(r"^\s*(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64})\s*$")
_SHOWN = 10
_SHOWN_LENGTH = 40


def wanted(channel: str, *, or_hash: bool) -> WantedColumn:
    """What to look for. `channel`: a Channel; `or_hash`: where no address is named, a column with hashes will do."""
    found = _WANTED[channel]
    if not or_hash:
        return found
    either = re.compile(f"{found.address.pattern}|{_HASH.pattern}")
    return found._replace(names=(*found.names, *_HASH_NAMES), address=either)


def find_address(columns: Sequence[str], wanted: WantedColumn, *, is_named: bool = False) -> int:
    """The index of the address column: the one with the best name, else the only one there is or that has a name.

    is_named: all columns have names, as in JSON; then one with a known name is needed

    Raises NoAddressColumnError, or NoColumnNamesError where the names look like a contact's row.
    """
    index = named_index(columns, wanted)
    if index is not None:
        return index
    if len(columns) == 1 and not is_named:
        return 0
    named = [place for place, name in enumerate(columns) if name.strip()]
    if len(named) != 1 or is_named or wanted.address.search(columns[named[0]]):
        raise _missing(columns, wanted)
    return named[0]


def named_index(columns: Sequence[str], wanted: WantedColumn) -> int | None:
    """The index of the column with the best name; None if no name is known."""
    names = list(map(folded, columns))
    return next((names.index(name) for name in wanted.names if name in names), None)


def _missing(columns: Sequence[str], wanted: WantedColumn) -> NoAddressColumnError | NoColumnNamesError:
    expected = wanted.expected
    if any(_AT.search(name) or _DIGITS.search(name) or _HASH.search(name) for name in columns):
        return NoColumnNamesError(expected=expected)  # without quoting what stands there: it may be an address
    found = ", ".join(f"“{name.strip()[:_SHOWN_LENGTH]}”" for name in columns[:_SHOWN])
    more = len(columns) - _SHOWN
    return NoAddressColumnError(expected=expected, found=f"{found} and {more} more" if more > 0 else found)
