"""The made-up contacts, with addresses and numbers that are reserved, and what each of them last did, so that one who
left does not leave again. What holds for them is in the database."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from django.conf import settings
from django.db.models import Max

from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.actions.undoing import UNDO
from unsubscribe.addresses import Normalised, normalise
from unsubscribe.choices import Channel, EventKind, Source
from unsubscribe.models import Category, ConsentEvent, Contact
from unsubscribe.rules import OWN_NO

from . import texts

#: RFC 2606: no email is ever delivered to these.
RESERVED = ("example.com", "example.net", "example.org")
#: One in so many has a phone, from the fourth on, as long as there are reserved numbers.
PHONE_EVERY, FIRST_PHONE, PHONES = 10, 3, 80_000
#: How many contacts are drawn before a search is given up.
TRIES = 60


@dataclass(slots=True, eq=False)
class SampleContact:
    """One contact, and what is remembered of them.

    digests: by channel, of their addresses
    left:    the ids of categories they left by email; `joined` those they opted in to
    paused:  likewise; None is everything
    blocked: the reason of a suppression other than unsubscribed_all, or ""
    """

    number: int
    contact_id: int
    email_id: int
    digests: dict[str, bytes]
    phone_id: int | None = None
    left: frozenset[int] = frozenset()
    left_by_phone: frozenset[int] = frozenset()
    joined: frozenset[int] = frozenset()
    blocked: str = ""
    has_left_everything: bool = False
    only_chosen: bool = False
    paused: frozenset[int | None] = frozenset()
    is_erased: bool = False

    @property
    def is_quiet(self) -> bool:
        return self.has_left_everything or self.is_erased or bool(self.blocked)

    def gets(self, category: Category) -> bool:
        """Whether they get the category, as far as it is remembered here."""
        if self.is_quiet or category.pk in self.left:
            return False
        return category.pk in self.joined or not (category.needs_opt_in or self.only_chosen)


@dataclass
class SampleContacts:
    """All of them, in the order in which they were added."""

    rng: random.Random
    all: list[SampleContact] = field(default_factory=list)
    #: Those who left, paused or were suppressed at least once; some have come back since.
    leavers: list[SampleContact] = field(default_factory=list)
    paused: list[SampleContact] = field(default_factory=list)
    blocked: list[SampleContact] = field(default_factory=list)
    _by_id: dict[int, SampleContact] = field(default_factory=dict)
    _first: int = field(default_factory=lambda: Contact.objects.aggregate(last=Max("id"))["last"] or 0)

    def arrive(self, count: int, *, now: datetime) -> Sequence[SampleContact]:
        """Adds `count` contacts, learned at `now` (aware)."""
        numbers = range(self._first + len(self.all), self._first + len(self.all) + count)
        languages = sorted((self._language(), number) for number in numbers)
        for language, some in groupby(languages, key=lambda one: one[0]):
            addresses = {normalise(email(number)): number for _, number in some}
            learnt = actions.learn(addresses, now=now, language=language)
            for address, number in addresses.items():
                contact_id, email_id = learnt[address.digest].contact_id, learnt[address.digest].address_id
                one = SampleContact(number, contact_id, email_id, {Channel.EMAIL: address.digest})
                self._by_id[one.contact_id] = one
                self.all.append(one)
        return self.all[len(self.all) - count :]

    def add_phones(self, some: Iterable[SampleContact], *, now: datetime) -> list[int]:
        """Joins a phone number to one in ten of these, pending; returns the ids of these addresses."""
        wanted: dict[int, list[Normalised]] = {}
        for one in some:
            number, place = divmod(one.number, PHONE_EVERY)
            if place == FIRST_PHONE and number < PHONES:
                wanted[one.contact_id] = [normalise(phone(number), channel=Channel.SMS)]
        if not wanted:
            return []
        joined = [rows[0] for rows in actions.add_addresses_to(wanted, now=now).values() if rows]
        for row in joined:
            one = self._by_id[row.contact_id]
            one.phone_id, one.digests[Channel.SMS] = row.pk, bytes(row.digest)
        return [row.pk for row in joined]

    def phones(self, count: int) -> int:
        """How many of the first `count` will have a phone."""
        numbers = range(self._first, self._first + count)
        return sum(number % PHONE_EVERY == FIRST_PHONE and number // PHONE_EVERY < PHONES for number in numbers)

    def agree(self, address_ids: Sequence[int], *, now: datetime) -> list[ConsentEvent]:
        """Has the contacts agree, by their email addresses, that these phones are theirs."""
        if not address_ids:
            return []
        older = self.all[0].email_id  # it counts only that it is none of those that are joined
        return actions.agree(address_ids, Origin(Source.PAGE, now, wording="Yes, it's mine"), by=older)

    def somebody(self, fits: Callable[[SampleContact], bool]) -> SampleContact | None:
        """A contact that fits; None if none was found in TRIES."""
        return self.one_of(self.all, fits)

    def one_of(self, among: Sequence[SampleContact], fits: Callable[[SampleContact], bool]) -> SampleContact | None:
        for _ in range(TRIES if among else 0):
            one = self.rng.choice(among)
            if fits(one):
                return one
        return None

    def _language(self) -> str:
        """A third of them have any language, the others the site's first."""
        codes = [code for code, _ in settings.LANGUAGES]
        return self.rng.choice([codes[0], codes[0], self.rng.choice(codes)])

    def remember(self, events: Iterable[ConsentEvent]) -> None:
        """Notes events that were just written."""
        for event in events:
            if one := self._by_id.get(event.contact_id):
                self._remember(one, event)

    def _remember(self, one: SampleContact, event: ConsentEvent) -> None:
        about = frozenset() if event.category_id is None else frozenset({event.category_id})
        if event.kind == EventKind.OPT_OUT:
            self.leavers.append(one)
            if event.channel == Channel.SMS and about:
                one.left_by_phone |= about
            else:
                one.left, one.joined = one.left | about, one.joined - about
            one.has_left_everything |= not about
        elif event.kind == EventKind.OPT_IN:
            one.left, one.joined = one.left - about, one.joined | about
        elif event.kind == EventKind.SUPPRESS:
            self.blocked.append(one)
            one.blocked = event.after["suppressed"][0]
        elif event.kind == EventKind.LIFT:
            is_own = bool(OWN_NO & set(event.before["suppressed"]))
            one.only_chosen |= is_own and UNDO not in {event.wording, event.note}
            one.has_left_everything, one.blocked = False, ""
        elif event.kind == EventKind.PAUSE:
            self.paused.append(one)
            one.paused |= {event.category_id}
        elif event.kind == EventKind.RESUME:
            one.paused -= {event.category_id}
        elif event.kind == EventKind.ERASE:
            one.is_erased = True


def email(number: int) -> str:
    """The reserved email address of contact `number`, different for each."""
    again, name = divmod(number, len(texts.FIRST_NAMES) * len(texts.LAST_NAMES))
    turn, place = divmod(name, len(texts.FIRST_NAMES))
    first = texts.FIRST_NAMES[place]
    last = texts.LAST_NAMES[(turn + 31 * place) % len(texts.LAST_NAMES)]
    return f"{first}.{last}{again or ''}@{RESERVED[number % len(RESERVED)]}"


def phone(number: int) -> str:
    """A number reserved for fiction: +1 and an area code, then 555-01 and two digits."""
    area, line = divmod(number, 100)
    return f"+1{200 + area}55501{line:02}"
