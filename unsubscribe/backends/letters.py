"""Makes letters of messages: for marketing one a recipient, for transactional mail one without refused recipients."""

import copy
import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from django.core.mail import EmailMessage
from django.utils import timezone

from .. import addresses, audience, gate, headers
from ..audience import AudienceEntry
from ..choices import Outcome, Purpose
from ..mailing import Mailing
from ..rules import Verdict
from . import folding, merging, placeholders, recipients
from .declaring import Declaration
from .placeholders import Urls
from .recipients import Recipient

logger = logging.getLogger(__package__)

#: Transactional mail of no category.
_RECEIPT = Mailing(None, purpose=Purpose.TRANSACTIONAL)
#: Whether the wrapped backend can send to this address as it is.
CanCarry = Callable[[str], bool]
#: Headers from which some backends (`sendmail -t`) read whom to send to.
_OF_RECIPIENTS = {"to", "cc", "bcc", "resent-to", "resent-cc", "resent-bcc", "apparently-to"}
_CONTROL = {name.lower() for name in (headers.CATEGORY, headers.CAMPAIGN, headers.PURPOSE)} | _OF_RECIPIENTS
_OURS = _CONTROL | {"list-unsubscribe", "list-unsubscribe-post", "list-id"}
# An unsubscribe link: a placeholder, a URL or HTML link with the word in it, or the word shortly before a URL.
_LINK = re.compile(
    r"(?:%%|%25%25)\s*\w+_url|https?://[^\s\"'<>]*unsub|unsub[^<>]{0,80}</a|unsubscribe(?!_)[^<>]{0,80}https?://",
    re.IGNORECASE,
)
_UNDECLARED = (
    "A message that says nothing of itself counts as marketing: it was not sent to %s who left something or want less. "
    "If it is what they asked for (a password, a receipt), declare it: with the header %s: transactional, or by naming "
    "what sends it in UNSUBSCRIBE_TRANSACTIONAL (docs/beside-your-mailer.md). Not sent to addresses %s"
)


class Letter(NamedTuple):
    """A message as it will be sent.

    original:   the caller's message that it was made of
    spellings:  by the address on the letter, that address as the caller wrote it
    address_id: of its one recipient, as contact_id; None for a letter that keeps its message's recipients (receipts)
    last_day:   as in rules.Verdict
    """

    message: EmailMessage
    original: EmailMessage
    spellings: Mapping[str, str]
    address_id: int | None = None
    contact_id: int | None = None
    last_day: date | None = None


def personal(asked: Sequence[Recipient], mailing: Mailing, said: Declaration, *, can_carry: CanCarry) -> list[Letter]:
    """One letter for each of these recipients to whom the gate lets it through (requirement H5), with their own links
    and headers. Logs who was refused, and for undeclared messages who would have got it as transactional."""
    entries = audience.ask([one.address for one in asked], mailing, now=timezone.now())
    letters, refused = [], []
    for one, entry in zip(asked, entries, strict=True):
        address = _carried(entry.verdict, can_carry=can_carry)
        if address and (letter := _letter(one, entry, address)):
            letters.append(letter)
        elif not entry.verdict.may_send:
            refused.append((one, entry.verdict))
    if said.is_undeclared:
        _warn_of_undeclared(refused)
    return letters


def receipts(messages: Iterable[EmailMessage], *, can_carry: CanCarry) -> list[Letter]:
    """One letter for each transactional message, without the recipients that the gate refuses (law 7); none for a
    message of which no recipient is left."""
    remaining = [_Remaining(message) for message in messages]
    asked = [(place, one) for place in remaining for one in recipients.named_in(place.message)]
    if not asked:
        return []
    verdicts = gate.check([one.address for _, one in asked], _RECEIPT, now=timezone.now())
    for (place, one), verdict in zip(asked, verdicts, strict=True):
        if address := _carried(verdict, can_carry=can_carry, local=one.address):
            place.add(one, address)
    return [letter for place in remaining if place.spellings and (letter := _receipt(place))]


class _Remaining:
    """The recipients of a message that stay, by field, as the letter names them."""

    def __init__(self, message: EmailMessage) -> None:
        self.message = message
        self.fields: dict[str, list[str]] = {field: [] for field in recipients.FIELDS}
        self.spellings: dict[str, str] = {}

    def add(self, one: Recipient, address: str) -> None:
        self.fields[one.field].append(recipients.written(one.name, address))
        self.spellings[address] = one.address


