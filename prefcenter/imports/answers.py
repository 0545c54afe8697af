"""What somebody said that the values of a column mean. It is kept by the column's heading, for the next import."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import Any, NamedTuple

from prefcenter.models import ImportAnswer
from unsubscribe.addresses import redact
from unsubscribe.choices import SuppressionReason

from . import cells, headings, saying
from .moments import DateOrder
from .saying import Says

LONGEST = 100
#: Stand for every cell that is empty, or a NULL; and for every other that is not named.
EMPTY, FILLED = "empty", "filled"
IGNORE = "ignore"
ORDERS = tuple(order.value for order in DateOrder)


class Meaning(StrEnum):
    """IGNORE: the value says neither. The line is no opt-out, unless another column says so."""

    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINT = "complaint"
    HARD_BOUNCE = "hard_bounce"
    MANUAL = "manual"
    IGNORE = "ignore"


_SAYS = {
    Meaning.SUBSCRIBED: saying.SUBSCRIBED,
    Meaning.UNSUBSCRIBED: Says(SuppressionReason.UNSUBSCRIBED_ALL),
    Meaning.COMPLAINT: Says(SuppressionReason.COMPLAINT),
    Meaning.HARD_BOUNCE: Says(SuppressionReason.HARD_BOUNCE),
    Meaning.MANUAL: Says(SuppressionReason.MANUAL),
    Meaning.IGNORE: saying.IGNORED,
}
_MEANING = {says: meaning for meaning, says in _SAYS.items()}


class NotUnderstood(ValueError):
    """What was said of a column cannot be read. The text says why, and quotes nothing but that."""


@dataclass(frozen=True)
class Means:
    """`values` by the folded cell, EMPTY or FILLED; `is_ignored`: the column says nothing at all about opting out;
    `order`: how its dates are read, one of ORDERS, where the column is one of dates."""

    values: Mapping[str, Meaning] = field(default_factory=dict)
    is_ignored: bool = False
    order: str = ""

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

    def with_more(self, more: "Means") -> "Means":
        """This, and what was said later; that goes before."""
        if more.is_ignored or (self.is_ignored and more.values):
            return more
        return Means({**self.values, **more.values}, self.is_ignored, more.order or self.order)

    @property
    def as_json(self) -> dict[str, Any]:
        return {"values": {cell: one.value for cell, one in self.values.items()}} | (
            ({IGNORE: True} if self.is_ignored else {}) | ({"order": self.order} if self.order else {})
        )

    @classmethod
    def of_json(cls, found: Mapping[str, Any]) -> "Means":
        values = {cell: Meaning(one) for cell, one in found.get("values", {}).items()}
        return cls(values, found.get(IGNORE, False), found.get("order", ""))


class Answers(NamedTuple):
    """By the `key` of the heading. `said` for this very import goes before what is `kept`."""

    kept: Mapping[str, Means] = {}
    said: Mapping[str, Means] = {}

    def with_orders(self, found: Mapping[str, str]) -> "Answers":
        """And how the dates of these columns are read, as they show themselves."""
        more = {name: self.said.get(name, Means()).with_more(Means(order=order)) for name, order in found.items()}
        return Answers(self.kept, {**self.said, **more})

    def of(self, name: str) -> Means | None:
        if name in self.kept and name in self.said:
            return self.kept[name].with_more(self.said[name])
        return self.said.get(name) or self.kept.get(name)


def key(heading: str) -> str:
    """By what an answer is kept: the name of the column, without an address that may stand in its heading."""
    return redact(headings.name_of(heading))[:LONGEST]


def meaning(says: Says) -> Meaning | None:
    return _MEANING.get(says)


def parse(text: str) -> Means:
    """Reads "true=subscribed,false=unsubscribed", "filled=unsubscribed,empty=subscribed", "ignore", "day-first".

    A value with a comma in it stands in quotes, with its meaning: '"no, never=unsubscribed"'. Raises NotUnderstood.
    """
    values: dict[str, Meaning] = {}
    words: list[str] = []
    for token in chain.from_iterable(csv.reader(text.splitlines(), skipinitialspace=True)):
        value, is_there, meant = token.rpartition("=")
        if is_there:
            name, found = cells.folded(value) or EMPTY, _meaning(meant)
            if values.setdefault(name, found) != found:
                raise NotUnderstood(f"“{redact(value.strip())}” is said to mean two things: please say one of them.")
        elif token.strip():
            words.append(_word(token))
    if not values and not words:
        raise NotUnderstood("It is not said what the values mean, as in “true=subscribed,false=unsubscribed”.")
    if IGNORE in words and values:
        raise NotUnderstood("A column is ignored as a whole, or its values mean something: please say one of them.")
    return Means(values, IGNORE in words, next((one for one in words if one in ORDERS), ""))


def in_words(means: Mapping[str, Any]) -> str:
    """As they are kept, in one line: true: subscribed; false: unsubscribed."""
    found = Means.of_json(means)
    if found.is_ignored:
        return "does not say who opted out"
    return "; ".join([*(f"{cell}: {one}" for cell, one in found.values.items()), *filter(None, [found.order])])


def kept() -> dict[str, Means]:
    rows = ImportAnswer.objects.values_list("heading", "means")
    return {heading: Means.of_json(means) for heading, means in rows}


def keep(said: Mapping[str, Means], *, shown: Mapping[str, str], actor: str, now: datetime) -> None:
    """`shown`: the headings as they stand in the file, by their keys. What was kept is completed, or replaced."""
    answers = Answers(kept(), said)
    for name in said:
        means = answers.of(name)
        if means is not None:
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
        raise NotUnderstood(f"“{redact(text)}” is no meaning. There are: {_listed(Meaning)}.") from None


def _word(token: str) -> str:
    word = cells.folded(token).replace("_", "-")
    if word not in {IGNORE, *ORDERS}:
        known = _listed([IGNORE, *ORDERS])
        raise NotUnderstood(f"“{redact(token)}” is not understood: say value=meaning, or one of {known}.")
    return word


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)
