"""Writes a history day by day, in the order of time, with the verbs of actions."""

import heapq
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from prefcenter.models import Feedback, staff_actor
from unsubscribe import actions, tasks
from unsubscribe.actions import Origin
from unsubscribe.actions.undoing import UNDO
from unsubscribe.choices import Purpose, Source
from unsubscribe.ledger import seals
from unsubscribe.models import Category, ConsentEvent

from . import behaviour, imports, mailings, texts
from .behaviour import Intent, SampleWish, Scene
from .confirmations import Confirmations
from .contacts import SampleContact, SampleContacts
from .days import THERE_AT_FIRST, Day, calendar, midnight, times
from .feedback import ASKED_ABOUT, FeedbackOfThePast, staff
from .mailings import PlannedMailing

#: The contacts of the beginning were added in so many steps, each so long before the next.
STEPS_BEFORE, STEP = 4, timedelta(days=120)
#: The part of the changes on a page that is undone, and within how many seconds.
UNDONE, AFTER_SECONDS = 0.07, (4, 40)
#: A file of opt-outs is imported after so many days and again every so many, with this part of all events and at least
#: so many rows. The second one is a mistake.
FIRST_IMPORT, BETWEEN_IMPORTS, IMPORTED, LEAST_ROWS = 6, 30, 0.03, 5
#: The contacts of the beginning agree to their phones in so many groups.
AGREE_IN = 8
#: When the mistaken import is taken back.
TAKEN_BACK_AFTER = timedelta(hours=2)
#: Days between two seals of the ledger.
SEALED_EVERY = 7
#: How often a wish is drawn until a contact is found who could have it.
DRAWN_AT_MOST = 6

#: Called with the percentage that is written.
OnProgress = Callable[[int], None]


class Plan(NamedTuple):
    """How large the history is.

    events:      how many consent events, about
    at_once:     how many wishes share a time and a call of each verb; 1 is realistic, more is faster
    are_left:    whether some confirmations still wait at the end
    titles:      what the mailings of a category are called, by its slug
    """

    contacts: int
    events: int
    days: int
    at_once: int = 1
    are_left: bool = False
    titles: Mapping[str, Sequence[str]] = {}


class Written(NamedTuple):
    """How many of each were written."""

    contacts: int
    events: int
    feedback: int
    campaigns: int


def write(plan: Plan, *, seed: int, now: datetime, on_progress: OnProgress = lambda percent: None) -> Written:
    """Writes a history that ends `now` (aware), in the categories in use, in one transaction. The same seed gives the
    same history. No email is sent."""
    with tasks.without_nudges(), transaction.atomic():
        return _Past(plan, seed=seed, now=now, on_progress=on_progress).write()


