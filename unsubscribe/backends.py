"""An email backend that refuses what the gate refuses and adds the headers. It wraps the one that really sends.

A message says what it is with the headers X-Unsubscribe-Category (a slug), X-Unsubscribe-Campaign (a name) and
X-Unsubscribe-Purpose; they are taken out before it is sent. A message that says nothing is marketing.
"""

import copy
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from . import actions, addresses, audience, conf, folding, gate, headers
from .choices import Answer, Channel, Purpose
from .errors import UnknownCategory
from .models import Campaign, Category

T = TypeVar("T")
logger = logging.getLogger(__name__)

#: So few that "at the moment of sending" stays true: the gate is asked again for every batch.
BATCH = 100
_CONTROL = {name.lower() for name in (headers.CATEGORY, headers.CAMPAIGN, headers.PURPOSE)}
_OURS = _CONTROL | {"list-unsubscribe", "list-unsubscribe-post", "list-id", "to", "cc", "bcc"}


class _Said(NamedTuple):
    """What a message says of itself, as it says it."""

    category: str
    campaign: str
    purpose: str


class _Declared(NamedTuple):
    """What that means here."""

    purpose: Purpose
    category: Category | None
    campaign: Campaign | None


class _Pair(NamedTuple):
    """One recipient of one message; `address` is what the gate is asked about."""

    message: EmailMessage
    recipient: str
    address: str


class _Letter(NamedTuple):
    """A message as it will be sent, and the contact whose clock it starts."""

    message: EmailMessage
    original: EmailMessage
    contact_id: int | None


class GuardedEmailBackend(BaseEmailBackend):
    """Set as EMAIL_BACKEND; UNSUBSCRIBE_EMAIL_BACKEND names the wrapped one."""

    def __init__(self, fail_silently: bool = False, **kwargs: Any) -> None:
        super().__init__(fail_silently=fail_silently)
        self._wrapped = get_connection(conf.wrapped_email_backend(), fail_silently=fail_silently, **kwargs)

    def open(self) -> bool | None:
        return self._wrapped.open()

    def close(self) -> None:
        self._wrapped.close()

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """How many of the messages were sent to somebody. A refusal is logged, not raised.

        Raises UnknownCategory for a message of no known category, and RetiredCategory, before any is sent; no answer
        means no send.
        """
        messages = list(email_messages)
        if not messages:
            return 0
        declared = {said: _declared(said) for said in {_said(message) for message in messages}}
        is_mine = self.open()
        try:
            return sum(self._send_batch(batch, declared) for batch in _batches(messages))
        finally:
            if is_mine:
                self.close()

    def _send_batch(self, messages: Sequence[EmailMessage], declared: Mapping[_Said, _Declared]) -> int:
        by_kind: dict[_Said, list[EmailMessage]] = {}
        for message in messages:
            by_kind.setdefault(_said(message), []).append(message)
        sent: set[int] = set()
        for said, group in by_kind.items():
            if declared[said].purpose == Purpose.TRANSACTIONAL:
                sent |= self._send(_receipts(group), declared[said])
            else:
                for pairs in _batches(_pairs(group)):
                    sent |= self._send_marketing(pairs, declared[said])
        return len(sent)

    def _send_marketing(self, pairs: Sequence[_Pair], declared: _Declared) -> set[int]:
        sent: set[int] = set()
        while pairs:
            letters, pairs = _marketing(pairs, declared)
            sent |= self._send(letters, declared)
        return sent

    def _send(self, letters: Sequence[_Letter], declared: _Declared) -> set[int]:
        """The ids of the messages that went to somebody, who are recorded even if a later one fails."""
        sent: list[_Letter] = []
        try:
            for letter in letters:
                # Some backends return nothing; what was not sent is 0.
                if self._wrapped.send_messages([letter.message]) != 0:
                    sent.append(letter)
        finally:
            contact_ids = [letter.contact_id for letter in sent if letter.contact_id]
            if declared.category and contact_ids:
                actions.record_sent(
                    contact_ids,
                    category=declared.category,
                    channel=Channel.EMAIL,
                    campaign=declared.campaign,
                    now=timezone.now(),
                )
        return {id(letter.original) for letter in sent}


