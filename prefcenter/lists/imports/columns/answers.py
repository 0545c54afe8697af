"""What staff or a command said that the values of a column mean, kept by the column's heading for later imports."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import Any, NamedTuple

from prefcenter.models import ImportAnswer
from unsubscribe.addresses import redact
from unsubscribe.choices import SuppressionReason

from . import cells, consent, headings
from .consent import Says
from .dates import DateOrder

#: Letters of a heading that are kept.
LONGEST = 100
#: In place of a value: every cell that is empty or a NULL; every other cell that is not named.
EMPTY, FILLED = "empty", "filled"
#: The column says nothing. As a Meaning, the value doesn't.
IGNORE = "ignore"
#: How the dates of a column are read.
ORDERS = tuple(order.value for order in DateOrder)
#: Of a column of dates: cells that can't be read as dates are none, and what their rows say counts as said now.
UNDATED = "undated"
#: The column holds another address of the same contact.
ADDRESS = "address"
_WORDS = (IGNORE, *ORDERS, UNDATED, ADDRESS)


class Meaning(StrEnum):
    """What a value of a column can mean; stored in ImportAnswer.means and ImportRun.answers."""

    #: A yes: the row is no opt-out, unless another column says so.
    SUBSCRIBED = "subscribed"
    #: As the SuppressionReason unsubscribed_all; the next three are called as their reasons.
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINT = "complaint"
    HARD_BOUNCE = "hard_bounce"
    MANUAL = "manual"
    #: Neither a yes nor a no; the row is no opt-out, unless another column says so.
    IGNORE = "ignore"


_SAYS = {
    Meaning.SUBSCRIBED: consent.SUBSCRIBED,
    Meaning.UNSUBSCRIBED: Says(SuppressionReason.UNSUBSCRIBED_ALL),
    Meaning.COMPLAINT: Says(SuppressionReason.COMPLAINT),
    Meaning.HARD_BOUNCE: Says(SuppressionReason.HARD_BOUNCE),
    Meaning.MANUAL: Says(SuppressionReason.MANUAL),
    Meaning.IGNORE: consent.IGNORED,
}
_MEANING = {says: meaning for meaning, says in _SAYS.items()}


class NotUnderstood(ValueError):
    """What was said of a column can't be read. The text says why, for people, and quotes only what was said."""


@dataclass(frozen=True)
class ColumnAnswer:
    """What was said of one column."""

    #: By the folded cell, EMPTY or FILLED.
    values: Mapping[str, Meaning] = field(default_factory=dict)
    #: See IGNORE; nothing else is said then.
    is_ignored: bool = False
    #: Of a column of dates, one of ORDERS; "" where nothing was said.
    order: str = ""
    #: See UNDATED.
    is_undated: bool = False
    #: See ADDRESS; nothing else is said then.
    is_address: bool = False

    def says(self, cell: str) -> Says | None:
        """What a folded cell says; None if nothing was said of it.

        FILLED does not stand for a "no": in a column of dates a "false" means something else, and is asked about.
        """
        found = self.values.get(cell)
        if found is None and cells.is_empty(cell):
            found = self.values.get(EMPTY)
        elif found is None and cell not in cells.NO:
            found = self.values.get(FILLED)
        return None if found is None else _SAYS[found]

    def with_more(self, more: "ColumnAnswer") -> "ColumnAnswer":
        """This together with what was said later, which goes before."""
        if more.is_alone or self.is_address or (self.is_ignored and more.values):
            return more
        values = {**self.values, **more.values}
        return ColumnAnswer(values, self.is_ignored, more.order or self.order, self.is_undated or more.is_undated)

    @property
    def is_alone(self) -> bool:
        """Nothing else can be said beside it."""
        return self.is_ignored or self.is_address

    @property
    def says_no_if_filled(self) -> bool:
        """Whether every filled cell is a no, as in a column of dates."""
        found = self.values.get(FILLED)
        return found is not None and _SAYS[found].reason is not None

    @property
    def without_addresses(self) -> "ColumnAnswer":
        """The same without values that are addresses, as it may be kept."""
        return replace(self, values={cell: one for cell, one in self.values.items() if not cells.is_address(cell)})

    def contradicts(self, other: "ColumnAnswer") -> bool:
        """Whether the two can't both be said of one column."""
        if self.is_alone or other.is_alone:
            return self != other
        both = self.values.keys() & other.values.keys()
        orders = {one.order for one in (self, other) if one.order}
        return len(orders) > 1 or any(self.values[cell] != other.values[cell] for cell in both)

    @property
    def as_json(self) -> dict[str, Any]:
        """The stored shape: "values" always, the others only where they were said.

        values:  {folded cell, "empty" or "filled": a Meaning}
        ignore:  true
        order:   one of ORDERS
        undated: true
        address: true
        """
        flags = {IGNORE: self.is_ignored, "order": self.order, UNDATED: self.is_undated, ADDRESS: self.is_address}
        said = {name: value for name, value in flags.items() if value}
        return {"values": {cell: one.value for cell, one in self.values.items()}} | said

    @classmethod
    def of_json(cls, found: Mapping[str, Any]) -> "ColumnAnswer":
        """What `as_json` stored, in this version or an earlier one."""
        values = {cell: Meaning(one) for cell, one in found.get("values", {}).items()}
        flags = found.get(UNDATED, False), found.get(ADDRESS, False)
        return cls(values, found.get(IGNORE, False), found.get("order", ""), *flags)


