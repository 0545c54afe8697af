"""Puts a consent event into a sentence about the contact, for staff and proofs. Emails and pages speak to the contact:
unsubscribe.outbox.wording."""

from collections.abc import Sequence
from typing import Any

from django.db.models import TextChoices

from unsubscribe.choices import EventKind, PreferenceState, SuppressionReason
from unsubscribe.outbox.wording import Facts, by_channel, describe

_STATES = {
    PreferenceState.SUBSCRIBED: "Subscribed to {}.",
    PreferenceState.UNSUBSCRIBED: "Unsubscribed from {}.",
    PreferenceState.UNSPECIFIED: "The earlier setting for {} is back.",
}


def about_contact(kind: str, before: Facts, after: Facts, *, category: str, channel: str) -> str:
    """The step from `before` to `after` (ledger.events) in one or two sentences; "" where they say nothing.

    category: its name; "" for a change of everything
    Raises ValueError for a state or frequency that there is not, and whatever a shape unlike ledger.events leads to.
    """
    if kind == EventKind.AGAIN:
        return "The same opt-out was repeated in another way."
    if found := after.get("suppressed"):
        return f"Suppressed: {reasons(found)}."
    if found := before.get("suppressed"):
        return f"Suppression lifted: {reasons(found)}."
    if kind == EventKind.ACCESS:
        return "The contact received a copy of all data held about them."
    if kind == EventKind.JOIN:
        return _joined(after)
    said = (
        _state(before, after, name=f"“{category}” {by_channel(channel)}"),
        _less_or_more(before, after, category=category, channel=channel),
    )
    return " ".join(one for one in said if one)


def label(choices: type[TextChoices], code: Any) -> str:
    """The label of a code; any other value as text."""
    try:
        return str(choices(code).label)
    except ValueError:
        return str(code)


def reasons(codes: Sequence[Any]) -> str:
    """Of suppressions: their labels, with commas between them."""
    return ", ".join(label(SuppressionReason, one) for one in codes)


def _state(before: Facts, after: Facts, *, name: str) -> str:
    """Of a category, where the event has changed it or was about an opt-out."""
    state = after.get("state")
    if state == before.get("state"):
        return f"Still unsubscribed from {name}." if state == PreferenceState.UNSUBSCRIBED else ""
    return _STATES[PreferenceState(state)].format(name) if state else ""


def _less_or_more(before: Facts, after: Facts, *, category: str, channel: str) -> str:
    """How often, and the pause: said of the category, so the contact is told the same."""
    if after.get("state") == PreferenceState.UNSUBSCRIBED:
        return ""
    less = {name: value for name, value in after.items() if name != "state"}
    return describe(before, less, category=category, channel=channel)


def _joined(after: Facts) -> str:
    """Whether an address is theirs (law 11)."""
    if "agreed" in after:
        return "One of the two addresses confirmed that they belong together. The other has to confirm it as well."
    if after.get("is_theirs"):
        return "Confirmed: the address belongs to the contact."
    return (
        "The address doesn’t belong to the contact. It is now a contact of its own, and every opt-out stays with both."
    )
