"""Puts the codes and changes of a record into English, whatever the active language."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import TextChoices

from unsubscribe.choices import Channel, EventKind, Frequency, PreferenceState, SuppressionReason
from unsubscribe.facts.joins import JOINED
from unsubscribe.outbox.wording import describe

#: For an event that was changed into what cannot be described.
ODD = "This event contains something this software never writes."


def label(choices: type[TextChoices], code: Any) -> str:
    """The label of a code; any other value as text."""
    try:
        return str(choices(code).label)
    except ValueError:
        return str(code)


def what(kind: str, before: Any, after: Any, *, category: str, channel: str) -> str:
    """An event as one sentence; "" where nothing but `before` and `after` can be said, ODD for unknown shapes."""
    try:
        if kind == EventKind.AGAIN:
            return "The same opt-out was repeated in another way."
        if reasons := after.get("suppressed"):
            return f"Suppressed: {_reasons(reasons)}."
        if reasons := before.get("suppressed"):
            return f"Suppression lifted: {_reasons(reasons)}."
        if kind == EventKind.ACCESS:
            return "The contact received a copy of all data held about them."
        if kind == EventKind.JOIN:
            if "agreed" in after:
                return "One of the two addresses confirmed that they belong together."
            return "The address was confirmed." if after.get("is_theirs") else "The address was removed again."
        return describe(before, after, category=category, channel=Channel(channel))
    except (ValueError, TypeError, LookupError, AttributeError):
        return ODD


def facts(known: Any) -> str:
    """An event's `before` or `after` in words; unknown keys and values as text."""
    try:
        said = [say(known[name]) for name, say in _FACTS.items() if name in known]
        said += [f"{name}: {value}" for name, value in sorted(known.items()) if name not in _FACTS]
    except (TypeError, AttributeError):
        return str(known)
    return "; ".join(one for one in said if one)


def _reasons(reasons: Sequence[Any]) -> str:
    return ", ".join(label(SuppressionReason, one) for one in reasons)


_FACTS: dict[str, Callable[[Any], str]] = {
    "state": lambda value: label(PreferenceState, value),
    "frequency": lambda value: label(Frequency, value),
    "paused_until": lambda value: f"Paused until {value}" if value else "No pause",
    "suppressed": lambda value: f"Suppressed: {_reasons(value)}" if value else "Not suppressed",
    "everywhere": lambda value: "All addresses" if value else "",
    "is_theirs": lambda value: "Theirs" if value else "Not theirs",
    "agreed": lambda value: (
        "Confirmed by the added address" if value == JOINED else "Confirmed by the contact's address"
    ),
}
