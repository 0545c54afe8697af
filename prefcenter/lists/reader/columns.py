"""Finds the columns with the addresses of a channel: by their names or, where they have none, by what is in them."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from . import hashes
from .errors import NoAddressColumnError, NoColumnNamesError
from .names import EMAIL, PHONE, POSTAL, PUSH, WHATSAPP, folded, words
from .several import Several


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
_PHONE = WantedColumn("phone number", PHONE, "“phone number”, “phone” or “mobile”", _DIGITS)
_WANTED = {
    "email": WantedColumn("email", EMAIL, "“email address”, “email” or “address”", _AT),
    "sms": _PHONE,
    "phone": _PHONE,
    "whatsapp": _PHONE._replace(names=(*WHATSAPP, *PHONE)),
    "push": WantedColumn("token", PUSH, "“token” or “device token”", _TOKEN),
    "post": WantedColumn("postal address", POSTAL, "“postal address” or “address”", re.compile(r"\d")),
}
_HASH_NAMES = ("sha256", "emailsha256", "sha256email", "emailaddresssha256", "hashedemail", "emailhash", "hash")
_HASH = re.compile(rf"^\s*(?:{hashes.ANY.pattern})\s*$")
# What tells one address from the others, beside numbers. English, German, French, Spanish, Portuguese, Arabic.
_WORDS = """
primary secondary first second third st nd rd th main alt alternate alternative additional other another further more
extra private personal home work business professional office company corporate school university new old previous
former current preferred backup recovery value
privat private privater geschäftlich geschäftliche dienstlich dienstliche beruflich berufliche zweite weitere andere
alternative zusätzliche alte neue
personnel personnelle professionnel professionnelle pro privé privée principal principale secondaire deuxième seconde
autre ancien ancienne nouveau nouvelle travail bureau domicile
personal trabajo laboral profesional particular segundo segunda otro otra alternativo alternativa secundario secundaria
antiguo nuevo
pessoal trabalho comercial profissional secundário secundária outro outra antigo novo
الثاني الثانوي البديل الشخصي العمل آخر الآخر إضافي الرئيسي
"""
_QUALIFIERS = frozenset(map(folded, _WORDS.split()))
#: Japanese writes them without a space.
_JAPANESE = "予備 副 サブ 第 自宅 勤務先 会社 個人 その他 携帯 主 パソコン pc"
_GLUED = re.compile("|".join(map(folded, re.split(" ", _JAPANESE))))
#: The channels of which a cell shows whether it holds an address.
_TOLD_APART = frozenset({"email", "sms", "phone", "whatsapp"})
_SES_REASONS = frozenset({"bounce", "complaint"})
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ].*|\d{4}-\d\d-\d\d|\d{10}(?:\.\d+)?")
_SES_OUTPUT = "SUPPRESSEDDESTINATIONSUMMARIES"
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


def others(columns: Sequence[str], address_index: int, *, channel: str) -> list[int]:
    """The indexes of the columns, beside the one that is read, with another address of the same contact: “Email 2”,
    “Work email”. What is in them may be no address all the same: “Address” may be a postal one.

    channel: the Channel that the table is read for; for push and post there are none
    """
    names = wanted(channel, or_hash=False).names if channel in _TOLD_APART else ()
    if folded(columns[address_index]) in WHATSAPP:
        names = WHATSAPP  # a phone number beside it need not be one of WhatsApp's
    return [place for place, name in enumerate(columns) if place != address_index and _is_named(name, names)]


def _is_named(heading: str, names: Sequence[str]) -> bool:
    if folded(heading) in names:
        return True
    parts = list(map(folded, words(heading)))
    core = "".join(part for part in parts if part not in _QUALIFIERS)
    return core in names or _GLUED.sub("", core) in names


def unnamed(first: Sequence[str], wanted: WantedColumn, several: Several) -> list[str] | None:
    """What to call the columns of a table whose first line is `first`; None if that is a line of names, or if it is not
    known what the columns are."""
    if named_index(first, wanted) is not None:
        return None
    if wanted.address.search(first[0]) and not any(map(str.strip, first[1:])):
        return [wanted.heading, *first[1:]]
    if several.parts_lists and several.is_list(first):
        return [wanted.heading]
    return _of_ses(first, several)


def _of_ses(first: Sequence[str], several: Several) -> list[str] | None:
    """The names of the columns of an SES account's suppression list: an address, BOUNCE or COMPLAINT, and perhaps since
    when; as for its bulk import (docs.aws.amazon.com/ses, "account-level suppression list") and in the text output of
    `aws sesv2 list-suppressed-destinations`. None if it is none.
    """
    found = [_ses_column(cell.strip(), several) for cell in first]
    if None in found or found.count("EmailAddress") != 1 or found.count("Reason") != 1:
        return None
    return [name or "" for name in found]


def _ses_column(cell: str, several: Several) -> str | None:
    if cell.casefold() in _SES_REASONS:
        return "Reason"
    if _TIME.fullmatch(cell):
        return "LastUpdateTime"
    if not cell or cell == _SES_OUTPUT:
        return ""
    return "EmailAddress" if several.is_email and several.reads(cell) else None
