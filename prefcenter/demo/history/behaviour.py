"""What made-up contacts do, how often, and by which verb of actions; and what staff and providers do with them.

Each kind of behaviour draws a contact and what they say, and calls its verb once for all who want the same at a time.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils import timezone

from prefcenter.contact_data.erase import erase
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.choices import Channel, EventKind, Frequency, Source, SuppressionReason
from unsubscribe.links import Target
from unsubscribe.models import Category, ConsentEvent

from . import texts
from .contacts import SampleContact, SampleContacts
from .mailings import PlannedMailing

PAUSES = ("30 days", "60 days", "90 days")
OPT_IN = "Would you like to get “{category}”? You can leave again at any time with one tap. Yes, subscribe me"


class Scene(NamedTuple):
    """What the drawing of one wish may look at. `mailing`: the one that is answered; None for a wish by itself.
    `actor`: the staff who act for contacts."""

    contacts: SampleContacts
    categories: Sequence[Category]
    mailing: PlannedMailing | None
    actor: str
    rng: random.Random


class Intent(NamedTuple):
    """What a contact wants. `wording`: what was on the button, or what staff noted; the rest as the verb takes it."""

    behaviour: "Behaviour"
    wording: str
    actor: str = ""


class SampleWish(NamedTuple):
    """A contact, what they want, and of which category and after which campaign."""

    contact: SampleContact
    intent: Intent
    target: Target


#: Draws a contact who could want it of this category; None where none was found.
Who = Callable[[Scene, Category], SampleContact | None]
#: Calls the verb for some wishes with what they share, at a time; returns the consent events.
Perform = Callable[[Sequence[SampleWish], Intent, datetime], list[ConsentEvent]]


class Behaviour(NamedTuple):
    """One kind of behaviour.

    weight:        how often it occurs by itself
    after_mailing: how often as an answer to one
    wordings:      one of them is said
    is_everything: it is about no category
    """

    who: Who
    perform: Perform
    weight: float
    after_mailing: float = 0.0
    wordings: Sequence[str] = ("",)
    by_staff: bool = False
    is_everything: bool = False


class Turns:
    """Draws kinds of behaviour by their weights, so that rare ones occur in a short history too."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._owed = {is_after: dict.fromkeys(BEHAVIOURS, 0.0) for is_after in (False, True)}

    def draw(self, *, is_after_mailing: bool) -> Behaviour:
        owed = self._owed[is_after_mailing]
        weights = {name: one.after_mailing if is_after_mailing else one.weight for name, one in BEHAVIOURS.items()}
        total = sum(weights.values())
        for name, weight in weights.items():
            owed[name] += weight / total
        [name] = self._rng.choices(list(owed), [max(0.0, one) for one in owed.values()])
        owed[name] -= 1
        return BEHAVIOURS[name]


def draw(scene: Scene, turns: Turns) -> SampleWish | None:
    """One wish; None where no contact was found who could have it."""
    mailing = scene.mailing
    if mailing and mailing.channel == Channel.SMS:
        behaviour = BEHAVIOURS["a text message"]
    else:
        behaviour = turns.draw(is_after_mailing=mailing is not None)
    category = mailing.category if mailing else scene.rng.choice(scene.categories)
    contact = behaviour.who(scene, category)
    if contact is None:
        return None
    wording = str(scene.rng.choice(behaviour.wordings)).format(category=category.name)
    campaign_id = mailing.campaign.pk if mailing and mailing.campaign else None
    target = Target(contact.email_id, None if behaviour.is_everything else category.pk, campaign_id)
    return SampleWish(contact, Intent(behaviour, wording, scene.actor if behaviour.by_staff else ""), target)


def _getting_it(scene: Scene, category: Category) -> SampleContact | None:
    return scene.contacts.somebody(lambda one: one.gets(category))


def _getting_it_now(scene: Scene, category: Category) -> SampleContact | None:
    return scene.contacts.somebody(lambda one: one.gets(category) and not one.paused)


def _anybody(scene: Scene, category: Category) -> SampleContact | None:
    """Draws a contact who can still be written to."""
    return scene.contacts.somebody(lambda one: not one.is_quiet)


def _with_phone(scene: Scene, category: Category) -> SampleContact | None:
    return scene.contacts.somebody(
        lambda one: one.phone_id is not None and not one.is_quiet and category.pk not in one.left_by_phone
    )


def _coming_back(scene: Scene, category: Category) -> SampleContact | None:
    """Draws a contact who left a category, or one without it if it needs opt-in."""
    if category.needs_opt_in:
        return scene.contacts.somebody(lambda one: not one.is_quiet and category.pk not in one.joined)
    return scene.contacts.one_of(
        scene.contacts.leavers,
        lambda one: not one.is_erased and not one.blocked and (one.has_left_everything or category.pk in one.left),
    )


def _pausing(scene: Scene, category: Category) -> SampleContact | None:
    return scene.contacts.one_of(scene.contacts.paused, lambda one: bool(one.paused) and not one.is_erased)


def _bounced(scene: Scene, category: Category) -> SampleContact | None:
    return scene.contacts.one_of(scene.contacts.blocked, lambda one: one.blocked == SuppressionReason.HARD_BOUNCE)


