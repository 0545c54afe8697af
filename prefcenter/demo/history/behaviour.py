"""What made-up contacts do, how often, and by which verb of actions; and what staff and providers do with them.

Each kind of behaviour draws a contact and what they want, and calls its verb once for all who want the same at a time.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from prefcenter.contact_data.erase import erase
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.choices import Channel, EventKind, Frequency, Source, SuppressionReason
from unsubscribe.links import Target
from unsubscribe.models import Category, ConsentEvent

from . import texts
from .contacts import SampleContact, SampleContacts
from .mailings import PlannedMailing

#: In days.
PAUSES = (30, 60, 90)
#: The part of the pauses that are of everything.
PAUSES_EVERYTHING = 0.4


class Scene(NamedTuple):
    """What the drawing of one wish may look at. `mailing`: the one that is answered; None for a wish by itself.
    `actor`: the staff who act for contacts."""

    contacts: SampleContacts
    categories: Sequence[Category]
    mailing: PlannedMailing | None
    day: date
    actor: str
    rng: random.Random

    @property
    def campaign_id(self) -> int | None:
        return self.mailing.campaign.pk if self.mailing and self.mailing.campaign else None

    def category(self) -> Category:
        """The mailing's category, or any."""
        return self.mailing.category if self.mailing else self.rng.choice(self.categories)


class Intent(NamedTuple):
    """What a contact wants. `wording`: what was on the button, or what staff noted; the rest as the verb takes it."""

    behaviour: "Behaviour"
    category_id: int | None = None
    campaign_id: int | None = None
    wording: str = ""
    actor: str = ""
    frequency: Frequency | None = None
    until: date | None = None

    @property
    def shared(self) -> "Intent":
        """What wishes have to have in common to be one call of the verb."""
        return self._replace(category_id=None, campaign_id=None)


class SampleWish(NamedTuple):
    """A contact, and what they want."""

    contact: SampleContact
    intent: Intent

    @property
    def target(self) -> Target:
        return Target(self.contact.email_id, self.intent.category_id, self.intent.campaign_id)


#: None where no contact was found who could want it.
Drawn = tuple[SampleContact | None, Intent]
Draw = Callable[[Scene, "Behaviour"], Drawn]
#: Calls the verb for some wishes with what they share, at a time; returns the consent events.
Perform = Callable[[Sequence[SampleWish], Intent, datetime], list[ConsentEvent]]


class Behaviour(NamedTuple):
    """One kind of behaviour. `weight`: how often it occurs by itself; `after_mailing`: how often as an answer to
    one."""

    draw: Draw
    perform: Perform
    weight: float
    after_mailing: float = 0.0


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
    if scene.mailing and scene.mailing.channel == Channel.SMS:
        behaviour = BEHAVIOURS["a text message"]
    else:
        behaviour = turns.draw(is_after_mailing=scene.mailing is not None)
    contact, intent = behaviour.draw(scene, behaviour)
    return SampleWish(contact, intent) if contact else None


def _receiving(*wordings: str, by_staff: bool = False) -> Draw:
    """Draws a contact who gets the scene's category."""

    def drawn(scene: Scene, behaviour: Behaviour) -> Drawn:
        category = scene.category()
        wording, actor = scene.rng.choice(wordings or ("",)), scene.actor if by_staff else ""
        intent = Intent(behaviour, category.pk, scene.campaign_id, wording, actor)
        return scene.contacts.somebody(lambda one: one.gets(category)), intent

    return drawn


def _leaving_everything(scene: Scene, behaviour: Behaviour) -> Drawn:
    intent = Intent(behaviour, campaign_id=scene.campaign_id, wording="Unsubscribe from everything")
    return scene.contacts.somebody(lambda one: not one.is_quiet), intent


def _texting(scene: Scene, behaviour: Behaviour) -> Drawn:
    category = scene.category()
    has_it = scene.contacts.somebody(
        lambda one: one.phone_id is not None and not one.is_quiet and category.pk not in one.left_by_phone
    )
    return has_it, Intent(behaviour, category.pk, scene.campaign_id, wording="STOP")


