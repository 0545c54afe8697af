"""What is asked about a column: its values, how many rows have them, and what is known of what they mean."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

from prefcenter.lists.reader import Several
from unsubscribe.addresses import redact

from . import cells, consent, headings
from .answers import EMPTY, FILLED, Meaning, meaning
from .consent import Says
from .roles import Column

#: How many different texts are shown, of so many letters; a column with more is free text, of which none is shown.
TEXTS = 20
LONGEST_TEXT = 40
#: The share of yes and no from which a column is asked about by its values alone.
LEAST_SHARE = 0.05
_DATES, _OTHERS = "\0dates", "\0others"
_LISTED = re.compile(r"[;,|/]")


class QuestionKind(StrEnum):
    """What is asked about a column."""

    VALUES = ""  #: What its values mean.
    ORDER = "order"  #: In which order the numbers of its dates stand.
    UNDATED = "undated"  #: Whether rows without a date that can be read may count as said now.
    ADDRESSES = "addresses"  #: Whether its addresses are those of the same contacts.


class Value(NamedTuple):
    """A value of a column, or an example. Stored in ImportRun.columns."""

    key: str  #: How an answer names it: a folded cell, EMPTY or FILLED; "" of an example.
    shown: str  #: For people, without addresses.
    rows: int  #: How many rows have it.
    means: str = ""  #: A Meaning; "" where it is not known.
    would_mean: str = ""  #: The Meaning that is proposed; "" for none.
    is_open: bool = False  #: Whether it must be answered.
    is_said: bool = False  #: Whether it was answered before.


class ColumnQuestion(NamedTuple):
    """A question about one column. Its `as_json` is stored in ImportRun.columns, a key for each field."""

    name: str  #: `answers.key` of the heading.
    heading: str  #: As it stands in the file, without addresses.
    values: Sequence[Value]  #: Those that are asked about; of another kind than VALUES, one example.
    choices: Sequence[str] = ()  #: Of another kind, the words of which one is the answer.
    kind: str = QuestionKind.VALUES  #: A QuestionKind.

    @property
    def is_open(self) -> bool:
        return bool(self.choices) or any(value.is_open for value in self.values)

    @property
    def open_values(self) -> list[Value]:
        return [value for value in self.values if value.is_open]

    @property
    def proposal(self) -> str:
        """An answer as `answers.parse` takes it, with a question mark where nothing can be proposed."""
        if self.choices:
            return self.choices[0]
        return ",".join(_quoted(f"{value.key}={value.would_mean or '?'}") for value in self.open_values)

    @property
    def as_json(self) -> dict[str, Any]:
        return self._asdict() | {"values": [value._asdict() for value in self.values]}

    @classmethod
    def of_json(cls, found: Mapping[str, Any]) -> "ColumnQuestion":
        """What `as_json` stored, also in an earlier version, which knew no kinds."""
        values = [Value(**value) for value in found["values"]]
        choices = found.get("choices", found.get("orders", ()))
        kind = found.get("kind", QuestionKind.ORDER if choices else QuestionKind.VALUES)
        return cls(found["name"], found["heading"], values, choices, kind)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if re.search('[",]', text) else text


@dataclass
class _Slot:
    shown: str  # the first cell, as it stands in the file
    cell: str  # one of them, folded; an open one if there is one
    rows: int = 0
    open_rows: int = 0  # whose cell is UNKNOWN
    doubted: int = 0  # that say yes in a file of noes


@dataclass
class ValueCounts:
    """Counts the values of one column, in bounded memory: words of yes and no, dates, and at most TEXTS other texts."""

    column: Column
    several: Several
    is_spoken_for: bool = False  # a reason that was chosen by hand answers for unknown values
    slots: dict[str, _Slot] = field(default_factory=dict)  # by folded cell, EMPTY, _DATES or _OTHERS
    texts: int = 0  # different ones; beyond TEXTS all are counted as _OTHERS
    has_numbers: bool = False
    filled: int = 0  # rows whose cell is not empty
    addresses: int = 0  # rows whose cell holds an email address
    says_no: bool = False  # a value is a no in so many words

    def add(self, counted: Mapping[str, int]) -> None:
        for cell, rows in counted.items():
            self._count(cells.folded(cell), cell, rows)

    def _count(self, cell: str, shown: str, rows: int) -> None:
        self.filled += 0 if cells.is_empty(cell) else rows
        if "@" in cell and self.several.is_email:
            self.addresses += rows * any(map(self.several.reads, self.several.split(cell)))
        said = self.column.read(cell)
        if self.column.is_free and said == consent.NOTHING:
            return
        slot = self._slot(cell, shown)
        slot.rows += rows
        self.says_no = self.says_no or (not self.column.is_known and _says_no(cell))
        if said == consent.UNKNOWN:
            slot.open_rows += rows
            slot.cell = cell

    def doubt(self, counted: Mapping[str, int]) -> None:
        """Counts cells of rows that say yes, in a file whose name says that all said no."""
        for cell, rows in ((cells.folded(cell), rows) for cell, rows in counted.items()):
            is_said = self.column.means is not None and self.column.means.says(cell) is not None
            if not is_said and self.column.read(cell) == consent.SUBSCRIBED:
                self._slot(cell, cell).doubted += rows

    def is_open(self, key: str) -> bool:
        """Whether what the cells of this slot say has to be asked. A yes in words is not doubted where other values of
        the column are a no."""
        slot = self.slots[key]
        return slot.open_rows > 0 or (slot.doubted > 0 and (key == EMPTY or not self._says_no))

    @cached_property
    def _says_no(self) -> bool:
        return any(self.column.read(slot.cell).reason for slot in self.slots.values())

    @property
    def holds_addresses(self) -> bool:
        """Whether most of what stands in it are addresses."""
        return self.addresses > 0 and self.addresses * 2 >= self.filled

    def _slot(self, cell: str, shown: str) -> _Slot:
        key = self._key(cell)
        return self.slots.setdefault(key, _Slot(shown.strip(), cell))

    def _key(self, cell: str) -> str:
        if cell in self.slots or self.column.is_named(cell):
            return cell
        if cells.is_empty(cell):
            return EMPTY
        if consent.is_word(cell):
            return cell
        if consent.is_date(cell):
            return _DATES
        if cells.is_number(cell):
            self.has_numbers = True
            return cell if len(cell) < 4 and self._has_room() else _OTHERS
        if self.texts > TEXTS or len(cell) > LONGEST_TEXT or self._is_of_texts or cells.is_address(cell):
            return _OTHERS
        return cell if self._has_room() else _OTHERS

    @cached_property
    def _is_of_texts(self) -> bool:
        return headings.explains(self.column.heading)

    def _has_room(self) -> bool:
        self.texts += 1
        if self.texts == TEXTS + 1:
            self._forget_texts()
        return self.texts <= TEXTS

    def _forget_texts(self) -> None:
        others = self.slots.setdefault(_OTHERS, _Slot("", ""))
        for key in [key for key, slot in self.slots.items() if self._is_text(key)]:
            slot = self.slots.pop(key)
            others.rows, others.open_rows = others.rows + slot.rows, others.open_rows + slot.open_rows
            others.cell = slot.cell if slot.open_rows or not others.cell else others.cell

    def _is_text(self, key: str) -> bool:
        return key not in {EMPTY, _DATES, _OTHERS} and not consent.is_word(key) and not self.column.is_named(key)


def of_column(counts: ValueCounts) -> ColumnQuestion | None:
    """The question about a column's values; None if there is nothing to ask and nothing was answered."""
    column = counts.column
    if column.means is None and not _is_open(counts):
        return None
    values = [_value(counts, key, slot) for key, slot in counts.slots.items()]
    return ColumnQuestion(column.name, redact(column.heading)[:100], _joined(values))


