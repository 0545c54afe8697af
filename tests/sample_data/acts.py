"""What people do by which door, as often as they do it, and what the staff, imports and providers do to them."""

import random
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import NamedTuple

from unsubscribe import rules
from unsubscribe.choices import Channel, EventKind, Frequency, PreferenceState, Source, SuppressionReason
from unsubscribe.models import Category
from unsubscribe.outbox import wording as sentences

from . import texts
from .person import NOTHING, Key, Line, Person
from .world import Mailing

OUT = {"state": PreferenceState.UNSUBSCRIBED}
IN = {"state": PreferenceState.SUBSCRIBED, "paused_until": None}
PAUSES = (30, 60, 90)
#: Of those who said no to everything few ever do anything again.
COMES_BACK_ONE_IN = 8


class Moment(NamedTuple):
    """`mailing`: the one that they have before them, if it is one. `staff` is who works at the desk."""

    at: datetime
    day: date
    mailing: Mailing | None
    categories: Sequence[Category]
    staff: int
    rng: random.Random


class Said(NamedTuple):
    """The lines of one wish; none if it changed nothing."""

    source: Source
    lines: Sequence[Line]
    actor: str = ""
    note: str = ""


Act = Callable[[Person, Moment], Said]


def _one_click(person: Person, moment: Moment) -> Said:
    return Said(Source.ONE_CLICK, _leave(person, moment, wording="one-click"))


def _page(person: Person, moment: Moment) -> Said:
    return Said(Source.PAGE, _leave(person, moment, wording="Unsubscribe"))


def _mailto(person: Person, moment: Moment) -> Said:
    return Said(Source.MAILTO, _leave(person, moment))


def _api(person: Person, moment: Moment) -> Said:
    return Said(Source.API, _leave(person, moment._replace(mailing=None)))


def _import(person: Person, moment: Moment) -> Said:
    return Said(Source.IMPORT, _leave(person, moment._replace(mailing=None)), note=texts.IMPORTED_FROM)


def _staff(person: Person, moment: Moment) -> Said:
    lines = _leave(person, moment._replace(mailing=None))
    return Said(Source.STAFF, lines, f"staff {moment.staff}", moment.rng.choice(texts.TOLD_BY_PHONE))


def _stop(person: Person, moment: Moment) -> Said:
    if Channel.SMS not in person.addresses:
        return Said(Source.SMS, [])
    key = _some(moment).pk, Channel.SMS.value
    return Said(Source.SMS, person.choose(key, OUT, at=moment.at, wording="STOP"))


def _everything(person: Person, moment: Moment) -> Said:
    campaign_id = moment.mailing.campaign_id if moment.mailing else None
    lines = person.block(
        SuppressionReason.UNSUBSCRIBED_ALL,
        person.addresses,
        source=Source.PAGE,
        at=moment.at,
        everywhere=True,
        campaign_id=campaign_id,
        wording="Unsubscribe from everything",
    )
    return Said(Source.PAGE, lines)


def _less(person: Person, moment: Moment) -> Said:
    """Slower by a step or two, or everything as sent again."""
    category = _some(moment)
    key = _email(category)
    slower = [one for one in Frequency if one.pace > person.choice(key).frequency.pace]
    frequency = moment.rng.choice(slower) if slower else Frequency.AS_SENT
    if not person.gets(key, needs_opt_in=category.needs_opt_in):
        return Said(Source.PAGE, [])
    wording = sentences.frequency_label(frequency)
    return Said(Source.PAGE, person.choose(key, {"frequency": frequency}, at=moment.at, wording=wording))


def _pause(person: Person, moment: Moment) -> Said:
    days = moment.rng.choice(PAUSES)
    until = moment.day + timedelta(days=days)
    if moment.rng.random() < 0.4:
        return Said(Source.PAGE, person.pause(until, wording=f"{days} days"))
    category = _some(moment)
    if not person.gets(_email(category), needs_opt_in=category.needs_opt_in):
        return Said(Source.PAGE, [])
    change = {"paused_until": until}
    return Said(Source.PAGE, person.choose(_email(category), change, at=moment.at, wording=f"{days} days"))


def _resume(person: Person, moment: Moment) -> Said:
    lines = person.pause(None, wording="Resume now")
    for key, (chosen, _) in list(person.chosen.items()):
        if chosen.paused_until:
            lines += person.choose(key, {"paused_until": None}, at=moment.at, wording="Resume now")
    return Said(Source.PAGE, lines)


