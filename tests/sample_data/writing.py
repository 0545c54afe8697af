"""Writes a year: the ledger day by day, then what holds at its end for everybody. It decides nothing about anybody."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from unsubscribe.models import ConsentEvent

from .acts import Moment, Said, draw
from .answers import Answers, Confirmations
from .counting import count
from .days import DAYS, Day, calendar, moments
from .loading import Sheet, next_id, set_sequences
from .people import People
from .world import World, build

#: A wish that changes nothing is no event: somebody else has one then.
TRIES = 200
#: Of the indexes, in kB. With SQLite's own 2 MB it reads and writes the same pages over and over.
SQLITE_CACHE = 500_000
#: Lines of the ledger that a wish makes, about: no to everything is one for each address.
LINES_EACH = 1.03


class Size(NamedTuple):
    events: int = 1_000_000
    contacts: int = 250_000


class Made(NamedTuple):
    """What was written."""

    contacts: int
    events: int
    feedback: int
    campaigns: int


def write(size: Size, *, seed: int, now: datetime, on_progress: Callable[[int], None] = lambda events: None) -> Made:
    """A year that ends now: so many contacts, and that many events but for a handful. The same seed, the same year."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA cache_size = -{SQLITE_CACHE}")
    with transaction.atomic():
        made = _Year(size, seed=seed, now=now, on_progress=on_progress).write()
    with connection.cursor() as cursor:
        # A million rows that the planner knows nothing of would make every figure a lottery.
        cursor.execute("VACUUM ANALYZE" if _may_vacuum() else "ANALYZE")
    return made


def _may_vacuum() -> bool:
    return connection.vendor == "postgresql" and not connection.in_atomic_block


class _Year:
    def __init__(self, size: Size, *, seed: int, now: datetime, on_progress: Callable[[int], None]) -> None:
        self._size, self._now, self._on_progress = size, now, on_progress
        self._rng = random.Random(seed)
        self._start = timezone.localdate(now) - timedelta(days=DAYS - 1)
        self._world: World = build(self._rng, start=self._start, days=DAYS)
        self._people = People(size.contacts)
        self._answers = Answers(self._world.reasons, now=now, rng=self._rng)
        self._confirmations = Confirmations(now=now, rng=self._rng)
        self._first, self._written, self._due = next_id(ConsentEvent), 0, 0.0
        self._ledger = Sheet(
            ConsentEvent,
            *("id", "at", "kind", "source", "contact", "address", "channel", "category", "campaign"),
            *("before", "after", "wording", "actor", "note"),
        )

    def write(self) -> Made:
        """First who is there, then what they say, then what holds at the end."""
        self._people.arrive(start=self._start, rng=self._rng)
        for day in calendar(self._world.mailings, start=self._start):
            self._live(day)
            self._on_progress(min(self._written, self._size.events))
        self._ledger.flush()
        erased = self._people.settle(self._world.mailings)
        self._confirmations.finish(erased=erased)
        self._answers.finish(erased=erased)
        set_sequences(ConsentEvent)
        until = timezone.localdate(self._now)
        count(self._world, contacts=self._size.contacts, start=self._start, until=until, rng=self._rng)
        return Made(self._size.contacts, self._written, len(self._answers), len(self._world.mailings))

    def _live(self, day: Day) -> None:
        """As many wishes as the day has events; what one day has too many, the next has too few."""
        self._due += day.share * self._size.events
        wishes = max(0, round((self._due - self._written) / LINES_EACH))
        is_import_day = day.day.day == 1
        for at, mailing in moments(day, wishes, self._rng, until=self._now):
            moment = Moment(at, day.day, mailing, self._world.categories, self._answers.desk, self._rng)
            for _ in range(TRIES):
                person = self._people.somebody(self._rng, grown=day.grown)
                said = draw(person, moment, is_import_day=is_import_day)
                if said.lines:
                    self._record(at, person.contact_id, said)
                    break

    def _record(self, at: datetime, contact_id: int, said: Said) -> None:
        ids = range(self._first + self._written, self._first + self._written + len(said.lines))
        for id_, one in zip(ids, said.lines, strict=True):
            who = (contact_id, one.address_id, one.channel, one.category_id, one.campaign_id)
            what = (one.before, one.after, one.wording, said.actor, one.note or said.note)
            self._ledger.add(id_, at, one.kind.value, said.source.value, *who, *what)
        self._written += len(ids)
        self._confirmations.owe(contact_id, said, list(ids), at=at)
        self._answers.give(contact_id, said, list(ids), at=at)
