"""An email backend that refuses what the gate refuses and adds the headers. It wraps the one that really sends.

A message says what it is with the headers X-Unsubscribe-Category (a slug), X-Unsubscribe-Campaign (a name) and
X-Unsubscribe-Purpose; they are taken out before it is sent. A message that says nothing is marketing.
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

#: So few that "at the moment of sending" stays true: the gate is asked again for every batch.
BATCH = 100
#: They write what is not ASCII before the @ as an encoded-word, which names another mailbox, or refuse the message.
_ASCII_ONLY = (smtp.EmailBackend, console.EmailBackend, locmem.EmailBackend)
#: What a provider answers for a letter that it cannot read (400, 422); any other status is about all of them.
_UNFIT = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})


class GuardedEmailBackend(BaseEmailBackend):
    """Set as EMAIL_BACKEND; UNSUBSCRIBE_EMAIL_BACKEND names the wrapped one."""

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
        """How many of the messages were sent to somebody. A refusal is logged, not raised.

        Raises UnknownCategory for a message of no known category, and RetiredCategory, before any is sent; no answer
        means no send. What is wrong with one message, and what the mail server says of it or of a recipient of
        transactional mail, is raised once the others have theirs.
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
        """The ids of the messages that went to somebody, who are recorded even if a later one fails."""
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
        """Whether it was sent. What is wrong with one letter or its recipient costs nobody else theirs."""
        self._notes.watch(letter.message)
        try:
            # Some backends return nothing; what was not sent is 0.
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
    """The guard for what sends nothing but receipts, passwords and the like: a message is one unless it says more.

    For `get_connection`, a mailer of its own, or the `email_backend` of AdminEmailHandler; never for EMAIL_BACKEND.
    """

    otherwise = Purpose.TRANSACTIONAL


def _divided(messages: Iterable[EmailMessage], mailing: Mailing) -> tuple[list[EmailMessage], list[EmailMessage]]:
    """Those that go out as they are, and those of which each recipient gets one of their own."""
    divided: tuple[list[EmailMessage], list[EmailMessage]] = [], []
    for message in messages:
        divided[mailing.purpose == Purpose.MARKETING or placeholders.are_in(message)].append(message)
    return divided


def _is_about_recipient(error: Exception, letter: Letter) -> bool:
    """What a server, or Anymail's provider, says of this one address; or a backend of an address it cannot write."""
    is_refused = isinstance(error, SMTPRecipientsRefused) or type(error).__name__ == "AnymailRecipientsRefused"
    return is_refused or not all(map(str.isascii, letter.spellings))


def _is_about_letter(error: Exception) -> bool:
    """Whether it cannot be written, or is refused for good as it is: another one may be sent all the same."""
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