def _is_open(counts: ValueCounts) -> bool:
    column = counts.column
    unknown = set(filter(counts.is_open, counts.slots))
    if not unknown or (column.is_own and unknown == {EMPTY} != counts.slots.keys()):
        return False
    if counts.is_spoken_for:
        return any(column.read(slot.cell) == consent.SUBSCRIBED for slot in counts.slots.values())
    return column.is_known or column.is_asked_by_name or _tells(counts)


def _tells(counts: ValueCounts) -> bool:
    """Whether the values alone look like a yes and a no, or one of them is a no in so many words."""
    says = {key: _leanings(key, has_numbers=counts.has_numbers) for key in counts.slots}
    if counts.says_no:
        return True
    if headings.is_note(counts.column.heading) or not {"yes", "no"} <= set().union(*says.values()):
        return False
    filled = sum(slot.rows for key, slot in counts.slots.items() if key not in {EMPTY, _DATES})
    return sum(counts.slots[key].rows for key, said in says.items() if said) >= LEAST_SHARE * filled


def _says_no(cell: str) -> bool:
    """Whether a cell, or one item of a list in it, is a no in so many words."""
    if len(cell) > LONGEST_TEXT:
        return False
    return any(consent.of_phrase(one.strip()).reason == consent.UNSUBSCRIBED for one in _LISTED.split(cell))


