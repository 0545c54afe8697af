"""Puts the codes and changes of a record into English, whatever the active language."""

from collections.abc import Callable
from typing import Any

from unsubscribe.choices import Frequency, PreferenceState
from unsubscribe.facts.joins import JOINED

from ..event_wording import about_contact, label, reasons

#: For an event that was changed into what cannot be described.
ODD = "This event contains something this software never writes."


def what(kind: str, before: Any, after: Any, *, category: str, channel: str) -> str:
    """An event as a sentence or two; "" where nothing but `before` and `after` can be said, ODD for unknown shapes."""
    try:
        return about_contact(kind, before, after, category=category, channel=channel)
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


_FACTS: dict[str, Callable[[Any], str]] = {
    "state": lambda value: label(PreferenceState, value),
    "frequency": lambda value: label(Frequency, value),
    "paused_until": lambda value: f"Paused until {value}" if value else "No pause",
    "suppressed": lambda value: f"Suppressed: {reasons(value)}" if value else "Not suppressed",
    "everywhere": lambda value: "All addresses" if value else "",
    "is_theirs": lambda value: "Theirs" if value else "Not theirs",
    "agreed": lambda value: (
        "Confirmed by the added address" if value == JOINED else "Confirmed by the contact's address"
    ),
}
