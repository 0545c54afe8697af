"""Tells what a save asks less of from what it asks more of. It changes nothing."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from unsubscribe import rules
from unsubscribe.actions import Wanted
from unsubscribe.choices import PreferenceState
from unsubscribe.queries import Choice, PreferenceSheet
from unsubscribe.rules import Chosen


class Pause(NamedTuple):
    """Of everything, until a day; None resumes."""

    until: date | None


class Wish(NamedTuple):
    """All that a save asks for. It is false where that is nothing."""

    wanted: Sequence[Wanted] = ()
    pause: Pause | None = None

    def __bool__(self) -> bool:
        return bool(self.wanted or self.pause)


def by_weight(wish: Wish, sheet: PreferenceSheet) -> tuple[Wish, Wish]:
    """What brings less mail than what holds by this sheet, or as much, and what brings more. Of one choice both may
    be asked: less often, and no pause."""
    less, more = [], []
    by_key = {(one.category.pk, one.channel): one for one in sheet.choices}
    for one in wish.wanted:
        lighter, heavier = _halves(one, by_key[one.category_id, one.channel])  # type: ignore[index]  # a form names it
        less += [one._replace(change=lighter)] if lighter else []
        more += [one._replace(change=heavier)] if heavier else []
    is_sooner = wish.pause is not None and rules.ends_sooner(sheet.paused_until, wish.pause.until)
    return Wish(less, None if is_sooner else wish.pause), Wish(more, wish.pause if is_sooner else None)


def _halves(one: Wanted, choice: Choice) -> tuple[dict[str, object], dict[str, object]]:
    """A yes is one with all that stands beside it: how often, and that no pause holds it up."""
    if one.change.get("state") == PreferenceState.SUBSCRIBED:
        return {}, dict(one.change)
    state = PreferenceState.SUBSCRIBED if choice.is_subscribed else PreferenceState.UNSUBSCRIBED
    before = Chosen(state, choice.frequency, choice.paused_until)
    heavier = {
        name: value for name, value in one.change.items() if rules.is_more(before, before._replace(**{name: value}))
    }
    return {name: value for name, value in one.change.items() if name not in heavier}, heavier
