"""What belongs to one recipient goes with their letter, and what a backend notes on the letter reaches the caller.

Anymail keeps both on the message: `merge_data` and its like by address, and `anymail_status` once it was sent. Others
note an id (`message_id`, or a header). Nothing of theirs is imported; whatever a backend adds is handed back.
"""

import copy
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.core.mail import EmailMessage

#: By the recipient's address (django-anymail, "Batch sending/merge and ESP templates").
_BY_ADDRESS = ("merge_data", "merge_metadata", "merge_headers")
_STATUS = "anymail_status"
#: What a letter says, which may be its recipient's own.
_CONTENT = frozenset(("subject", "body", "from_email", "to", "cc", "bcc", "reply_to", "attachments", "alternatives"))
_CONTENT |= {"extra_headers", "connection", *_BY_ADDRESS}


def narrow(letter: EmailMessage, spellings: Mapping[str, str]) -> None:
    """Keeps what is said of the letter's own recipients, under their addresses as they are in it."""
    for name in _BY_ADDRESS:
        said = vars(letter).get(name)
        if isinstance(said, Mapping):
            theirs = ((now, said.get(before, said.get(now))) for now, before in spellings.items())
            vars(letter)[name] = {address: value for address, value in theirs if value is not None}


def forget(messages: Iterable[EmailMessage]) -> None:
    """What became of them when they were sent before."""
    for message in messages:
        if (status := vars(message).get(_STATUS)) is not None:
            vars(message)[_STATUS] = type(status)()


class Notes:
    """What the wrapped backend notes on the letters of one call: `watch` each before it is sent, `take` after, and
    `hand_back` once all are sent, so that no letter carries what was noted on another."""

    def __init__(self) -> None:
        self._before: dict[str, Any] = {}
        self._headers: set[str] = set()
        self._taken: dict[int, _Taken] = {}

    def watch(self, letter: EmailMessage) -> None:
        self._before, self._headers = dict(vars(letter)), set(letter.extra_headers)

    def take(self, letter: EmailMessage, original: EmailMessage, spellings: Mapping[str, str]) -> None:
        """Of several letters of one message the last has the word, but for Anymail's status, which adds them up."""
        taken = self._taken.setdefault(id(original), _Taken(original, {}, {}))
        for name, value in vars(letter).items():
            if name == _STATUS and self._before.get(name) is not value:
                taken.attributes[name] = _added_up(taken.attributes.get(name), value, spellings)
            elif name not in _CONTENT and self._before.get(name, self) is not value:
                taken.attributes[name] = value
        new = {name: value for name, value in letter.extra_headers.items() if name not in self._headers}
        taken.headers.update(new)

    def hand_back(self) -> None:
        for original, attributes, headers in self._taken.values():
            vars(original).update(attributes)
            if headers:
                original.extra_headers = {**(original.extra_headers or {}), **headers}


class _Taken(NamedTuple):
    original: EmailMessage
    attributes: dict[str, Any]
    headers: dict[str, str]


def _added_up(whole: Any, status: Any, spellings: Mapping[str, str]) -> Any:
    """Anymail's status of several letters, each recipient as the caller wrote them. `whole` is None at the first."""
    if whole is None:
        whole = copy.copy(status)
        whole.recipients = {}
    if status.recipients:
        whole.set_recipient_status({spellings.get(one, one): said for one, said in status.recipients.items()})
    whole.esp_response = status.esp_response
    return whole