def _carried(verdict: Verdict, *, can_carry: CanCarry, local: str = "") -> str:
    """The address that goes on the envelope, as the gate decided on it (law 15); "" for one that is not sent to.

    local: the address as written, sent to if the gate calls it invalid: the mail server may know a local name (`root`)
    """
    address = verdict.address.value if verdict.address else local
    is_local = verdict.outcome == Outcome.INVALID and local.isascii() and local.isprintable()
    if not address or not (verdict.may_send or is_local):
        _log_refusal(verdict)
        return ""
    if not can_carry(address):
        logger.warning("Not sent to address %s: the wrapped backend takes only ASCII before the @", verdict.address_id)
        return ""
    return address


def _letter(one: Recipient, entry: AudienceEntry, address: str) -> Letter | None:
    message = _copy(one.message, without=_OURS if entry.headers else _CONTROL)
    vars(message).update(to=[recipients.written(one.name, address)], cc=[], bcc=[])
    if entry.headers:
        message.extra_headers.update(entry.headers.items())
        folding.with_whole_links(message)
    preferences = entry.preferences_url or ""
    placeholders.fill(message, Urls(entry.unsubscribe_url or preferences, preferences))
    spellings, verdict = {address: one.address}, entry.verdict
    return _sound(Letter(message, one.message, spellings, verdict.address_id, verdict.contact_id, verdict.last_day))


def _receipt(remaining: _Remaining) -> Letter | None:
    message = _copy(remaining.message, without=_CONTROL)
    vars(message).update(remaining.fields)
    return _sound(Letter(message, remaining.message, remaining.spellings))


def _sound(letter: Letter) -> Letter | None:
    """The letter; None if its class adds recipients of its own, about whom the gate was not asked (law 15)."""
    message = letter.message
    named = {*message.recipients(), *message.to, *message.cc, *message.bcc}
    if {addresses.mailbox(one) for one in named} <= letter.spellings.keys():
        merging.narrow(message, letter.spellings)
        return letter
    kind = type(letter.original).__name__
    logger.warning("Not sent to address %s: its class %s adds recipients", letter.address_id, kind)
    return None


def _copy(message: EmailMessage, *, without: set[str]) -> EmailMessage:
    """A copy of the message with lists and dictionaries of its own, which a backend may change."""
    letter = copy.copy(message)
    attributes = vars(letter)
    attributes |= {name: copy.copy(value) for name, value in attributes.items() if type(value) in {list, dict}}
    said = (message.extra_headers or {}).items()
    letter.extra_headers = {name: value for name, value in said if str(name).strip().lower() not in without}
    letter.from_email = recipients.respelled(message.from_email)
    letter.reply_to = [recipients.respelled(one) for one in message.reply_to or ()]
    return letter


def _log_refusal(verdict: Verdict) -> None:
    until = f" until {verdict.until}" if verdict.until else ""
    logger.info("Not sent to address %s: %s%s", verdict.address_id, verdict.outcome.value, until)


def _warn_of_undeclared(refused: Sequence[tuple[Recipient, Verdict]]) -> None:
    """Logs which addresses an undeclared message without an unsubscribe link would have reached as transactional: it
    may be a receipt."""
    suspects = [(one, verdict) for one, verdict in refused if verdict.address and not _has_link(one.message)]
    if not suspects:
        return
    asked = [one.address for one, _ in suspects]
    as_receipts = gate.check(asked, _RECEIPT, now=timezone.now())
    by_message: dict[int, list[str]] = {}
    for (one, verdict), as_receipt in zip(suspects, as_receipts, strict=True):
        if as_receipt.may_send:
            by_message.setdefault(id(one.message), []).append(str(verdict.address_id))
    for ids in by_message.values():
        logger.warning(_UNDECLARED, len(ids), headers.PURPOSE, ", ".join(ids))


def _has_link(message: EmailMessage) -> bool:
    named = {str(name).lower() for name in message.extra_headers or {}}
    return "list-unsubscribe" in named or any(_LINK.search(str(one)) for one in placeholders.texts(message))
