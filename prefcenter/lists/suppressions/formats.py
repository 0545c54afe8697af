"""The files in which opt-outs leave the site: tables for people, uploads for mail providers, hashes for partners.

No cell of any of them begins a formula (requirement S6). An address may begin so, with "=", "+" or "-" (RFC 5322,
section 3.2.3). In a table for people an apostrophe stands before it. In an upload the apostrophe would make it another
address, and nobody would be suppressed: uploads leave such an address out, and one file holds what they left out.
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
    """What a file holds, and so for whom it is. All but the first have one line for each email address."""

    OPT_OUTS = "a line for each opt-out, on every channel, also where the address is gone: for people"
    UPLOAD = "addresses as a mail provider reads them, none of them like a formula"
    REST = "the addresses that are left out there: for people"
    HASHES = "hashes: for partners"


class ExportFormat(NamedTuple):
    """`rows` makes the lines of one address from all its opt-outs; `reasons` are those that the file is for."""

    label: str
    holds: Holds
    header: Row
    rows: Callable[[SuppressionQuery, Sequence[ListedOptOut]], Sequence[Row]]
    reasons: frozenset[str] = frozenset(REASONS)
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
    """The inner hash of addresses.digest: a site like this one finds the address by it."""
    return [(sha256(found[0].value.encode()).hexdigest(),)]


def _rfc2822(found: Sequence[ListedOptOut]) -> str:
    """When it began; empty where nobody knows, which Mailgun reads as now."""
    first: datetime | None = min((one.at for one in found if one.at), default=None)
    return format_datetime(first) if first else ""


_COLUMNS = ("address", "channel", "reason", "category", "source", "campaign", "date", "contact")
FORMATS = {
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