def _slowing_down(scene: Scene, behaviour: Behaviour) -> Drawn:
    category, frequency = scene.category(), scene.rng.choice((Frequency.WEEKLY, Frequency.MONTHLY, Frequency.MONTHLY))
    intent = Intent(behaviour, category.pk, scene.campaign_id, str(frequency.label), frequency=frequency)
    return scene.contacts.somebody(lambda one: one.gets(category)), intent


def _pausing(scene: Scene, behaviour: Behaviour) -> Drawn:
    category, days = scene.category(), scene.rng.choice(PAUSES)
    category_id = None if scene.rng.random() < PAUSES_EVERYTHING else category.pk
    until = scene.day + timedelta(days=days)
    intent = Intent(behaviour, category_id, scene.campaign_id, f"{days} days", until=until)
    return scene.contacts.somebody(lambda one: one.gets(category) and not one.paused), intent


def _resuming(scene: Scene, behaviour: Behaviour) -> Drawn:
    return scene.contacts.pausing(), Intent(behaviour, wording="Resume now")


def _coming_back(scene: Scene, behaviour: Behaviour) -> Drawn:
    """Draws a contact who left a category, or one without it if it needs opt-in."""
    category = scene.rng.choice(scene.categories)
    wording = (
        f"Would you like to get “{category.name}”? You can leave again at any time with one tap. Yes, subscribe me"
    )
    intent = Intent(behaviour, category.pk, wording=wording)
    if category.needs_opt_in:
        return scene.contacts.somebody(lambda one: not one.is_quiet and category.pk not in one.joined), intent
    return scene.contacts.leaver(lambda one: _may_come_back(one, category)), intent


def _may_come_back(one: SampleContact, category: Category) -> bool:
    return not one.is_erased and not one.blocked and (one.has_left_everything or category.pk in one.left)


def _complaining(scene: Scene, behaviour: Behaviour) -> Drawn:
    category, provider = scene.category(), scene.rng.choice(texts.PROVIDERS)
    intent = Intent(behaviour, wording=f"Reported by {provider}.")
    return scene.contacts.somebody(lambda one: one.gets(category)), intent


def _anybody(*wordings: str, by_staff: bool = False) -> Draw:
    """Draws a contact who can still be written to."""

    def drawn(scene: Scene, behaviour: Behaviour) -> Drawn:
        wording, actor = scene.rng.choice(wordings or ("",)), scene.actor if by_staff else ""
        return scene.contacts.somebody(lambda one: not one.is_quiet), Intent(behaviour, wording=wording, actor=actor)

    return drawn


def _bounced(scene: Scene, behaviour: Behaviour) -> Drawn:
    note = scene.rng.choice(texts.LIFTED_BECAUSE)
    return scene.contacts.blocked_because_of(SuppressionReason.HARD_BOUNCE), Intent(
        behaviour, wording=note, actor=scene.actor
    )


def _opt_out(source: Source, *, is_note: bool = False) -> Perform:
    def performed(some: Sequence[SampleWish], intent: Intent, at: datetime) -> list[ConsentEvent]:
        origin = Origin(source, at, actor=intent.actor)
        origin = origin._replace(note=intent.wording) if is_note else origin._replace(wording=intent.wording)
        return actions.opt_out([one.target for one in some], origin)

    return performed


def _stop(some: Sequence[SampleWish], intent: Intent, at: datetime) -> list[ConsentEvent]:
    targets = [one.target._replace(address_id=one.contact.phone_id) for one in some if one.contact.phone_id]
    return actions.opt_out(targets, Origin(Source.SMS, at, wording=intent.wording))


def _opt_down(some: Sequence[SampleWish], intent: Intent, at: datetime) -> list[ConsentEvent]:
    frequency = intent.frequency or Frequency.MONTHLY
    return actions.opt_down([one.target for one in some], _on_page(intent, at), frequency=frequency)