def _batches(things: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(things)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _said(message: EmailMessage) -> _Said:
    said = {name.lower(): str(value) for name, value in message.extra_headers.items()}
    return _Said(*(said.get(name.lower(), "") for name in (headers.CATEGORY, headers.CAMPAIGN, headers.PURPOSE)))


def _declared(said: _Said) -> _Declared:
    category = Category.objects.filter(slug=said.category).first() if said.category else None
    if said.category and category is None:
        raise UnknownCategory
    purpose = gate.purpose_of(category, Purpose(said.purpose) if said.purpose else None)
    campaign = actions.campaign_named(said.campaign, category=category, now=timezone.now()) if category else None
    return _Declared(purpose, category, campaign)


def _pairs(messages: Sequence[EmailMessage]) -> list[_Pair]:
    """Each recipient of each message, once."""
    pairs: list[_Pair] = []
    for message in messages:
        named: dict[str, str] = {}
        for recipient in message.recipients():
            named.setdefault(addresses.mailbox(recipient).lower(), recipient)
        pairs += [_Pair(message, recipient, address) for address, recipient in named.items()]
    return pairs


def _marketing(pairs: Sequence[_Pair], declared: _Declared) -> tuple[list[_Letter], list[_Pair]]:
    """One letter per recipient (RFC 8058, section 3.1), for those the gate lets through.

    A contact gets one letter; the pairs left over are to be asked about again, once that letter is recorded.
    """
    entries = audience.ask(
        [pair.address for pair in pairs],
        category=declared.category,
        purpose=declared.purpose,
        campaign=declared.campaign,
        now=timezone.now(),
    )
    letters: dict[int | None, _Letter] = {}
    later: list[_Pair] = []
    for pair, entry in zip(pairs, entries, strict=True):
        contact_id = entry.decision.contact_id
        if entry.headers is None:
            _log_refusal(entry.decision)
        elif contact_id in letters:
            later.append(pair)
        else:
            letter = _copy(pair.message, without=_OURS, to=[pair.recipient], cc=[], bcc=[])
            letter.extra_headers.update(entry.headers.items())
            letters[contact_id] = _Letter(folding.with_whole_links(letter), pair.message, contact_id)
    return list(letters.values()), later


def _receipts(messages: Sequence[EmailMessage]) -> list[_Letter]:
    """Transactional mail as it is, less the recipients to whom nothing goes at all (design law 7)."""
    recipients = dict.fromkeys(recipient for message in messages for recipient in message.recipients())
    asked = [addresses.mailbox(recipient) for recipient in recipients]
    decisions = gate.check(asked, category=None, purpose=Purpose.TRANSACTIONAL, now=timezone.now())
    refused = set()
    for recipient, address, decision in zip(recipients, asked, decisions, strict=True):
        # What is no address to us may be one to the local server (`root`); what nobody can read goes nowhere.
        if decision.verdict.answer == Answer.SUPPRESSED or not address:
            _log_refusal(decision)
            refused.add(recipient)
    letters = []
    for message in messages:
        kept = {name: [one for one in getattr(message, name) if one not in refused] for name in ("to", "cc", "bcc")}
        letter = _copy(message, without=_CONTROL, **kept)
        if letter.recipients():
            letters.append(_Letter(letter, message, None))
    return letters


def _copy(message: EmailMessage, *, without: set[str], **changes: list[str]) -> EmailMessage:
    letter = copy.copy(message)
    letter.extra_headers = {name: value for name, value in message.extra_headers.items() if name.lower() not in without}
    vars(letter).update(changes)
    return letter


def _log_refusal(decision: gate.Decision) -> None:
    answer, until = decision.verdict
    logger.info("Not sent to address %s: %s%s", decision.address_id, answer.value, f" until {until}" if until else "")
