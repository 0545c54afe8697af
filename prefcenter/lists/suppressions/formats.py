"""The formats in which opt-outs are exported: tables for people, uploads for mail providers, hashes for partners.

No cell begins a formula (requirement S6), as an address may, with "=", "+" or "-" (RFC 5322, section 3.2.3). In a
table for people an apostrophe stands before it. In an upload the apostrophe would make it another address, and the
right one would not be suppressed: uploads leave it out, and the format "by-hand" holds what they leave out.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from email.utils import format_datetime
from enum import Enum
from hashlib import sha256
from typing import NamedTuple

from django.utils import timezone

from unsubscribe.choices import Channel, Source, SuppressionReason

from .listing import ListedOptOut
from .query import REASONS, SuppressionQuery

Row = Sequence[str]
BOUNCE, COMPLAINT = SuppressionReason.HARD_BOUNCE.value, SuppressionReason.COMPLAINT.value


class Holds(Enum):
    """What a file holds, and for whom it is. All but the first have one line for each email address."""

    OPT_OUTS = "a line for each opt-out, on every channel, also where the address is gone: for people"
    UPLOAD = "addresses as a mail provider reads them, none of them like a formula"
    REST = "the addresses that are left out there: for people"
    HASHES = "hashes: for partners"


class ExportFormat(NamedTuple):
    """One format. A new one is an entry of EXPORT_FORMATS."""

    #: As the admin offers it.
    label: str
    holds: Holds
    #: The names of its columns.
    header: Row
    #: Makes the lines of one address from all its opt-outs, which are one or more.
    rows: Callable[[SuppressionQuery, Sequence[ListedOptOut]], Sequence[Row]]
    #: The reasons (keys of REASONS) that the file is for; opt-outs for others are left out without being counted.
    reasons: frozenset[str] = frozenset(REASONS)
    #: Of the file: "csv" or "xlsx".
    suffix: str = "csv"

    @property
    def is_for_people(self) -> bool:
        return self.holds in {Holds.OPT_OUTS, Holds.REST}

    def takes(self, channel: str) -> bool:
        """Whether anybody on this channel ("" for any) can be in it."""
        return self.holds == Holds.OPT_OUTS or channel in {"", Channel.EMAIL}


def _table(asked: SuppressionQuery, found: Sequence[ListedOptOut]) -> list[Row]:
    return [_table_row(one, category=str(asked.category) if one.is_of_a_category else "") for one in found]


def _table_row(one: ListedOptOut, *, category: str) -> Row:
    at = timezone.localtime(one.at).strftime("%Y-%m-%d %H:%M") if one.at else ""
    how = (one.reason_in_words, category, one.source_in_words, one.campaign)
    return one.value, one.channel, *how, at, str(one.contact_id)


def _mailgun_unsubscribe(asked: SuppressionQuery, found: Sequence[ListedOptOut]) -> list[Row]:
    """Whoever left the category leaves its tag; "*" is everything that the domain sends."""
    is_blocked = any(not one.is_of_a_category for one in found)
    tag = "*" if is_blocked or asked.category is None else asked.category.slug
    return [(found[0].value, tag, _rfc2822(found))]


def _mailgun_bounce(asked: SuppressionQuery, found: Sequence[ListedOptOut]) -> list[Row]:
    return [(found[0].value, "550", "The address does not exist", _rfc2822(found))]


def _mailgun_complaint(asked: SuppressionQuery, found: Sequence[ListedOptOut]) -> list[Row]:
    return [(found[0].value, _rfc2822(found))]


def _postmark(asked: SuppressionQuery, found: Sequence[ListedOptOut]) -> list[Row]:
    reasons = {one.reason for one in found}
    weightiest = "SpamComplaint" if COMPLAINT in reasons else "ManualSuppression"
    reason = "HardBounce" if BOUNCE in reasons else weightiest
    is_by_staff = all(one.source == Source.STAFF for one in found)
    return [(found[0].value, reason, "Customer" if is_by_staff else "Recipient")]


def _email(asked: SuppressionQuery, found: Sequence[ListedOptOut]) -> list[Row]:
    return [(found[0].value,)]


def _hash(asked: SuppressionQuery, found: Sequence[ListedOptOut]) -> list[Row]:
    """The SHA-256 of the normalised address, in hex, which imports read; the inner hash of addresses.digest."""
    return [(sha256(found[0].value.encode()).hexdigest(),)]


def _rfc2822(found: Sequence[ListedOptOut]) -> str:
    """When the first of these opt-outs began; "" where that is not known, which Mailgun reads as now."""
    first: datetime | None = min((one.at for one in found if one.at), default=None)
    return format_datetime(first) if first else ""


#: Of the tables for people: reason and source in words, the date in the site's time zone, the contact's id.
_COLUMNS = ("address", "channel", "reason", "category", "source", "campaign", "date", "contact")
#: By the name that is asked for, which stands in the file's name too.
EXPORT_FORMATS = {
    "csv": ExportFormat("CSV (readable table)", Holds.OPT_OUTS, _COLUMNS, _table),
    "xlsx": ExportFormat("XLSX (readable table)", Holds.OPT_OUTS, _COLUMNS, _table, suffix="xlsx"),
    # Mailgun, Suppressions API: POST /v3/{domain}/unsubscribes/import, bounces/import and complaints/import.
    "mailgun-unsubscribes": ExportFormat(
        "Mailgun: unsubscribes",
        Holds.UPLOAD,
        ("address", "tags", "created_at"),
        _mailgun_unsubscribe,
        frozenset(REASONS) - {BOUNCE, COMPLAINT},
    ),
    "mailgun-bounces": ExportFormat(
        "Mailgun: bounces",
        Holds.UPLOAD,
        ("address", "code", "error", "created_at"),
        _mailgun_bounce,
        frozenset({BOUNCE}),
    ),
    "mailgun-complaints": ExportFormat(
        "Mailgun: complaints",
        Holds.UPLOAD,
        ("address", "created_at"),
        _mailgun_complaint,
        frozenset({COMPLAINT}),
    ),
    # Postmark, Suppressions API: the words of its dump. To create a suppression it reads EmailAddress alone.
    "postmark": ExportFormat("Postmark", Holds.UPLOAD, ("EmailAddress", "SuppressionReason", "Origin"), _postmark),
    # Twilio SendGrid, Suppressions: a list of addresses for the global unsubscribes or for an unsubscribe group.
    "sendgrid": ExportFormat("SendGrid", Holds.UPLOAD, ("email",), _email),
    "by-hand": ExportFormat("Addresses missing from uploads, to enter by hand", Holds.REST, ("address",), _email),
    "sha256": ExportFormat("SHA-256 hashes of the email addresses, for partners", Holds.HASHES, ("sha256",), _hash),
}