def _leanings(key: str, *, has_numbers: bool) -> set[str]:
    """Of a cell or, as in "true; false", of each item in it: whether it leans to "yes" or to "no"."""
    return {said for one in _LISTED.split(key) if (said := _leaning(one.strip(), has_numbers=has_numbers))}


def _leaning(key: str, *, has_numbers: bool) -> str:
    """0 and 1 are numbers where there are others."""
    if has_numbers and key[:1] in "01":
        return ""
    said = consent.of_word(key)
    if key in cells.YES or consent.is_willing(key) or said == consent.SUBSCRIBED:
        return "yes"
    return "no" if key in cells.NO or said == consent.UNKNOWN or said.reason else ""


def _value(counts: ValueCounts, key: str, slot: _Slot) -> Value:
    column, is_open = counts.column, counts.is_open(key)
    says = column.read(slot.cell)
    named = FILLED if key in {_DATES, _OTHERS} else key
    known = "" if is_open else meaning(says) or ""
    is_said = column.means is not None and column.means.says(slot.cell) is not None
    proposed = "" if slot.doubted else _proposed(column, key, slot)
    return Value(named, _shown(key, slot), slot.rows, known, proposed, is_open, is_said)


def _shown(key: str, slot: _Slot) -> str:
    return {EMPTY: "(empty)", _DATES: "(a date)", _OTHERS: "(any other value)"}.get(key) or redact(slot.shown)


def _proposed(column: Column, key: str, slot: _Slot) -> str:
    word, no = consent.of_phrase(slot.cell), headings.refuses(column.heading)
    if word != consent.NOTHING:
        return meaning(word) or ""
    if column.is_elsewhere or headings.is_unsure(column.heading):
        return ""
    if not no and not headings.wants(column.heading):
        return ""
    if key == _OTHERS and headings.explains(column.heading):
        return meaning(Says(no)) or ""
    if key in cells.YES or key == _DATES:
        return meaning(Says(no)) or "" if no else Meaning.SUBSCRIBED
    if key in cells.NO or (key == EMPTY and no):
        return Meaning.SUBSCRIBED if no else Meaning.UNSUBSCRIBED
    return ""


def _joined(values: Iterable[Value]) -> list[Value]:
    """Dates and other values are answered as one."""
    found: dict[str, Value] = {}
    for value in values:
        before = found.get(value.key)
        found[value.key] = value if before is None else _both(before, value)
    return sorted(found.values(), key=lambda value: -value.rows)


def _both(one: Value, other: Value) -> Value:
    means, would = one.means if one.means == other.means else "", one.would_mean or other.would_mean
    is_open, is_said = one.is_open or other.is_open, one.is_said or other.is_said
    return Value(one.key, "(any other value)", one.rows + other.rows, means, would, is_open, is_said)