class _Past:
    def __init__(self, plan: Plan, *, seed: int, now: datetime, on_progress: OnProgress) -> None:
        self._plan, self._now, self._on_progress = plan, now, on_progress
        self._rng = random.Random(seed)  # noqa: S311  (it keeps no secret)
        self._start = timezone.localdate(now) - timedelta(days=plan.days - 1)
        self._categories = list(_in_use(Purpose.MARKETING))
        self._transactional = list(_in_use(Purpose.TRANSACTIONAL))
        self._staff = staff()
        self._contacts = SampleContacts(self._rng)
        self._turns = behaviour.Turns(self._rng)
        self._confirmations = Confirmations(self._rng, now=now, are_left=plan.are_left)
        self._feedback = FeedbackOfThePast(self._rng, staff=self._staff, now=now)
        self._mailings = mailings.plan(
            self._categories, self._rng, start=self._start, days=plan.days, titles=plan.titles
        )
        #: A heap of what is to happen: when, a number that keeps the order, and what to call with the time.
        self._agenda: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._numbers = count()
        self._import_days = range(FIRST_IMPORT, plan.days, BETWEEN_IMPORTS)
        self._import_rows = max(LEAST_ROWS, round(plan.events * IMPORTED))
        # Events that do not come by wishes: of the imports, and of the phones agreed to.
        imported = round(self._import_rows * (len(self._import_days) + 1) * (1 - imports.KNOWN))
        heaps = imported + self._contacts.phones(plan.contacts)
        self._wishes = max(0, plan.events - heaps)
        self._wished, self._due = 0, 0.0

    def write(self) -> Written:
        events, feedback = ConsentEvent.objects.count(), Feedback.objects.count()
        self._begin()
        for day in calendar(self._mailings, start=self._start, until=self._now):
            self._live(day)
            self._on_progress(self._wished * 100 // max(1, self._wishes))
        self._confirmations.finish()
        seals.seal(now=self._now)
        mailings.visit(self._mailings, self._rng, until=timezone.localdate(self._now))
        return Written(
            len(self._contacts.all),
            ConsentEvent.objects.count() - events,
            Feedback.objects.count() - feedback,
            sum(one.campaign is not None for one in self._mailings),
        )

    def _begin(self) -> None:
        """Adds the contacts of the beginning, and schedules mailings and imports."""
        begins_at = midnight(self._start)
        there = max(1, round(self._plan.contacts * THERE_AT_FIRST))
        for step in range(STEPS_BEFORE):
            many = there * (step + 1) // STEPS_BEFORE - there * step // STEPS_BEFORE
            self._contacts.arrive(many, now=begins_at - STEP * (STEPS_BEFORE - step))
        self._add_phones(self._contacts.all, now=begins_at)
        for one in self._mailings:
            self._at(midnight(one.day) + timedelta(hours=one.hour), partial(self._send, one))
        for number, offset in enumerate(self._import_days):
            at = midnight(self._start + timedelta(days=offset)) + timedelta(hours=11, minutes=self._rng.randrange(60))
            self._at(at, partial(self._import, is_mistake=number == 1))

    def _live(self, day: Day) -> None:
        """Writes one day, with as many wishes as are due in all by its end."""
        there = round(self._plan.contacts * day.grown) if day.ends_at < self._now else self._plan.contacts
        some = self._contacts.arrive(max(0, there - len(self._contacts.all)), now=day.begins_at)
        self._add_phones(some, now=day.begins_at)
        mailings.send_receipts(self._transactional, self._contacts.all, self._rng, now=day.begins_at)
        if (day.day - self._start).days % SEALED_EVERY == 0:
            seals.seal(now=day.begins_at)
        self._due += day.share * self._wishes
        wishes = list(times(day, max(0, round(self._due - self._wished)), self._rng))
        for begin in range(0, len(wishes), self._plan.at_once):
            chunk = wishes[begin : begin + self._plan.at_once]
            self._at(chunk[-1][0], partial(self._wish, [mailing for _, mailing in chunk]))
        while self._agenda and self._agenda[0][0] < day.ends_at:
            at, _, happen = heapq.heappop(self._agenda)
            self._confirmations.deliver(until=at)
            happen(at)

    def _at(self, at: datetime, happen: Callable[[datetime], None]) -> None:
        heapq.heappush(self._agenda, (at, next(self._numbers), happen))

    def _add_phones(self, some: Sequence[SampleContact], *, now: datetime) -> None:
        """Joins phones, and schedules that the contacts agree to them within a week."""
        joined = self._contacts.add_phones(some, now=now)
        groups = AGREE_IN if now == midnight(self._start) else 1
        for ids in (joined[number::groups] for number in range(groups)):
            self._at(now + timedelta(hours=self._rng.uniform(6, 160)), partial(self._agree, ids))

    def _agree(self, address_ids: Sequence[int], at: datetime) -> None:
        self._record(self._contacts.agree(address_ids, now=at))

    def _send(self, mailing: PlannedMailing, at: datetime) -> None:
        mailings.send(mailing, self._contacts.all, now=at)

    def _import(self, at: datetime, *, is_mistake: bool) -> None:
        who = self._rng.choice(self._staff) if self._staff else None
        getting_it = [one for one in self._categories if not one.needs_opt_in] or self._categories
        category = self._rng.choice(getting_it)
        some = imports.pick(self._contacts, category, self._import_rows)
        name = texts.IMPORTED_BY_MISTAKE if is_mistake else texts.IMPORTED
        run, events = imports.opt_outs(name, some, category, staff_id=who, now=at)
        if is_mistake:
            self._at(at + TAKEN_BACK_AFTER, lambda later: imports.take_back(run, staff_id=who, now=later))
        else:
            self._record(events)

    def _wish(self, answered: Iterable[PlannedMailing | None], at: datetime) -> None:
        """A wish in answer to each of these mailings (None is no mailing), with one call for those who want the
        same."""
        together: dict[Intent, dict[SampleContact, SampleWish]] = defaultdict(dict)
        for mailing in answered:
            if wish := self._drawn(mailing):
                together[wish.intent].setdefault(wish.contact, wish)
        for intent, some in together.items():
            # One of the calls before may have erased a contact.
            if alive := [one for one in some.values() if not one.contact.is_erased]:
                events = intent.behaviour.perform(alive, intent, at)
                self._wished += len(events)
                self._record(events)

    def _drawn(self, mailing: PlannedMailing | None) -> SampleWish | None:
        heard = mailing if mailing and mailing.campaign else None
        actor = staff_actor(self._staff[0]) if self._staff else ""
        scene = Scene(self._contacts, self._categories, heard, actor, self._rng)
        drawn = (behaviour.draw(scene, self._turns) for _ in range(DRAWN_AT_MOST))
        return next((wish for wish in drawn if wish), None)

    def _record(self, events: Sequence[ConsentEvent]) -> None:
        """Notes events, has feedback given for some, and schedules the undo of a few."""
        self._contacts.remember(events)
        self._confirmations.remember(events)
        self._feedback.give(events)
        regretted = [one for one in events if one.source == Source.PAGE and one.kind in ASKED_ABOUT]
        undone = [one.pk for one in regretted if one.note == "" and self._rng.random() < UNDONE]
        if undone:
            self._at(events[0].at + timedelta(seconds=self._rng.uniform(*AFTER_SECONDS)), partial(self._undo, undone))

    def _undo(self, event_ids: Sequence[int], at: datetime) -> None:
        events = actions.undo(event_ids, Origin(Source.PAGE, at, wording=UNDO))
        self._wished += len(events)
        self._record(events)


def _in_use(purpose: Purpose) -> Iterable[Category]:
    return Category.objects.filter(purpose=purpose, retired_at=None)
