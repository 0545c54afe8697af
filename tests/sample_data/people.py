"""Everybody in the made-up year: how they are called, since when they are there, and what holds for them in the end."""

import random
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils import timezone

from unsubscribe.addresses import normalise
from unsubscribe.choices import Channel, Frequency, PreferenceState
from unsubscribe.models import Address, Contact, LastSent, Preference, Suppression

from . import texts
from .days import DAYS, THERE_AT_FIRST
from .guard import RESERVED
from .loading import Sheet, next_id, set_sequences, update
from .person import Person
from .world import Mailing

#: One in so many has a phone, from the fourth on: there are 80,000 numbers that belong to nobody.
PHONE_EVERY, FIRST_PHONE, PHONES = 10, 3, 80_000
#: Who was there at first came in these years before.
YEARS_BEFORE = 3


class People:
    """So many contacts, in the order in which they came. Only those who ever did something are held in memory."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._first_contact, self._first_address = next_id(Contact), next_id(Address)
        self._active: dict[int, Person] = {}

    def somebody(self, rng: random.Random, *, grown: float) -> Person:
        """One of those who are there by now."""
        index = int(rng.random() * max(1, self._count * grown))
        if index not in self._active:
            self._active[index] = self._person(index)
        return self._active[index]

    def arrive(self, *, start: date, rng: random.Random) -> None:
        """Everybody, as nobody has said anything yet. What refers to them comes later: SQLite looks through the whole
        ledger for each contact who is missing."""
        contacts = Sheet(Contact, "id", "language", "created_at")
        languages = [code for code, _ in settings.LANGUAGES]
        for index in range(self._count):
            # A third of them speak something else than the house does first.
            language = rng.choice([languages[0], languages[0], rng.choice(languages)])
            contacts.add(self._first_contact + index, language, self._came(index, start))
        contacts.flush()
        self._write_addresses(start)
        set_sequences(Contact, Address)

    def settle(self, mailings: Sequence[Mailing]) -> Collection[int]:
        """What holds for everybody at the end. Returns the contacts who were erased."""
        self._write_choices(_latest(mailings))
        self._write_blocks()
        self._update_contacts()
        erased = [one for one in self._active.values() if one.erased_at]
        ids = [id_ for one in erased for id_ in one.addresses.values()]
        Address.objects.filter(id__any_of=ids).update(value="")
        return {one.contact_id for one in erased}

    def _person(self, index: int) -> Person:
        addresses = {Channel.EMAIL.value: self._first_address + index}
        if (phone := self._phone(index)) is not None:
            addresses[Channel.SMS.value] = self._first_address + self._count + phone
        return Person(self._first_contact + index, addresses)

    def _phone(self, index: int) -> int | None:
        number, place = divmod(index, PHONE_EVERY)
        return number if place == FIRST_PHONE and self._first_contact // PHONE_EVERY + number < PHONES else None

    def _write_addresses(self, start: date) -> None:
        sheet = Sheet(Address, "id", "contact", "channel", "value", "digest", "created_at")
        emails = ((index, Channel.EMAIL, self._first_address + index) for index in range(self._count))
        phones = (
            (index, Channel.SMS, self._first_address + self._count + phone)
            for index in range(self._count)
            if (phone := self._phone(index)) is not None
        )
        for index, channel, id_ in [*emails, *phones]:
            contact_id = self._first_contact + index
            one = normalise(_text(contact_id, channel), channel=channel)
            sheet.add(id_, contact_id, channel.value, one.value, one.digest, self._came(index, start))
        sheet.flush()

    def _came(self, index: int, start: date) -> datetime:
        """Before any day on which `somebody` could have met them."""
        midnight = timezone.make_aware(datetime(start.year, start.month, start.day))  # noqa: DTZ001  (aware by this very call)
        part = (index + 1) / self._count
        if part <= THERE_AT_FIRST:
            return midnight - timedelta(days=YEARS_BEFORE * DAYS * (1 - part / THERE_AT_FIRST) + 1)
        return midnight + timedelta(days=DAYS * (part - THERE_AT_FIRST) / (1 - THERE_AT_FIRST) - 1)

    def _write_choices(self, latest: dict[int, Mailing]) -> None:
        chosen = Sheet(Preference, "contact", "category", "channel", "state", "frequency", "paused_until", "changed_at")
        clocks = Sheet(LastSent, "contact", "category", "channel", "sent_on", "campaign")
        for person in self._active.values():
            for (category_id, channel), (one, at) in person.chosen.items():
                what = (one.state.value, one.frequency.value, one.paused_until)
                chosen.add(person.contact_id, category_id, channel, *what, at)
                last = latest.get(category_id)
                if last and channel == last.channel and _has_a_clock(person, (category_id, channel)):
                    clocks.add(person.contact_id, category_id, channel, last.day, last.campaign_id)
        chosen.flush()
        clocks.flush()

    def _write_blocks(self) -> None:
        sheet = Sheet(Suppression, "address", "reason", "everywhere", "source", "campaign", "since", "lifted_at")
        for person in self._active.values():
            for one in person.blocks:
                how = (one.reason.value, one.everywhere, one.source.value, one.campaign_id)
                sheet.add(one.address_id, *how, one.since, one.lifted_at)
        sheet.flush()

    def _update_contacts(self) -> None:
        update(
            Contact,
            ("paused_until", "only_chosen", "erased_at"),
            (
                (one.paused_until, one.only_chosen, one.erased_at, one.contact_id)
                for one in self._active.values()
                if one.paused_until or one.only_chosen or one.erased_at
            ),
        )
        erased = [one.contact_id for one in self._active.values() if one.erased_at]
        Contact.objects.filter(id__any_of=erased).update(language="")


def _has_a_clock(person: Person, key: tuple[int, str]) -> bool:
    """Clocks of the others decide nothing, so they are left out: they would be the greater part of the rows."""
    one = person.choice(key)
    return (
        one.frequency != Frequency.AS_SENT
        and one.state != PreferenceState.UNSUBSCRIBED
        and not person.erased_at
        and not person.active()
    )


def _latest(mailings: Sequence[Mailing]) -> dict[int, Mailing]:
    by_email = [one for one in mailings if one.channel == Channel.EMAIL]
    return {one.category_id: one for one in sorted(by_email, key=lambda one: one.day)}


def _text(contact_id: int, channel: Channel) -> str:
    """The same for the same contact, and nobody else's."""
    if channel == Channel.SMS:
        area, line = divmod(contact_id // PHONE_EVERY, 100)
        return f"+1{200 + area}55501{line:02}"
    first = texts.FIRST_NAMES[contact_id % len(texts.FIRST_NAMES)]
    last = texts.LAST_NAMES[contact_id // 7 % len(texts.LAST_NAMES)]
    return f"{first}.{last}{contact_id}@{RESERVED[contact_id % len(RESERVED)]}"
