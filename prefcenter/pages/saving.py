"""What a save on the preference page asks for: read from its form, told apart into less and more, and stored."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from django.utils.translation import gettext as _

from unsubscribe import actions, rules
from unsubscribe.actions import Wanted
from unsubscribe.choices import PreferenceState
from unsubscribe.models import ConsentEvent
from unsubscribe.queries import Choice, PreferenceSheet
from unsubscribe.rules import Chosen

from .forms import PAUSES
from .sheet_form import PreferencesForm
from .visits import Visit

#: Save; pause for so many days; resume everything, or one choice by its key.
_DO = re.compile(rf"save|pause-({'|'.join(str(days) for days, _label in PAUSES)})|resume(-[0-9]+-[a-z]+)?")


class Pause(NamedTuple):
    """Of everything, until a day; None resumes."""

    until: date | None


class Wish(NamedTuple):
    """All that a save asks for. It is false where that is nothing."""

    wanted: Sequence[Wanted] = ()
    pause: Pause | None = None

    def __bool__(self) -> bool:
        return bool(self.wanted or self.pause)


def is_asked(visit: Visit) -> bool:
    """Whether a button was pressed that saves: whichever it is, what was touched beside it is saved with it."""
    return _DO.fullmatch(visit.do) is not None


def less_and_more(sent: PreferencesForm, visit: Visit) -> tuple[Wish, Wish]:
    """What was asked for that brings less mail than what holds, or as much, and what brings more. Of one choice both
    may be asked: less often, and no pause."""
    return _by_weight(_wish(sent, visit), sent.sheet)


def store(wish: Wish, visit: Visit) -> list[ConsentEvent]:
    """The events by which something changed. Raises MayNotLift."""
    origin = visit.origin(_wording(visit.do))
    events = actions.set_preferences(wish.wanted, origin)
    if wish.pause:
        whole = visit.target._replace(category_id=None)
        events += actions.pause([whole], origin, until=wish.pause.until)
    return events


def _wish(sent: PreferencesForm, visit: Visit) -> Wish:
    """What was touched, and the break that the button begins or ends; none of what is not in its list."""
    verb, _dash, value = visit.do.partition("-")
    key: str | None = value if verb == "resume" else sent.cleaned_data.get("pause")
    until = visit.today + timedelta(days=int(value)) if verb == "pause" else None
    if verb == "save" or key is None:
        return Wish(sent.wanted(visit.target))
    return Wish(sent.wanted(visit.target, pauses={key: until}), None if key else Pause(until))


def _wording(do: str) -> str:
    """What stood on the button."""
    verb, _dash, value = do.partition("-")
    if verb == "pause":
        return str(dict(PAUSES)[int(value)])
    return _("Resume now") if verb == "resume" else _("Save")


def _by_weight(wish: Wish, sheet: PreferenceSheet) -> tuple[Wish, Wish]:
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
