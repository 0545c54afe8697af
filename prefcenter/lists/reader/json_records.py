"""Reads JSON as a table whose columns are the keys: an object a line, an array, or objects that hold one.

Of SES `{"SuppressedDestinationSummaries": [{"EmailAddress": …}]}`, of SendGrid `[{"email": …}]` or `["a@x.com"]`, of
Mailgun `{"items": [{"address": …}], "paging": …}`, any number of them one after the other. Held in memory are one
record and the first thousand, whose keys are the columns.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain, islice
from typing import Any, NamedTuple

from .errors import EmptyTableError, NotATableError
from .rows import Row, each_address
from .several import Several
from .text import LINE_LIMIT

#: How many records are looked at for the columns.
AHEAD = 1000
_BROKEN = "invalid JSON from here on; the rest of this line is not read"
_LATE_KEY = f"it has a key that none of the first {AHEAD:,} records have"
_NUL = "it contains a NUL byte"
_DEPTH = 8  # of objects in objects, as columns; of lists in lists, as records
_BETWEEN = re.compile(r"[\s,\ufeff\x1e]*")
# An object, or a text alone: one before a colon is a key of what was broken.
_NEXT = re.compile(r'[\r\n][\s,\ufeff]*(?=\{|"[^"\r\n]*"[ \t]*[,\]\r\n])')
_KEY = re.compile(r'"(?:[^"\\]|\\.)*+"\s*:\s*')
_SURROGATES = re.compile("[\ud800-\udfff]")
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
_CUT = "Unterminated string"
_NOTHING, _TOO_LONG = object(), object()

#: Whether one of these keys names an address.
HasAddress = Callable[[tuple[str, ...]], bool]
#: Whether this text is an address.
IsAddress = Callable[[str], bool]


class Record(NamedTuple):
    """One record, or, where there is a problem, what stands in its place."""

    #: On which it starts, from 1.
    line: int
    #: Its texts by key; what is nested has dotted keys.
    cells: Mapping[str, str]
    #: Why it can't be read; "" if it can.
    problem: str = ""


class Records(NamedTuple):
    """The columns, and all records in order; to be read once."""

    columns: list[str]
    each: Iterator[Record]

    def rows(self, address_index: int, several: Several) -> Iterator[Row]:
        """A row for each address. A record with a filled key that is no column is a problem: it may be what counts."""
        known = set(self.columns)
        for line, cells, problem in self.each:
            trouble = problem or _trouble(cells, known)
            fields = [cells.get(name, "") for name in self.columns]
            if trouble:
                yield Row(line, fields, "", trouble)
            else:
                yield from each_address(Row(line, fields, fields[address_index].strip()), address_index, several)


def read_records(pieces: Iterator[str], *, has_address: HasAddress, is_address: IsAddress, heading: str) -> Records:
    """The records in a text.

    pieces:      the text, cut anywhere
    has_address: tells records from objects that hold them
    is_address:  the same for texts that stand alone
    heading:     names the column of such texts

    Raises NotATableError if this is no JSON, EmptyTableError if it has no record.
    """
    records = _Scanner(pieces, has_address, is_address, heading).records()
    ahead = list(islice(records, AHEAD))
    columns = list(dict.fromkeys(chain.from_iterable(record.cells for record in ahead)))
    if not columns:
        raise NotATableError if ahead else EmptyTableError
    return Records(columns, chain(ahead, records))


def _trouble(cells: Mapping[str, str], known: set[str]) -> str:
    if any("\0" in text for text in cells.values()):
        return _NUL
    return _LATE_KEY if any(text for name, text in cells.items() if name not in known) else ""


def _flat(record: Mapping[str, Any], *, prefix: str = "", depth: int = 1) -> dict[str, str]:
    """The cells of a record. What is nested gets a column of its own, `consent.email`, so that no yes or no hides in
    the text of a cell; of several objects in a list, each such cell has all values."""
    cells: dict[str, str] = {}
    for key, value in record.items():
        name = _storable(f"{prefix}{key}")
        inner = value if isinstance(value, list) else [value]
        is_nested = depth < _DEPTH and all(isinstance(one, dict) for one in inner)
        found = _joined([_flat(one, prefix=f"{name}.", depth=depth + 1) for one in inner]) if is_nested else {}
        is_told_apart = is_nested and (isinstance(value, dict) or not _are_numbers(found.values()))
        cells |= found if is_told_apart else {name: _text(value)}
    return cells


def _joined(flat: Iterable[Mapping[str, str]]) -> dict[str, str]:
    several: dict[str, list[str]] = defaultdict(list)
    for name, text in chain.from_iterable(one.items() for one in flat):
        several[name] += [text] if text else []
    return {name: "; ".join(texts) for name, texts in several.items()}


def _are_numbers(texts: Iterable[str]) -> bool:
    """Whether all are numbers, or there are none: such a list names other records, and says nothing about this one."""
    return all(text.replace("; ", "").isdecimal() for text in texts)


def _text(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    if isinstance(value, list) and not any(isinstance(one, (dict, list)) for one in value):
        return "; ".join(map(_text, value))
    return _storable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _storable(text: str) -> str:
    """Without lone surrogates, which JSON can spell and no file can hold."""
    return text if text.isascii() else _SURROGATES.sub("�", text)


class _Scanner:
    """Goes through a text and yields its records; it holds LINE_LIMIT characters and the rest of their piece."""

    def __init__(self, pieces: Iterator[str], has_address: HasAddress, is_address: IsAddress, heading: str) -> None:
        self._pieces, self._is_address, self._heading = pieces, is_address, heading
        self._has_address = lru_cache(maxsize=256)(has_address)  # most records have the keys of the one before
        self._text, self._at, self._line, self._depth = "", 0, 1, 0

    def records(self) -> Iterator[Record]:
        while letter := self._letter():
            if letter in "]}":  # of what was broken
                self._pass(1)
            else:
                yield from self._element(letter)

    def _element(self, letter: str) -> Iterator[Record]:
        if letter == "[" and self._depth < _DEPTH:
            yield from self._elements()
            return
        value, length = self._value()
        if letter == "{" and (value is _TOO_LONG or self._is_envelope(value)) and self._depth < _DEPTH:
            yield from self._members()
        elif value in (_NOTHING, _TOO_LONG):
            yield self._broken()
        else:
            if value is not None:
                yield Record(self._line, _flat(value if isinstance(value, dict) else {self._heading: value}))
            self._pass(length)

    def _elements(self) -> Iterator[Record]:
        self._pass(1)
        self._depth += 1
        while (letter := self._letter()) and letter != "]":
            yield from self._element(letter)
        self._depth -= 1
        self._pass(1)

    def _members(self) -> Iterator[Record]:
        """The records in an object that holds them; its other members are passed over."""
        self._pass(1)
        self._depth += 1
        while (letter := self._letter()) and letter != "}":
            if not (key := self._key()):
                yield self._broken()
                break
            self._pass(key)
            if self._letter() == "[" and self._holds_records():
                yield from self._elements()
            else:
                for record in self._element(self._letter()):
                    if record.problem:
                        yield record
        else:
            self._pass(1)
        self._depth -= 1

    def _holds_records(self) -> bool:
        """Whether the list that begins here begins with a record. It may be longer than what can be held."""
        while not self._is_full() and self._read_on():
            pass
        start = self._text[self._at :]
        inner = _BETWEEN.match(start, 1)
        within = iter([start[inner.end() :] if inner else ""])
        first, _ = _Scanner(within, self._has_address, self._is_address, self._heading)._value()
        return self._is_of_contact(first)

    def _is_envelope(self, value: Any) -> bool:
        """Whether this object holds records: it has a list of them, or an empty one (as on the page after the last),
        and no address beside it."""
        if not isinstance(value, dict) or self._is_of_contact(value):
            return False
        firsts = [one[0] if one else None for one in value.values() if isinstance(one, list)]
        return any(one is None or self._is_of_contact(one) for one in firsts)

    def _is_of_contact(self, value: Any) -> bool:
        if isinstance(value, str):
            return self._is_address(value)
        return isinstance(value, dict) and self._has_address(tuple(_flat(value)))

    def _letter(self) -> str:
        """The next character that is neither space nor comma; "" at the end."""
        while True:
            if between := _BETWEEN.match(self._text, self._at):
                self._pass(between.end() - self._at)
            if self._at < len(self._text) or not self._read_on():
                return self._text[self._at : self._at + 1]

    def _value(self) -> tuple[Any, int]:
        """The value that begins here, and its length; _NOTHING if it is broken or cut off, _TOO_LONG if it can't be
        held."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except RecursionError:
                return _NOTHING, 0
            except json.JSONDecodeError as error:
                may_go_on = error.pos > len(self._text) - 8 or error.msg.startswith(_CUT)
                if may_go_on and self._is_full():
                    return _TOO_LONG, 0
                if not may_go_on or not self._read_on():
                    return _NOTHING, 0
                continue
            if end < len(self._text) or self._text[end - 1] in '"}]' or not self._read_on():
                return value, end - self._at  # a number may go on in the next piece

    def _key(self) -> int:
        """The length of the key that begins here, with its colon; 0 if there is none."""
        while not (found := _KEY.match(self._text, self._at)) or found.end() == len(self._text):
            if self._is_full() or not self._read_on():
                break
        return found.end() - self._at if found else 0

    def _broken(self) -> Record:
        """The problem that stands here; goes on at the next line that begins with a record."""
        line = self._line
        while not (found := _NEXT.search(self._text, self._at)):
            self._pass(max(self._text.rfind("\n", self._at), self._at) - self._at)
            if not self._read_on():
                break
            if "\n" not in self._text:
                self._pass(len(self._text))
        self._pass((found.end() if found else len(self._text)) - self._at)
        return Record(line, {}, _BROKEN)

    def _pass(self, length: int) -> None:
        self._line += self._text.count("\n", self._at, self._at + length)
        self._at += length

    def _is_full(self) -> bool:
        return len(self._text) - self._at > LINE_LIMIT

    def _read_on(self) -> bool:
        piece = next(self._pieces, "")
        self._text, self._at = self._text[self._at :] + piece, 0
        return bool(piece)
