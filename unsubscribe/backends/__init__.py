"""The guarded email backend: asks the gate for each recipient, adds the headers, and has another backend send.

A message says what it is with the headers X-Unsubscribe-Category (a slug), X-Unsubscribe-Campaign (a name) and
X-Unsubscribe-Purpose; they are removed before it is sent. A message without them is marketing (law 7). For adopters:
docs/beside-your-mailer.md.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from itertools import chain, islice
from smtplib import SMTPDataError, SMTPRecipientsRefused
from typing import Any, ClassVar, TypeVar

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends import console, locmem, smtp
from django.core.mail.backends.base import BaseEmailBackend

from .. import conf
from ..choices import Purpose
from ..mailing import Mailing
from . import claiming, declaring, letters, merging, placeholders, recipients
from .declaring import Declaration
from .letters import Letter

T = TypeVar("T")
logger = logging.getLogger(__name__)

#: How many are sent before the gate is asked again: few, because it is to be asked at the moment of sending.
BATCH = 100
#: Backends that write a non-ASCII local part as an encoded-word, which names another mailbox, or refuse the message.
_ASCII_ONLY = (smtp.EmailBackend, console.EmailBackend, locmem.EmailBackend)
#: The statuses by which a provider refuses one letter; any other is taken to be about all of them.
_UNFIT = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})


class GuardedEmailBackend(BaseEmailBackend):
    """For EMAIL_BACKEND. UNSUBSCRIBE_EMAIL_BACKEND names the wrapped one, which gets the keyword arguments."""

    #: The purpose of a message that names neither purpose nor category; None: marketing, unless its sender is declared.
    otherwise: ClassVar[Purpose | None] = None

    def __init__(self, fail_silently: bool = False, **kwargs: Any) -> None:
        super().__init__(fail_silently=fail_silently)
        self._wrapped = get_connection(conf.wrapped_email_backend(), fail_silently=fail_silently, **kwargs)
        self._notes = merging.Notes()
        self._refused: list[Exception] = []

    def open(self) -> bool | None:
        return self._wrapped.open()

    def close(self) -> None:
        self._wrapped.close()

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Sends each message to those of its recipients to whom the gate lets it through: marketing as one letter a
        recipient (requirement H5). Returns how many messages went to at least one. Refusals of the gate are logged.

        Raises what declaring.declared raises, before anything is sent, and any error of the database: no answer means
        no send (law 7). An error about one letter, or about one recipient of transactional mail, is raised after all
        others were sent; any other error of the wrapped backend at once.
        """
        messages = list(email_messages)
        if not messages:
            return 0
        is_declared = self.otherwise is None and declaring.is_sent_by_transactional_code()
        said = partial(declaring.said, otherwise=Purpose.TRANSACTIONAL if is_declared else self.otherwise)
        declared = {one: declaring.declared(one) for one in dict.fromkeys(map(said, messages))}
        merging.forget(messages)
        self._notes, self._refused = merging.Notes(), []
        is_mine = self.open()
        try:
            sent = sum(self._send_batch(batch, said, declared) for batch in _batches(messages))
        finally:
            self._notes.hand_back()
            if is_mine:
                self.close()
        if self._refused:
            raise self._refused[0]
        return sent

    def _send_batch(
        self,
        messages: Sequence[EmailMessage],
        said: Callable[[EmailMessage], Declaration],
        declared: Mapping[Declaration, Mailing],
    ) -> int:
        by_kind: dict[Declaration, list[EmailMessage]] = {}
        for message in messages:
            by_kind.setdefault(said(message), []).append(message)
        sent: set[int] = set()
        for kind, group in by_kind.items():
            together, apart = _divided(group, declared[kind])
            sent |= self._send(letters.receipts(together, can_carry=self._can_carry), declared[kind])
            for asked in _batches(chain.from_iterable(map(recipients.each_once, apart))):
                personal = letters.personal(asked, declared[kind], kind, can_carry=self._can_carry)
                sent |= self._send(personal, declared[kind])
        return len(sent)

    def _send(self, written: Sequence[Letter], mailing: Mailing) -> set[int]:
        """Sends these letters and records whom they went to, even if a later one fails. Returns the id() of each
        original message that was sent."""
        batch = claiming.claimed(written, mailing)
        sent: list[Letter] = []
        try:
            for letter in batch.letters:
                if batch.is_ours(letter) and self._carry(letter, is_marketing=mailing.purpose == Purpose.MARKETING):
                    sent.append(letter)
        finally:
            batch.settle(sent)
        return {id(letter.original) for letter in sent}

    def _carry(self, letter: Letter, *, is_marketing: bool) -> bool:
        """Whether it was sent. An error about this letter or its recipient is kept for the end of send_messages."""
        self._notes.watch(letter.message)
        try:
            # Some backends return None; 0 is "not sent".
            return self._wrapped.send_messages([letter.message]) != 0
        except Exception as error:
            is_refused = _is_about_recipient(error, letter)
            if not is_refused and not _is_about_letter(error):
                raise
            logger.warning("Not sent to address %s: refused as %s", letter.address_id, type(error).__name__)
            self._refused += [] if is_refused and is_marketing else [error]
            return False
        finally:
            self._notes.take(letter.message, letter.original, letter.spellings)

    def _can_carry(self, address: str) -> bool:
        return address.isascii() or not isinstance(self._wrapped, _ASCII_ONLY)


class TransactionalEmailBackend(GuardedEmailBackend):
    """The guard for code that sends only receipts, passwords and the like: a message without a declaration is
    transactional.

    For `get_connection`, a mailer of its own, or the `email_backend` of AdminEmailHandler; never for EMAIL_BACKEND.
    """

    otherwise = Purpose.TRANSACTIONAL


def _divided(messages: Iterable[EmailMessage], mailing: Mailing) -> tuple[list[EmailMessage], list[EmailMessage]]:
    """The messages that keep all their recipients, and those of which each recipient gets a letter of their own."""
    divided: tuple[list[EmailMessage], list[EmailMessage]] = [], []
    for message in messages:
        divided[mailing.purpose == Purpose.MARKETING or placeholders.are_in(message)].append(message)
    return divided


def _is_about_recipient(error: Exception, letter: Letter) -> bool:
    """Whether the mail server or Anymail's provider refused this one address, or the backend could not write it."""
    is_refused = isinstance(error, SMTPRecipientsRefused) or type(error).__name__ == "AnymailRecipientsRefused"
    return is_refused or not all(map(str.isascii, letter.spellings))


def _is_about_letter(error: Exception) -> bool:
    """Whether the letter could not be written out, or was refused for good as it is, so that others may still be
    sent."""
    if isinstance(error, SMTPDataError):
        return error.smtp_code >= 500
    if getattr(error, "status_code", None) in _UNFIT:  # of Anymail's errors
        return True
    is_badly_made = isinstance(error, ValueError | TypeError | AttributeError | LookupError | RecursionError)
    return is_badly_made and not isinstance(error, OSError)  # a certificate's is both, and about the connection


def _batches(things: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(things)
    while batch := list(islice(rest, BATCH)):
        yield batch
