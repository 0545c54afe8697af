"""Finds the addresses in a cell that holds several: `a@x.com; b@x.com`. How one is read: unsubscribe.addresses."""

import re
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

from unsubscribe import addresses, channels
from unsubscribe.addresses import domains
from unsubscribe.channels import Channel, Kind
from unsubscribe.errors import InvalidAddress, InvalidDomain

from . import hashes

Splitter = Callable[[str], list[Any]]
_AND = r"\s(?:and|or|und|oder|et|ou|y|o|e)\s"
_QUOTED = r'"[^"]{0,256}+"'  # in a name a separator may stand
# From what no address holds to what some do; the first that leaves nothing but addresses is taken.
_MARKS = [";；\r\n\ufeff", ";；\r\n\ufeff,，、|\t", ";；\r\n\ufeff,，、|\t/&"]
_BY_MARKS = [re.compile(f"(?:{_QUOTED}|[^{marks}])++").findall for marks in _MARKS]
_BY_WORDS = re.compile(rf"{_AND}|[{_MARKS[-1]}]").split
_BY_SPACES = re.compile(rf"[\s{_MARKS[-1]}]").split
_MAY_PART_PHONES = re.compile(rf"[{_MARKS[-1]}]|{_AND}")
_OF_PHONES: list[Splitter] = [*_BY_MARKS, _BY_WORDS]
_SPLITTERS: dict[Kind, list[Splitter]] = {
    Kind.MAILBOX: [*_OF_PHONES, _BY_SPACES],
    Kind.NUMBER: _OF_PHONES,
}


class Several:
    """Tells one address from several, on one channel. Postal addresses and tokens are never split.

    or_hash: the SHA-256 of an address, in hex, counts as one
    """

    def __init__(self, channel: Channel, *, or_hash: bool = False) -> None:
        self._channel, self._or_hash = channel, or_hash
        self.is_email = channel == Channel.EMAIL
        self._splitters = _SPLITTERS.get(channels.of(channel).kind, [])
        self.parts_lists = bool(self._splitters)

    def reads(self, text: str) -> bool:
        """Whether this is one valid address, or means a whole domain (`*@corp.example`)."""
        try:
            addresses.normalise(text, channel=self._channel)
        except InvalidAddress:
            is_hash = self._or_hash and hashes.SHA256.fullmatch(text.strip()) is not None
            return is_hash or self._is_domain(text)
        return True

    def _is_domain(self, text: str) -> bool:
        try:
            return domains.is_pattern(text, channel=self._channel) and bool(domains.read_any(text))
        except InvalidDomain:
            return False

    def may_be(self, text: str) -> bool:
        """Whether this is an address or may be a mistyped one, in a place where addresses are expected."""
        return "@" in text if self.is_email else self.reads(text)

    def split(self, text: str, *, is_list: bool = False) -> list[str]:
        """The addresses in `text`; it comes back whole if it is one, or if a part of it is none.

        is_list: the table holds nothing but addresses, so a part of it may be mistyped
        """
        if not self._may_be_several(text) or self.reads(text):
            return [text]
        ways = [parts for split in self._splitters if len(parts := _bare(split(text))) > 1]
        alone = (parts for parts in ways if all(map(self.reads, parts)))
        likely = (parts for parts in ways if is_list and self.is_list(parts))
        return next(chain(alone, likely), [text])

    def is_list(self, cells: Iterable[str]) -> bool:
        """Whether these cells are addresses, at least one of them valid and the others perhaps mistyped."""
        filled = [cell for cell in cells if cell.strip()]
        return all(map(self.may_be, filled)) and any(map(self.reads, filled))

    def has_address(self, line: str) -> bool:
        """Whether one of the cells of this line, by whichever delimiter, is an address."""
        return any(map(self.reads, filter(self.may_be, re.split(r'[,;\t|"]', line))))

    def _may_be_several(self, text: str) -> bool:
        if self.is_email:
            return text.count("@") > 1
        return self.parts_lists and bool(_MAY_PART_PHONES.search(text))


def _bare(parts: Iterable[str]) -> list[str]:
    """These without quotes and space around them, and without the empty ones."""
    stripped = (part.strip() for part in parts)
    unquoted = (part[1:-1] if part[:1] == part[-1:] == '"' else part for part in stripped)
    return [part for part in unquoted if part.strip()]