def _pause(some: Sequence[SampleWish], intent: Intent, at: datetime) -> list[ConsentEvent]:
    return actions.pause([one.target for one in some], _on_page(intent, at), until=intent.until)


def _resume(some: Sequence[SampleWish], intent: Intent, at: datetime) -> list[ConsentEvent]:
    targets = [one.target._replace(category_id=category_id) for one in some for category_id in one.contact.paused]
    return actions.pause(targets, _on_page(intent, at), until=None)


def _opt_in(some: Sequence[SampleWish], intent: Intent, at: datetime) -> list[ConsentEvent]:
    return actions.opt_in([one.target for one in some], _on_page(intent, at))


def _on_page(intent: Intent, at: datetime) -> Origin:
    return Origin(Source.PAGE, at, wording=intent.wording)


def _suppress(reason: SuppressionReason, source: Source) -> Perform:
    def performed(some: Sequence[SampleWish], intent: Intent, at: datetime) -> list[ConsentEvent]:
        origin = Origin(source, at, actor=intent.actor, note=intent.wording)
        return actions.suppress([one.contact.email_id for one in some], origin, reason=reason)

    return performed


def _lift(some: Sequence[SampleWish], intent: Intent, at: datetime) -> list[ConsentEvent]:
    origin = Origin(Source.STAFF, at, actor=intent.actor, note=intent.wording)
    return actions.lift([one.contact.email_id for one in some], origin, reason=SuppressionReason.HARD_BOUNCE)


def _erase(some: Sequence[SampleWish], intent: Intent, at: datetime) -> list[ConsentEvent]:
    for one in some:
        erase(one.contact.contact_id, Origin(Source.PAGE, at))
    ids = [one.contact.contact_id for one in some]
    return list(ConsentEvent.objects.filter(contact__any_of=ids, kind=EventKind.ERASE))


def _access(some: Sequence[SampleWish], intent: Intent, at: datetime) -> list[ConsentEvent]:
    origin = Origin(Source.PAGE, at)
    return [event for one in some for event in actions.note_access(one.contact.email_id, origin)]


BEHAVIOURS: Mapping[str, Behaviour] = {
    "one-click": Behaviour(_receiving("one-click"), _opt_out(Source.ONE_CLICK), 10, after_mailing=60),
    "the page": Behaviour(_receiving("Unsubscribe"), _opt_out(Source.PAGE), 12, after_mailing=18),
    "an email": Behaviour(_receiving(), _opt_out(Source.MAILTO), 0, after_mailing=5),
    "everything": Behaviour(_leaving_everything, _opt_out(Source.PAGE), 4, after_mailing=4),
    "a text message": Behaviour(_texting, _stop, 3),
    "the sender's system": Behaviour(_receiving(), _opt_out(Source.API), 4),
    "told the staff": Behaviour(
        _receiving(*texts.TOLD_THE_STAFF, by_staff=True), _opt_out(Source.STAFF, is_note=True), 4
    ),
    "less often": Behaviour(_slowing_down, _opt_down, 15, after_mailing=10),
    "a pause": Behaviour(_pausing, _pause, 9, after_mailing=3),
    "no pause any more": Behaviour(_resuming, _resume, 4),
    "coming back": Behaviour(_coming_back, _opt_in, 16),
    "a complaint": Behaviour(
        _complaining, _suppress(SuppressionReason.COMPLAINT, Source.COMPLAINT), 0, after_mailing=2.5
    ),
    "a bounce": Behaviour(
        _anybody(*texts.BOUNCED_BECAUSE), _suppress(SuppressionReason.HARD_BOUNCE, Source.API), 3, after_mailing=1.5
    ),
    "blocked by the staff": Behaviour(
        _anybody(*texts.BLOCKED_BECAUSE, by_staff=True), _suppress(SuppressionReason.MANUAL, Source.STAFF), 1.6
    ),
    "a bounce that is lifted": Behaviour(_bounced, _lift, 1),
    "erased": Behaviour(_anybody(), _erase, 1.2),
    "what is held": Behaviour(_anybody(), _access, 1),
}