def _yes(person: Person, moment: Moment) -> Said:
    category = _some(moment)
    given = [one.pk for one in moment.categories if not one.needs_opt_in]
    wording = (
        f"Would you like to get “{category.name}”? You can unsubscribe at any time with one tap. Yes, subscribe me"
    )
    lines = person.come_back(_email(category), IN, given=given, at=moment.at, wording=wording)
    return Said(Source.PAGE, lines)


def _complaint(person: Person, moment: Moment) -> Said:
    reason, source = SuppressionReason.COMPLAINT, Source.COMPLAINT
    return Said(source, person.block(reason, {Channel.EMAIL.value: person.email}, source=source, at=moment.at))


def _bounce(person: Person, moment: Moment) -> Said:
    reason, source = SuppressionReason.HARD_BOUNCE, Source.API
    return Said(source, person.block(reason, {Channel.EMAIL.value: person.email}, source=source, at=moment.at))


def _staff_block(person: Person, moment: Moment) -> Said:
    reason, email = SuppressionReason.MANUAL, {Channel.EMAIL.value: person.email}
    lines = person.block(reason, email, source=Source.STAFF, at=moment.at)
    return Said(Source.STAFF, lines, f"staff {moment.staff}", moment.rng.choice(texts.BLOCKED_BECAUSE))


def _staff_lift(person: Person, moment: Moment) -> Said:
    theirs = person.active([one for one in SuppressionReason if rules.may_lift(one, source=Source.STAFF)])[:1]
    note = moment.rng.choice(texts.LIFTED_BECAUSE)
    return Said(Source.STAFF, person.lift(theirs, at=moment.at), f"staff {moment.staff}", note)


def _erase(person: Person, moment: Moment) -> Said:
    return Said(Source.PAGE, person.erase(at=moment.at, source=Source.PAGE))


def _access(person: Person, moment: Moment) -> Said:
    return Said(Source.PAGE, [Line(EventKind.ACCESS, person.email, Channel.EMAIL.value, NOTHING, NOTHING)])


#: How often each is done: on any day, when a mailing is before them, and on a day of imports.
_ANY: dict[Act, float] = {
    _page: 12, _one_click: 10, _api: 4, _staff: 3, _stop: 5, _everything: 4, _less: 15, _pause: 9, _resume: 5,
    _yes: 22, _bounce: 3, _staff_block: 0.4, _staff_lift: 1, _erase: 0.3, _access: 0.5,
}  # fmt: skip
_MAILING: dict[Act, float] = {_one_click: 60, _page: 18, _mailto: 5, _everything: 4, _complaint: 3, _less: 8, _pause: 2}
_IMPORT: dict[Act, float] = {_import: 60, **_ANY}
_USUAL, _AFTER_A_MAILING, _WITH_IMPORTS = (
    (tuple(table), tuple(accumulate(table.values()))) for table in (_ANY, _MAILING, _IMPORT)
)


def draw(person: Person, moment: Moment, *, is_import_day: bool) -> Said:
    """What this contact does now; without lines if it is nothing after all."""
    if person.erased_at or (person.active() and moment.rng.randrange(COMES_BACK_ONE_IN)):
        return Said(Source.PAGE, [])
    acts, weights = _AFTER_A_MAILING if moment.mailing else _WITH_IMPORTS if is_import_day else _USUAL
    [act] = moment.rng.choices(acts, cum_weights=weights)
    return act(person, moment)


def _leave(person: Person, moment: Moment, *, wording: str = "") -> list[Line]:
    """Whoever does not get it does not leave it."""
    category, channel, campaign_id = _some(moment), Channel.EMAIL.value, None
    if moment.mailing:
        category = next(one for one in moment.categories if one.pk == moment.mailing.category_id)
        channel, campaign_id = moment.mailing.channel, moment.mailing.campaign_id
    key = category.pk, channel
    if channel not in person.addresses or not person.gets(key, needs_opt_in=category.needs_opt_in):
        return []
    return person.choose(key, OUT, at=moment.at, wording=wording, campaign_id=campaign_id)


def _some(moment: Moment) -> Category:
    return moment.rng.choice(moment.categories)


def _email(category: Category) -> Key:
    return category.pk, Channel.EMAIL.value
