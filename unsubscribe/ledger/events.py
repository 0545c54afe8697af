"""What `before` and `after` of an event hold: their stored shapes, and how they are made and read.

The kinds of events, and what their before and after are:

OPT_OUT, OPT_IN, OPT_DOWN, OPT_UP of a category   ChoiceData, ChoiceData
PAUSE, RESUME                     of a category   ChoiceData, ChoiceData
                                  of everything   PauseData, PauseData
OPT_OUT                           of everything   SuppressionData (empty), SuppressionData
SUPPRESS                                          SuppressionData (empty), SuppressionData
LIFT                                              SuppressionData, SuppressionData (empty)
AGAIN                                             ChoiceData or SuppressionData, twice the same
ERASE                                             NoData, SuppressionData
ACCESS                                            NoData, NoData
JOIN                                              NoData, JoinData

Stored events never change, so a key may be added to a shape and none taken out. The feed, webhooks, the export and
proofs hand them on as they are; outbox.wording and facts.joins, which stand below, read the same keys.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NotRequired, TypedDict

from ..choices import Frequency, PreferenceState, SuppressionReason
from ..rules import Chosen


class ChoiceData(TypedDict):
    """What holds for one category on one channel."""

    #: A PreferenceState.
    state: str
    #: A Frequency. Not in what stays off when a contact comes back to something else (actions.resubscribing).
    frequency: NotRequired[str]
    #: The first day without a pause, as YYYY-MM-DD; None is no pause. Left out as `frequency` is.
    paused_until: NotRequired[str | None]


class PauseData(TypedDict):
    """A pause of everything that the contact gets."""

    #: As in ChoiceData.
    paused_until: str | None


class SuppressionData(TypedDict):
    """Which suppression of the event's address begins or ends."""

    #: One SuppressionReason, or none.
    suppressed: list[str]
    #: Before a LIFT: whether the suppression held for every address of the contact, also for those learned later.
    everywhere: NotRequired[bool]


class JoinData(TypedDict, total=False):
    """An answer about an address that a sender joined to a contact. One of the two keys."""

    #: Whether it is the contact's; False where it became a contact of its own.
    is_theirs: bool
    #: Whose yes it was, where a second one is missing: facts.joins.CONTACT or facts.joins.JOINED.
    agreed: str


class NoData(TypedDict):
    """No keys."""


EventData = ChoiceData | PauseData | SuppressionData | JoinData | NoData


def choice(chosen: Chosen) -> ChoiceData:
    """As an event stores what holds for a category."""
    return {"state": chosen.state, "frequency": chosen.frequency, "paused_until": _text(chosen.paused_until)}


def pause(until: date | None) -> PauseData:
    """As an event stores a pause of everything; None is none."""
    return {"paused_until": _text(until)}


def suppressed(*reasons: SuppressionReason | str) -> SuppressionData:
    """As an event stores for what reasons an address is suppressed; none of them: it is not."""
    return {"suppressed": list(reasons)}


def suppressed_until_now(reason: SuppressionReason | str, *, everywhere: bool) -> SuppressionData:
    """As `suppressed`, for what a LIFT ends; `everywhere`: at every address of the contact."""
    return {"suppressed": [reason], "everywhere": everywhere}


def chosen_in(data: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of rules.Chosen that a ChoiceData or PauseData holds."""
    read: dict[str, Callable[[Any], Any]] = {"state": PreferenceState, "frequency": Frequency, "paused_until": day}
    return {name: read[name](value) for name, value in data.items()}


def day(text: str | None) -> date | None:
    """A stored `paused_until`, read back."""
    return date.fromisoformat(text) if text else None


def _text(until: date | None) -> str | None:
    return until.isoformat() if until else None
