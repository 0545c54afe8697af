"""Gives each letter its recipient's part of the merge data, and the caller's message what the backend noted on letters.

Anymail keeps both on the message: `merge_data` and the like by address, and `anymail_status` once it was sent. Others
note an id (`message_id`, or a header). None of them is imported: every attribute and header that a backend adds is
handed back.
"""

import copy
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.core.mail import EmailMessage

#: By the recipient's address (django-anymail, "Batch sending/merge and ESP templates").
_BY_ADDRESS = ("merge_data", "merge_metadata", "merge_headers")
_STATUS = "anymail_status"
#: The attributes that make up a letter, which are not handed back.
_CONTENT = frozenset(("subject", "body", "from_email", "to", "cc", "bcc", "reply_to", "attachments", "alternatives"))
_CONTENT |= {"extra_headers", "connection", *_BY_ADDRESS}


def narrow(letter: EmailMessage, spellings: Mapping[str, str]) -> None:
    """Keeps the merge data of the letter's own recipients, by their addresses as the letter has them (`spellings`: as
    in Letter)."""
    for name in _BY_ADDRESS:
        said = vars(letter).get(name)
        if isinstance(said, Mapping):
            theirs = ((now, said.get(before, said.get(now))) for now, before in spellings.items())
            vars(letter)[name] = {address: value for address, value in theirs if value is not None}


def forget(messages: Iterable[EmailMessage]) -> None:
    """Empties the Anymail status of messages that were sent before."""
    for message in messages:
        if (status := vars(message).get(_STATUS)) is not None:
            vars(message)[_STATUS] = type(status)()


class Notes:
    """What the wrapped backend noted on the letters of one call: `watch` each before it is sent, `take` after, and
    `hand_back` once all are sent."""

    def __init__(self) -> None:
        self._before: dict[str, Any] = {}
        self._headers: set[str] = set()
        self._noted: dict[int, _Noted] = {}

    def watch(self, letter: EmailMessage) -> None:
        """Remembers the letter's attributes and headers as they are before sending."""
        self._before, self._headers = dict(vars(letter)), set(letter.extra_headers)

    def take(self, letter: EmailMessage, original: EmailMessage, spellings: Mapping[str, str]) -> None:
        """Keeps what was added since `watch`. Of several letters of one message the last counts, except that Anymail's
        statuses are added up."""
        noted = self._noted.setdefault(id(original), _Noted(original, {}, {}))
        for name, value in vars(letter).items():
            if name == _STATUS and self._before.get(name) is not value:
                noted.attributes[name] = _added_up(noted.attributes.get(name), value, spellings)
            elif name not in _CONTENT and self._before.get(name, self) is not value:
                noted.attributes[name] = value
        new = {name: value for name, value in letter.extra_headers.items() if name not in self._headers}
        noted.headers.update(new)

    def hand_back(self) -> None:
        """Puts all that was noted on the callers' messages."""
        for original, attributes, headers in self._noted.values():
            vars(original).update(attributes)
            if headers:
                original.extra_headers = {**(original.extra_headers or {}), **headers}


class _Noted(NamedTuple):
    original: EmailMessage
    attributes: dict[str, Any]
    headers: dict[str, str]


def _added_up(whole: Any, status: Any, spellings: Mapping[str, str]) -> Any:
    """Anymail's status `whole` (None at first) with that of one more letter; recipients as the caller wrote them."""
    if whole is None:
        whole = copy.copy(status)
        whole.recipients = {}
    if status.recipients:
        whole.set_recipient_status({spellings.get(one, one): said for one, said in status.recipients.items()})
    whole.esp_response = status.esp_response
    return whole