class Answers(NamedTuple):
    """What is known of the columns of a file, by the `key` of their headings."""

    #: Of earlier files.
    kept: Mapping[str, ColumnAnswer] = {}
    #: For this import; it goes before.
    said: Mapping[str, ColumnAnswer] = {}

    def with_orders(self, found: Mapping[str, str]) -> "Answers":
        """These, with the orders of dates that columns show themselves, by `key`."""
        more = {
            name: self.said.get(name, ColumnAnswer()).with_more(ColumnAnswer(order=order))
            for name, order in found.items()
        }
        return Answers(self.kept, {**self.said, **more})

    def of(self, name: str) -> ColumnAnswer | None:
        """What is known of the column with this `key`; None if nothing is."""
        if name in self.kept and name in self.said:
            return self.kept[name].with_more(self.said[name])
        return self.said.get(name) or self.kept.get(name)


def key(heading: str) -> str:
    """The key by which answers about a column are kept: headings.name_of, shortened to LONGEST."""
    return headings.name_of(heading)[:LONGEST]


def meaning(says: Says) -> Meaning | None:
    """The Meaning of what a cell says; None for NOTHING and UNKNOWN."""
    return _MEANING.get(says)


def parse(text: str) -> ColumnAnswer:
    """Reads an answer as commands and the admin take it.

    text: "true=subscribed,false=unsubscribed", "filled=unsubscribed,empty=subscribed", or words such as "ignore". A
          value with a comma in it stands in quotes with its meaning: '"no, never=unsubscribed"'

    Raises NotUnderstood.
    """
    values: dict[str, Meaning] = {}
    words: list[str] = []
    for token in chain.from_iterable(csv.reader(text.splitlines(), skipinitialspace=True)):
        value, is_there, meant = token.rpartition("=")
        if is_there and cells.is_address(cells.folded(value)):
            raise NotUnderstood("An address can’t be a value in a column that says who opted out.")
        if is_there:
            name, found = cells.folded(value) or EMPTY, _meaning(meant)
            if values.setdefault(name, found) != found:
                raise NotUnderstood(f"“{redact(value.strip())}” was given two meanings. Choose one.")
        elif token.strip():
            words.append(_word(token))
    if not values and not words:
        raise NotUnderstood("Say what the values mean, for example “true=subscribed,false=unsubscribed”.")
    orders = [one for one in dict.fromkeys(words) if one in ORDERS]
    means = ColumnAnswer(values, IGNORE in words, "".join(orders[:1]), UNDATED in words, ADDRESS in words)
    if len(orders) > 1 or (means.is_alone and (values or len(set(words)) > 1)):
        raise NotUnderstood("These answers contradict each other. Choose one.")
    return means


def in_words(means: Mapping[str, Any]) -> str:
    """An `as_json` for people, in one line: true: subscribed; false: unsubscribed."""
    found = ColumnAnswer.of_json(means)
    if found.is_ignored:
        return "doesn’t say who opted out"
    if found.is_address:
        return "contains another address of the same person"
    words = [found.order, "values that aren’t dates count as now" if found.is_undated else ""]
    return "; ".join([*(f"{cell}: {one}" for cell, one in found.values.items()), *filter(None, words)])


def kept() -> dict[str, ColumnAnswer]:
    """All answers that were kept, by `key`."""
    rows = ImportAnswer.objects.values_list("heading", "means")
    return {heading: ColumnAnswer.of_json(means) for heading, means in rows}


def keep(said: Mapping[str, ColumnAnswer], *, shown: Mapping[str, str], actor: str, now: datetime) -> None:
    """Keeps answers for later files; what was kept of the same columns is completed, or replaced. Without addresses.

    said:  by `key`
    shown: the headings as they stand in the file, by `key`
    actor: "staff 7", or the name of a command
    now:   aware
    """
    answers = Answers(kept(), said)
    for name in said:
        means = answers.of(name)
        if means is not None:
            means = means.without_addresses
            ImportAnswer.objects.update_or_create(
                heading=name,
                defaults={
                    "shown": redact(shown.get(name, name))[:LONGEST],
                    "means": means.as_json,
                    "answered_by": actor,
                    "answered_at": now,
                },
            )


def _meaning(text: str) -> Meaning:
    try:
        return Meaning(cells.folded(text).replace("-", "_"))
    except ValueError:
        raise NotUnderstood(f"“{redact(text)}” is not a meaning. Use one of: {_listed(Meaning)}.") from None


def _word(token: str) -> str:
    word = cells.folded(token).replace("_", "-")
    if word not in _WORDS:
        raise NotUnderstood(f"“{redact(token)}” is not valid. Use value=meaning, or one of: {_listed(_WORDS)}.")
    return word


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)
