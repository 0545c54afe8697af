"""What somebody said that the values of a column mean. It is kept by the column's heading, for the next import."""

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

LONGEST = 100
#: Stand for every cell that is empty, or a NULL; and for every other that is not named.
EMPTY, FILLED = "empty", "filled"
IGNORE = "ignore"
ORDERS = tuple(order.value for order in DateOrder)
#: Of a column of dates: those that cannot be read are none, and what their rows say counts as said now.
UNDATED = "undated"
#: Of any column: it holds another address of the same person.
ADDRESS = "address"
_WORDS = (IGNORE, *ORDERS, UNDATED, ADDRESS)


class Meaning(StrEnum):
    """IGNORE: the value says neither. The line is no opt-out, unless another column says so."""

    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINT = "complaint"
    HARD_BOUNCE = "hard_bounce"
    MANUAL = "manual"
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
    """What was said of a column cannot be read. The text says why, and quotes nothing but that."""


@dataclass(frozen=True)
class ColumnAnswer:
    """`values` by the folded cell, EMPTY or FILLED; `is_ignored`: the column is not looked at; `order`: how its dates
    are read, one of ORDERS, where the column is one of dates; `is_undated`, `is_address`: see UNDATED and ADDRESS."""

    values: Mapping[str, Meaning] = field(default_factory=dict)
    is_ignored: bool = False
    order: str = ""
    is_undated: bool = False
    is_address: bool = False

    def says(self, cell: str) -> Says | None:
        """What a folded cell says; None if nobody has said what it means.

        FILLED does not stand for a "no": in a column of dates a "false" means something else, and is asked about.
        """
        found = self.values.get(cell)
        if found is None and cells.is_empty(cell):
            found = self.values.get(EMPTY)
        elif found is None and cell not in cells.NO:
            found = self.values.get(FILLED)
        return None if found is None else _SAYS[found]

    def with_more(self, more: "ColumnAnswer") -> "ColumnAnswer":
        """This, and what was said later; that goes before."""
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
        found = self.values.get(FILLED)
        return found is not None and _SAYS[found].reason is not None

    @property
    def without_addresses(self) -> "ColumnAnswer":
        return replace(self, values={cell: one for cell, one in self.values.items() if not cells.is_address(cell)})

    def contradicts(self, other: "ColumnAnswer") -> bool:
        """Whether both cannot be said of one column at the same time."""
        if self.is_alone or other.is_alone:
            return self != other
        both = self.values.keys() & other.values.keys()
        orders = {one.order for one in (self, other) if one.order}
        return len(orders) > 1 or any(self.values[cell] != other.values[cell] for cell in both)

    @property
    def as_json(self) -> dict[str, Any]:
        flags = {IGNORE: self.is_ignored, "order": self.order, UNDATED: self.is_undated, ADDRESS: self.is_address}
        said = {name: value for name, value in flags.items() if value}
        return {"values": {cell: one.value for cell, one in self.values.items()}} | said

    @classmethod
    def of_json(cls, found: Mapping[str, Any]) -> "ColumnAnswer":
        values = {cell: Meaning(one) for cell, one in found.get("values", {}).items()}
        flags = found.get(UNDATED, False), found.get(ADDRESS, False)
        return cls(values, found.get(IGNORE, False), found.get("order", ""), *flags)


class Answers(NamedTuple):
    """By the `key` of the heading. `said` for this very import goes before what is `kept`."""

    kept: Mapping[str, ColumnAnswer] = {}
    said: Mapping[str, ColumnAnswer] = {}

    def with_orders(self, found: Mapping[str, str]) -> "Answers":
        """And how the dates of these columns are read, as they show it themselves."""
        more = {
            name: self.said.get(name, ColumnAnswer()).with_more(ColumnAnswer(order=order))
            for name, order in found.items()
        }
        return Answers(self.kept, {**self.said, **more})

    def of(self, name: str) -> ColumnAnswer | None:
        if name in self.kept and name in self.said:
            return self.kept[name].with_more(self.said[name])
        return self.said.get(name) or self.kept.get(name)


def key(heading: str) -> str:
    """By what an answer is kept: the name of the column."""
    return headings.name_of(heading)[:LONGEST]


def meaning(says: Says) -> Meaning | None:
    return _MEANING.get(says)


def parse(text: str) -> ColumnAnswer:
    """Reads "true=subscribed,false=unsubscribed", "filled=unsubscribed,empty=subscribed", or words such as "ignore".

    A value with a comma in it stands in quotes, with its meaning: '"no, never=unsubscribed"'. Raises NotUnderstood.
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
    """As they are kept, in one line: true: subscribed; false: unsubscribed."""
    found = ColumnAnswer.of_json(means)
    if found.is_ignored:
        return "doesn’t say who opted out"
    if found.is_address:
        return "contains another address of the same person"
    words = [found.order, "values that aren’t dates count as now" if found.is_undated else ""]
    return "; ".join([*(f"{cell}: {one}" for cell, one in found.values.items()), *filter(None, words)])


def kept() -> dict[str, ColumnAnswer]:
    rows = ImportAnswer.objects.values_list("heading", "means")
    return {heading: ColumnAnswer.of_json(means) for heading, means in rows}


def keep(said: Mapping[str, ColumnAnswer], *, shown: Mapping[str, str], actor: str, now: datetime) -> None:
    """`shown`: the headings as they stand in the file, by their keys. What was kept is completed, or replaced."""
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
