"""Whose mailboxes hear of what was said: those of the contact, and of an address that waits for their word it alone."""

from datetime import datetime
from typing import NamedTuple

import pytest

from tests.factories import ADA, BOB, AddressFactory
from unsubscribe.actions.recording import mailboxes, older_mailboxes
from unsubscribe.choices import Channel
from unsubscribe.models import Address


class Cast(NamedTuple):
    """Ada has two mailboxes, a number, and one whose spelling is not known; two more were joined to her."""

    ada: Address
    work: Address
    number: Address
    hashed: Address
    pending: Address
    pending_number: Address
    bob: Address

    def named(self, rows: list[Address]) -> list[str]:
        return [next(name for name, one in self._asdict().items() if one.pk == row.pk) for row in rows]


@pytest.fixture
def cast(db: None, now: datetime) -> Cast:
    ada = AddressFactory.create(text=ADA)
    hers = {"contact": ada.contact}
    joined = hers | {"joined_at": now, "is_beside": True}
    return Cast(
        ada,
        AddressFactory.create(text="ada@work.example", **hers),
        AddressFactory.create(text="+4930901820", channel=Channel.SMS, **hers),
        AddressFactory.create(text="ada@old.example", value="", **hers),
        AddressFactory.create(text="ada@joined.example", **joined),
        AddressFactory.create(text="+4930901821", channel=Channel.SMS, **joined),
        AddressFactory.create(text=BOB),
    )


@pytest.mark.parametrize(
    ("speakers", "hearing"),
    [
        ([], []),
        (["ada"], ["ada", "work"]),
        (["work"], ["ada", "work"]),
        (["number"], ["ada", "work"]),
        (["hashed"], ["ada", "work"]),
        (["pending"], ["pending"]),
        (["pending_number"], []),
        (["pending", "work"], ["ada", "work", "pending"]),
        (["pending", "bob"], ["pending", "bob"]),
        (["bob", "number"], ["ada", "work", "bob"]),
    ],
)
def test_all_mailboxes_of_whoever_speaks_hear_of_it(speakers: list[str], hearing: list[str], cast: Cast) -> None:
    assert cast.named(mailboxes([getattr(cast, one) for one in speakers])) == hearing


@pytest.mark.parametrize("joined", ["pending", "pending_number"])
def test_of_what_holds_for_them_too_the_older_ones_hear(joined: str, cast: Cast) -> None:
    assert cast.named(older_mailboxes([getattr(cast, joined)])) == ["ada", "work"]
