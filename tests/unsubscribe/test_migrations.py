"""What a migration makes of the rows that were there before it."""

from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from tests.conftest import NOW
from tests.factories import AddressFactory, CategoryFactory
from unsubscribe import actions
from unsubscribe.actions import ImportedNo, Origin
from unsubscribe.choices import Channel, Source
from unsubscribe.links import Target
from unsubscribe.models import Address, Contact, Preference

pytestmark = pytest.mark.django_db
PENDING = import_module("unsubscribe.migrations.0013_pending_addresses")
SAID_AGAIN = import_module("unsubscribe.migrations.0015_said_again_by_imports")


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


def test_what_imports_found_is_read_from_the_ledger() -> None:
    news = CategoryFactory.create()
    people = [AddressFactory.create() for _ in range(3)]
    actions.opt_in([Target(people[0].pk, news.pk)], Origin(Source.PAGE, NOW, wording="Yes"))
    actions.opt_out([Target(people[2].pk, news.pk)], Origin(Source.PAGE, NOW))
    said = [ImportedNo(bytes(one.digest), one.value) for one in people]
    actions.import_opt_outs(said, Origin(Source.IMPORT, NOW, import_id=1), channel=Channel.EMAIL, category_id=news.pk)
    found = Preference.objects.order_by("contact").values_list("state_before", flat=True)
    assert list(found) == ["subscribed", "unspecified", ""]
    Preference.objects.update(state_before="")
    SAID_AGAIN.fill(apps, SimpleNamespace(connection=connection))
    assert list(found.all()) == ["subscribed", "unspecified", ""]
