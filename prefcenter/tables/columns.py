"""Finds the column in which people are reached; it refuses to guess when no name says so."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from .errors import NoAddressColumnError, NoColumnNamesError


class Wanted(NamedTuple):
    heading: str
    names: tuple[str, ...]  # folded, the best first: Mailchimp has "Email Address" and a postal "Address"
    expected: str
    address: re.Pattern[str]  # what an address looks like, and a column name does not


_AT = re.compile(r"\S@\S")
_DIGITS = re.compile(r"(?:\d[\s().+/-]*){5}")
_TOKEN = re.compile(r"^\s*[\w:.=/+-]{20,}\s*$")
_PHONE = Wanted(
    "phone number",
    ("phonenumber", "phone", "mobile", "mobilenumber", "number", "telephone", "sms"),
    "“phone number”, “phone” or “mobile”",
    _DIGITS,
)
_WANTED = {
    "email": Wanted(
        "email",
        ("emailaddress", "email", "mail", "recipient", "address"),
        "“email address”, “email” or “address”",
        _AT,
    ),
    "sms": _PHONE,
    "phone": _PHONE,
    "whatsapp": _PHONE._replace(names=("whatsapp", "whatsappnumber", *_PHONE.names)),
    "push": Wanted("token", ("token", "devicetoken"), "“token” or “device token”", _TOKEN),
    "post": Wanted(
        "postal address",
        ("postaladdress", "address"),
        "“postal address” or “address”",
        re.compile(r"\d"),
    ),
}
_SHOWN = 10
_SHOWN_LENGTH = 40


def find_address(columns: Sequence[str], channel: str) -> int:
    """The only column needs no name that we know."""
    index = named_index(columns, channel)
    if index is None and len(columns) == 1:
        return 0
    if index is None:
        raise _missing(columns, channel)
    return index


def named_index(columns: Sequence[str], channel: str) -> int | None:
    folded = [re.sub(r"[\s_\-\ufeff]+", "", name).casefold() for name in columns]
    return next((folded.index(name) for name in _WANTED[channel].names if name in folded), None)


def plain_list_heading(columns: Sequence[str], channel: str) -> str | None:
    """What to call the column of a list without a header; None if there is a header."""
    if len(columns) > 1 or named_index(columns, channel) is not None:
        return None
    wanted = _WANTED[channel]
    return wanted.heading if wanted.address.search(columns[0]) else None


def _missing(columns: Sequence[str], channel: str) -> NoAddressColumnError | NoColumnNamesError:
    expected = _WANTED[channel].expected
    if any(_AT.search(name) or _DIGITS.search(name) for name in columns):
        return NoColumnNamesError(expected=expected)  # what stands there is about a person: not ours to show
    found = ", ".join(f"“{name.strip()[:_SHOWN_LENGTH]}”" for name in columns[:_SHOWN])
    more = len(columns) - _SHOWN
    return NoAddressColumnError(expected=expected, found=f"{found} and {more} more" if more > 0 else found)
