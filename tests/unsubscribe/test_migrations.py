"""What a migration makes of the rows that were there before it."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection

from tests.conftest import NOW
from unsubscribe.models import Address, Contact

pytestmark = pytest.mark.django_db
PENDING = import_module("unsubscribe.migrations.0013_pending_addresses")


def make(*told: tuple[str, str, int], erased: bool = False) -> list[int]:
    """A contact of NOW with an address for each channel, value and age (in minutes since then)."""
    contact = Contact.objects.create(created_at=NOW, erased_at=NOW if erased else None)
    return [
        Address.objects.create(
            contact=contact,
            channel=channel,
            value=value,
            digest=value.encode().ljust(32, b"-"),
            created_at=NOW + timedelta(minutes=age),
        ).pk
        for channel, value, age in told
    ]


def test_every_address_but_the_one_a_contact_began_with_becomes_pending() -> None:
    alone = make(("email", "alone@example.com", 0))
    joined = make(
        ("email", "first@x.example", 0),
        ("email", "second@x.example", 5),
        ("sms", "+491", 6),
        ("sms", "+492", 7),
    )
    # Learnt by itself long before, and moved to the contact later: its number is the lower one.
    adopted = make(("email", "moved@x.example", -900), ("email", "began@x.example", 0))
    in_one_call = make(("email", "one@x.example", 0), ("sms", "+493", 0))
    unclear = make(("email", "older@x.example", 3), ("email", "newer@x.example", 4))
    gone = make(("email", "a", 0), ("email", "b", 1), erased=True)
    with connection.cursor() as cursor:
        cursor.execute(PENDING._JOINED_BEFORE)
    found = {one.pk: (one.is_pending, one.is_beside) for one in Address.objects.all()}
    own, pending, beside = (False, False), (True, False), (True, True)
    assert [found[id_] for id_ in alone] == [own]
    assert [found[id_] for id_ in joined] == [own, beside, pending, beside]
    assert [found[id_] for id_ in adopted] == [beside, own]
    assert [found[id_] for id_ in in_one_call] == [own, pending]
    assert [found[id_] for id_ in unclear] == [own, beside]
    assert [found[id_] for id_ in gone] == [own, own]
