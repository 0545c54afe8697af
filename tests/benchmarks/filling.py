"""Fills the scratch database with people, some of whom said no, and writes them into a file in another order."""

import csv
import random
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from django.db import connection, transaction

from unsubscribe.addresses import normalise
from unsubscribe.choices import Channel, Frequency, PreferenceState, Source, SuppressionReason
from unsubscribe.models import Address, Category, Contact, Preference, Suppression

from .loading import Sheet, set_sequences

#: Of a hundred, so many are suppressed, and so many more chose less or nothing of the category.
SUPPRESSED, UNSUBSCRIBED, WEEKLY = 5, 2, 2
#: Pages of indexes kept while filling, in kB; with SQLite's own 2 MB a million rows take an hour.
SQLITE_CACHE = 500_000


class Filled(NamedTuple):
    category: Category
    file: Path
    contacts: int


def fill(contacts: int, folder: Path, *, now: datetime) -> Filled:
    category = Category.objects.create(slug="bench", name="Bench")
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA cache_size = -{SQLITE_CACHE}")
    with transaction.atomic():
        _people(contacts, now=now)
        _choices(contacts, category, now=now)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    connection.close()  # what was set for the filling ends with it
    return Filled(category, write_file(contacts, folder), contacts)


def address(number: int) -> str:
    return f"reader.number{number}@example.com"


def _people(contacts: int, *, now: datetime) -> None:
    people = Sheet(Contact, "id", "created_at")
    for number in range(1, contacts + 1):
        people.add(number, now)
    people.flush()
    addresses = Sheet(Address, "id", "contact", "channel", "value", "digest", "created_at")
    for number in range(1, contacts + 1):
        one = normalise(address(number))
        addresses.add(number, number, one.channel.value, one.value, one.digest, now)
    addresses.flush()
    set_sequences(Contact, Address)


def _choices(contacts: int, category: Category, *, now: datetime) -> None:
    blocks = Sheet(Suppression, "address", "reason", "source", "since")
    chosen = Sheet(Preference, "contact", "category", "channel", "state", "frequency", "changed_at")
    reason, source = SuppressionReason.UNSUBSCRIBED_ALL.value, Source.PAGE.value
    key = (category.pk, Channel.EMAIL.value)
    for number in range(1, contacts + 1):
        kind = number * 37 % 100
        if kind < SUPPRESSED:
            blocks.add(number, reason, source, now)
        elif kind < SUPPRESSED + UNSUBSCRIBED:
            chosen.add(number, *key, PreferenceState.UNSUBSCRIBED.value, Frequency.AS_SENT.value, now)
        elif kind < SUPPRESSED + UNSUBSCRIBED + WEEKLY:
            chosen.add(number, *key, PreferenceState.SUBSCRIBED.value, Frequency.WEEKLY.value, now)
    blocks.flush()
    chosen.flush()


def write_file(contacts: int, folder: Path) -> Path:
    """An export as other programs make it; in no order that an index could make use of."""
    order = list(range(1, contacts + 1))
    random.Random(1).shuffle(order)
    path = folder / "contacts.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Email Address", "First Name", "Language"])
        writer.writerows((address(number), f"Reader {number}", "en") for number in order)
    return path