def _choose(verb: Callable[..., list[ConsentEvent]], source: Source) -> Perform:
    """Opting out, or in."""

    def performed(some: Sequence[SampleWish], intent: Intent, at: datetime) -> list[ConsentEvent]:
        origin = Origin(source, at, actor=intent.actor)
        is_note = intent.behaviour.by_staff
        origin = origin._replace(note=intent.wording) if is_note else origin._replace(wording=intent.wording)
        return verb([one.target for one in some], origin)

    return performed


def _stop(some: Sequence[SampleWish], intent: Intent, at: datetime) -> list[ConsentEvent]:
    targets = [one.target._replace(address_id=one.contact.phone_id) for one in some if one.contact.phone_id]
    return actions.opt_out(targets, Origin(Source.SMS, at, wording=intent.wording))


def _opt_down(some: Sequence[SampleWish], intent: Intent, at: datetime) -> list[ConsentEvent]:
    frequency = next(one for one in Frequency if one.label == intent.wording)
    return actions.opt_down([one.target for one in some], _on_page(intent, at), frequency=frequency)


def _pause(some: Sequence[SampleWish], intent: Intent, at: datetime) -> list[ConsentEvent]:
    until = timezone.localdate(at) + timedelta(days=int(intent.wording.split()[0]))
    return actions.pause([one.target for one in some], _on_page(intent, at), until=until)


def _resume(some: Sequence[SampleWish], intent: Intent, at: datetime) -> list[ConsentEvent]:
    targets = [one.target._replace(category_id=category_id) for one in some for category_id in one.contact.paused]
    return actions.pause(targets, _on_page(intent, at), until=None)


def _on_page(intent: Intent, at: datetime) -> Origin:
    return Origin(Source.PAGE, at, wording=intent.wording)


def _block(verb: Callable[..., list[ConsentEvent]], reason: SuppressionReason, source: Source) -> Perform:
    """Suppressing, or lifting it."""

    def performed(some: Sequence[SampleWish], intent: Intent, at: datetime) -> list[ConsentEvent]:
        origin = Origin(source, at, actor=intent.actor, note=intent.wording)
        return verb([one.contact.email_id for one in some], origin, reason=reason)

    return performed


def _erase(some: Sequence[SampleWish], intent: Intent, at: datetime) -> list[ConsentEvent]:
    for one in some:
        erase(one.contact.contact_id, Origin(Source.PAGE, at))
    ids = [one.contact.contact_id for one in some]
    return list(ConsentEvent.objects.filter(contact__any_of=ids, kind=EventKind.ERASE))


def _access(some: Sequence[SampleWish], intent: Intent, at: datetime) -> list[ConsentEvent]:
    origin = Origin(Source.PAGE, at)
    return [event for one in some for event in actions.note_access(one.contact.email_id, origin)]


_OUT, _IN, _SUPPRESS, _LIFT = actions.opt_out, actions.opt_in, actions.suppress, actions.lift
_BOUNCE, _BY_STAFF, _REPORTS = SuppressionReason.HARD_BOUNCE, SuppressionReason.MANUAL, SuppressionReason.COMPLAINT
_LESS = (Frequency.WEEKLY.label, Frequency.MONTHLY.label, Frequency.MONTHLY.label)
_ALL = ("Unsubscribe from everything",)

BEHAVIOURS: Mapping[str, Behaviour] = {
    "one-click": Behaviour(_getting_it, _choose(_OUT, Source.ONE_CLICK), 10, 60, ("one-click",)),
    "the page": Behaviour(_getting_it, _choose(_OUT, Source.PAGE), 12, 18, ("Unsubscribe",)),
    "an email": Behaviour(_getting_it, _choose(_OUT, Source.MAILTO), 0, 5),
    "everything": Behaviour(_anybody, _choose(_OUT, Source.PAGE), 4, 4, _ALL, is_everything=True),
    "a text message": Behaviour(_with_phone, _stop, 3, wordings=("STOP",)),
    "the sender's system": Behaviour(_getting_it, _choose(_OUT, Source.API), 4),
    "told the staff": Behaviour(
        _getting_it, _choose(_OUT, Source.STAFF), 4, wordings=texts.TOLD_THE_STAFF, by_staff=True
    ),
    "less often": Behaviour(_getting_it, _opt_down, 15, 10, _LESS),
    "a pause": Behaviour(_getting_it_now, _pause, 5.4, 1.8, PAUSES),
    "a pause of everything": Behaviour(_getting_it_now, _pause, 3.6, 1.2, PAUSES, is_everything=True),
    "no pause any more": Behaviour(_pausing, _resume, 4, wordings=("Resume now",)),
    "coming back": Behaviour(_coming_back, _choose(_IN, Source.PAGE), 16, wordings=(OPT_IN,)),
    "a complaint": Behaviour(_getting_it, _block(_SUPPRESS, _REPORTS, Source.COMPLAINT), 0, 2.5, texts.REPORTED_BY),
    "a bounce": Behaviour(_anybody, _block(_SUPPRESS, _BOUNCE, Source.API), 3, 1.5, texts.BOUNCED_BECAUSE),
    "blocked by the staff": Behaviour(
        _anybody, _block(_SUPPRESS, _BY_STAFF, Source.STAFF), 1.6, wordings=texts.BLOCKED_BECAUSE, by_staff=True
    ),
    "a bounce that is lifted": Behaviour(
        _bounced, _block(_LIFT, _BOUNCE, Source.STAFF), 1, wordings=texts.LIFTED_BECAUSE, by_staff=True
    ),
    "erased": Behaviour(_anybody, _erase, 1.2),
    "what is held": Behaviour(_anybody, _access, 1),
}
