"""`any_of` answers for sets of any size, in one statement, on both databases."""

from hashlib import sha256

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from tests.factories import AddressFactory
from unsubscribe.models import Address

pytestmark = pytest.mark.django_db

SIZES = [0, 1, 100_000]


def _digests(number: int) -> list[bytes]:
    return [sha256(f"nobody {one}".encode()).digest() for one in range(number)]


@pytest.fixture
def three() -> list[Address]:
    return [AddressFactory.create() for _ in range(3)]


@pytest.mark.parametrize("size", SIZES)
def test_digests_are_found_among_any_number(size: int, three: list[Address]) -> None:
    first, _, last = (bytes(one.digest) for one in three)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        found = Address.objects.filter(digest__any_of=_digests(size))
        assert list(found) == []
        found = Address.objects.filter(digest__any_of=[first, *_digests(size), last])
        assert set(found) == {three[0], three[2]}
    assert len(asked) == 2


@pytest.mark.parametrize("size", SIZES)
def test_ids_are_found_among_any_number(size: int, three: list[Address]) -> None:
    ids = [one.pk for one in three]
    others = range(max(ids) + 1, max(ids) + 1 + size)
    assert not Address.objects.filter(id__any_of=others).exists()
    assert set(Address.objects.filter(id__any_of=[ids[0], *others, ids[2]])) == {three[0], three[2]}


@pytest.mark.parametrize("size", SIZES)
def test_foreign_keys_are_found_among_any_number(size: int, three: list[Address]) -> None:
    ids = [one.contact_id for one in three]
    others = range(max(ids) + 1, max(ids) + 1 + size)
    assert set(Address.objects.filter(contact_id__any_of=[ids[1], *others])) == {three[1]}
    assert set(Address.objects.filter(contact__addresses__contact__any_of=[ids[1], *others])) == {three[1]}


def test_a_member_named_twice_is_found_once(three: list[Address]) -> None:
    digest = bytes(three[0].digest)
    assert list(Address.objects.filter(digest__any_of=[digest, digest])) == [three[0]]
    assert list(Address.objects.filter(id__any_of=(three[0].pk for _ in range(2)))) == [three[0]]


def test_the_bytes_of_two_neighbours_make_no_third(three: list[Address]) -> None:
    """SQLite gets all digests in one piece: only whole slices of it count."""
    digest = bytes(three[0].digest)
    shifted = [b"\0" * 16 + digest[:16], digest[16:] + b"\0" * 16]
    assert not Address.objects.filter(digest__any_of=shifted).exists()


def test_it_goes_with_other_conditions(three: list[Address]) -> None:
    first, second, third = three
    wanted = Q(digest__any_of=[bytes(first.digest), bytes(second.digest)])
    assert set(Address.objects.filter(wanted, value=second.value)) == {second}
    assert set(Address.objects.filter(wanted | Q(id__any_of=[third.pk]))) == set(three)
    assert set(Address.objects.exclude(wanted)) == {third}
    assert set(Address.objects.exclude(id__any_of=[])) == set(three)


def test_words_can_be_looked_up_too(three: list[Address]) -> None:
    words = [three[1].value, 'a "quoted"\\ word', "ü", "{}"]
    assert set(Address.objects.filter(value__any_of=words)) == {three[1]}
    assert set(Address.objects.filter(channel__any_of=["email", "sms"])) == set(three)


def test_the_index_is_used(three: list[Address]) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("With three rows PostgreSQL reads the table, rightly.")
    plan = Address.objects.filter(channel="email", digest__any_of=[bytes(three[0].digest)]).explain()
    assert "SEARCH unsubscribe_address USING INDEX" in plan
