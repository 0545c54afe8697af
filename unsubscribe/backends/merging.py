"""What belongs to one recipient goes with their letter, and what a backend notes on the letter reaches the caller.

Anymail keeps both on the message: `merge_data` and its like by address, and `anymail_status` once it was sent. Others
note an id (`message_id`, or a header). Nothing of theirs is imported; whatever a backend adds is handed back.
"""

import copy
from collections.abc import Mapping
from typing import Any

from django.core.mail import EmailMessage

#: By the recipient's address (django-anymail, "Batch sending/merge and ESP templates").
_BY_ADDRESS = ("merge_data", "merge_metadata", "merge_headers")
_STATUS = "anymail_status"


def narrow(letter: EmailMessage, spellings: Mapping[str, str]) -> None:
    """Keeps what is said of the letter's own recipients, under their addresses as they are in it."""
    for name in _BY_ADDRESS:
        said = vars(letter).get(name)
        if isinstance(said, Mapping):
            theirs = ((now, said.get(before, said.get(now))) for now, before in spellings.items())
            vars(letter)[name] = {address: value for address, value in theirs if value is not None}


class Notes:
    """What the wrapped backend notes on the letters of one call. `watch` before a letter is sent, `hand_back` after."""

    def __init__(self) -> None:
        self._statuses: dict[int, Any] = {}
        self._before: dict[str, Any] = {}
        self._headers: set[str] = set()

    def watch(self, letter: EmailMessage) -> None:
        self._before, self._headers = dict(vars(letter)), set(letter.extra_headers)

    def hand_back(self, letter: EmailMessage, original: EmailMessage, spellings: Mapping[str, str]) -> None:
        """Of several letters of one message the last has the word, but for Anymail's status, which adds them up."""
        added = {name: value for name, value in vars(letter).items() if self._before.get(name, self) is not value}
        if (status := added.pop(_STATUS, None)) is not None:
            added[_STATUS] = self._added_up(status, original, spellings)
        noted = {name: value for name, value in letter.extra_headers.items() if name not in self._headers}
        if noted:
            added["extra_headers"] = {**(original.extra_headers or {}), **noted}
        vars(original).update(added)

    def _added_up(self, status: Any, original: EmailMessage, spellings: Mapping[str, str]) -> Any:
        whole = self._statuses.get(id(original))
        if whole is None:
            whole = self._statuses[id(original)] = copy.copy(status)
            whole.recipients = {}
        if status.recipients:
            whole.set_recipient_status({spellings.get(one, one): said for one, said in status.recipients.items()})
        whole.esp_response = status.esp_response
        return whole
