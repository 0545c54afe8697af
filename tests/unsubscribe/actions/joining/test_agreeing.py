"""What holds for two addresses once it is agreed that they are one contact's (law 11): every no of either, also
those from before."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from prefcenter.reports import conditions
from tests.conftest import NOW
from tests.factories import ADA, BOB, AddressFactory, CategoryFactory
from tests.unsubscribe.actions.joining.test_pending import OLDER, OTHER, open_to, said, say
from tests.unsubscribe.gate.test_checking import forgotten
from unsubscribe import actions, gate
from unsubscribe.actions import ImportedNo, Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import Channel, EventKind, OutboxKind, Outcome, Source, SuppressionReason
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category, ConsentEvent, OutboxMessage, Suppression

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
PHONE = normalise("+49 30 901820", channel=Channel.SMS)
OWN_NO = [SuppressionReason.COMPLAINT, SuppressionReason.UNSUBSCRIBED_ALL]


@pytest.fixture
def bob(ada: Address) -> Address:
    """Joined to Ada, agreed to; with a number beside them."""
    joined = actions.add_addresses(ada.contact_id, [normalise(BOB), PHONE], now=NOW - DAY)
    actions.agree([one.pk for one in joined], Origin(Source.STAFF, NOW - DAY))
    return joined[0]


def answer(text: str, category: Category, *, at: timedelta = timedelta()) -> Outcome:
    return gate.check([text], Mailing(category), now=NOW + at)[0].outcome


def blocked() -> set[tuple[str, str]]:
    rows = Suppression.objects.filter(lifted_at=None).select_related("address")
    return {(one.address.value, one.reason) for one in rows}


@pytest.mark.parametrize("reason", OWN_NO)
@pytest.mark.parametrize("speaker", [ADA, BOB])
@pytest.mark.parametrize("source", ["verb", "import"])
def test_what_either_says_of_its_whole_channel_holds_for_both_and_for_no_other_channel(
    source: str, speaker: str, reason: SuppressionReason, bob: Address, news: Category
) -> None:
    one = Address.objects.get(value=speaker)
    if source == "verb":
        actions.suppress([one.pk], Origin(Source.API, NOW), reason=reason)
    else:
        file = [ImportedNo(bytes(one.digest), one.value)]
        actions.import_opt_outs(file, Origin(Source.API, NOW), channel=Channel.EMAIL, reason=reason)
    assert blocked() == {(ADA, reason), (BOB, reason)}
    assert answer(ADA, news) == answer(BOB, news) == Outcome.SUPPRESSED
    assert ConsentEvent.objects.filter(conditions.COMPLAINT).count() == (reason == SuppressionReason.COMPLAINT)


@pytest.mark.parametrize("reason", OWN_NO)
def test_it_is_taken_back_for_both_by_whoever_comes_back(
    reason: SuppressionReason, ada: Address, bob: Address, news: Category
) -> None:
    actions.suppress([bob.pk], Origin(Source.API, NOW), reason=reason)
    actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW, wording="Yes"))
    assert blocked() == set()


@pytest.mark.parametrize("reason", [SuppressionReason.HARD_BOUNCE, SuppressionReason.MANUAL])
def test_what_is_about_the_mailbox_alone_stays_with_it(reason: SuppressionReason, bob: Address) -> None:
    actions.suppress([bob.pk], Origin(Source.API, NOW), reason=reason)
    assert blocked() == {(BOB, reason)}


def test_of_whoever_was_erased_nothing_more_is_written(ada: Address, bob: Address) -> None:
    actions.erase([ada.contact_id], Origin(Source.STAFF, NOW))
    actions.suppress([bob.pk], Origin(Source.API, NOW), reason=SuppressionReason.COMPLAINT)
    assert not Suppression.objects.filter(address=ada, reason=SuppressionReason.COMPLAINT).exists()


def test_an_import_that_is_taken_back_lifts_it_at_both(ada: Address, bob: Address, news: Category) -> None:
    file = [ImportedNo(bytes(bob.digest), bob.value)]
    actions.import_opt_outs(file, Origin(Source.IMPORT, NOW, import_id=7), channel=Channel.EMAIL)
    assert blocked() == {(one, SuppressionReason.UNSUBSCRIBED_ALL) for one in (ADA, BOB)}
    while actions.take_back(7, most=10, now=NOW + DAY).looked_at:
        pass
    assert answer(ADA, news, at=DAY) == answer(BOB, news, at=DAY) == Outcome.SEND


def test_many_take_as_many_queries_as_a_few() -> None:
    counts = []
    for size in (4, 30):
        readers = [AddressFactory.create() for _ in range(size)]
        wanted = {one.contact_id: [normalise(f"also-{one.pk}@example.org")] for one in readers}
        joined = [row.pk for some in actions.add_addresses_to(wanted, now=NOW).values() for row in some]
        actions.agree(joined, Origin(Source.STAFF, NOW))
        with CaptureQueriesContext(connection) as queries:
            events = actions.suppress(joined, Origin(Source.API, NOW), reason=SuppressionReason.COMPLAINT)
        assert len(events) == 2 * size
        counts.append(len(queries))
    assert counts[0] == counts[1]


def leave(*addresses: Address, category: Category) -> None:
    actions.opt_out([Target(one.pk, category.pk) for one in addresses], Origin(Source.PAGE, NOW))


def listed(*addresses: Address, category: Category, at: datetime | None = None, import_id: int | None = 7) -> None:
    file = [ImportedNo(bytes(one.digest), one.value, at) for one in addresses]
    origin = Origin(Source.IMPORT, NOW, import_id=import_id)
    actions.import_opt_outs(file, origin, channel=Channel.EMAIL, category_id=category.pk)


def left_a_page(older: Address, other: Address, news: Category) -> None:
    leave(older, category=news)
    leave(other, category=news)


def left_at_once(older: Address, other: Address, news: Category) -> None:
    leave(older, other, category=news)


def came_in_two_files(older: Address, other: Address, news: Category) -> None:
    listed(older, category=news, import_id=6)
    listed(other, category=news)


def came_in_one_file(older: Address, other: Address, news: Category) -> None:
    listed(older, other, category=news)


def came_late(older: Address, other: Address, news: Category) -> None:
    leave(older, category=news)
    listed(other, category=news, at=NOW - DAY)


def came_after_a_yes(older: Address, other: Address, news: Category) -> None:
    actions.opt_in([Target(older.pk, news.pk)], Origin(Source.PAGE, NOW, wording="Yes"))
    listed(other, category=news, at=NOW - DAY)


#: How the no of an address comes to a contact at which it changes nothing.
UNHEARD = {
    one.__name__: one
    for one in (left_a_page, left_at_once, came_in_two_files, came_in_one_file, came_late, came_after_a_yes)
}


class TestTheOwnNoOfAnAddressThatWasPending:
    """The older one said yes after it, which was no yes of the other's (laws 8 and 11)."""

    @pytest.fixture
    def joined(self, ada: Address, news: Category) -> Address:
        [other] = actions.add_addresses(ada.contact_id, [normalise(BOB)], now=NOW)
        actions.opt_out([Target(other.pk, news.pk)], Origin(Source.ONE_CLICK, NOW))
        actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW + DAY, wording="Yes"))
        assert (answer(ADA, news), answer(BOB, news)) == (Outcome.SEND, Outcome.UNSUBSCRIBED)
        return other

    @pytest.mark.parametrize("source", [Source.STAFF, Source.PAGE])
    def test_holds_for_both_from_then_on_and_both_hear_of_it(
        self, source: Source, joined: Address, ada: Address, news: Category
    ) -> None:
        OutboxMessage.objects.all().delete()
        actions.agree([joined.pk], Origin(source, NOW + 2 * DAY))
        assert answer(ADA, news, at=2 * DAY) == answer(BOB, news, at=2 * DAY) == Outcome.UNSUBSCRIBED
        told = OutboxMessage.objects.filter(kind=OutboxKind.CONFIRMATION).values_list("address", flat=True)
        assert set(told) == {ada.pk, joined.pk}
        kinds = ConsentEvent.objects.order_by("id").values_list("kind", "address")
        assert list(kinds)[-2:] == [(EventKind.OPT_OUT, joined.pk), (EventKind.JOIN, joined.pk)]

    @pytest.mark.parametrize("how", sorted(UNHEARD))
    def test_holds_also_where_it_changed_nothing_when_it_was_said(self, how: str, ada: Address, news: Category) -> None:
        """The older one had said no the same way, or a yes that was none for it. Said twice it is noted once."""
        [other] = actions.add_addresses(ada.contact_id, [normalise(BOB)], now=NOW - 9 * DAY)
        for _ in range(2):
            UNHEARD[how](ada, other, news)
        assert ConsentEvent.objects.filter(address=other).count() == 1
        assert not OutboxMessage.objects.filter(address=other).exists()
        actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW + DAY, wording="Yes"))
        assert (answer(ADA, news), answer(BOB, news)) == (Outcome.SEND, Outcome.UNSUBSCRIBED)
        actions.agree([other.pk], Origin(Source.STAFF, NOW + 2 * DAY))
        assert answer(ADA, news, at=2 * DAY) == answer(BOB, news, at=2 * DAY) == Outcome.UNSUBSCRIBED

    def test_ends_with_its_next_yes(self, joined: Address, ada: Address, news: Category) -> None:
        actions.agree([joined.pk], Origin(Source.STAFF, NOW + 2 * DAY))
        actions.opt_in([Target(joined.pk, news.pk)], Origin(Source.PAGE, NOW + 2 * DAY, wording="Yes"))
        assert answer(ADA, news, at=2 * DAY) == answer(BOB, news, at=2 * DAY) == Outcome.SEND

    def test_is_none_where_it_was_taken_back(self, ada: Address, news: Category) -> None:
        """By Undo, before the older one said yes."""
        [other] = actions.add_addresses(ada.contact_id, [normalise(BOB)], now=NOW)
        receipt = actions.opt_out([Target(other.pk, news.pk)], Origin(Source.PAGE, NOW))
        actions.undo([one.pk for one in receipt], Origin(Source.PAGE, NOW))
        actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW + DAY, wording="Yes"))
        actions.agree([other.pk], Origin(Source.STAFF, NOW + 2 * DAY))
        assert answer(BOB, news, at=2 * DAY) == Outcome.SEND

    def test_does_not_come_about_where_only_the_older_one_chose(self, ada: Address, news: Category) -> None:
        [other] = actions.add_addresses(ada.contact_id, [normalise(BOB)], now=NOW)
        actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW))
        actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW + DAY, wording="Yes"))
        actions.agree([other.pk], Origin(Source.STAFF, NOW + 2 * DAY))
        assert answer(ADA, news, at=2 * DAY) == answer(BOB, news, at=2 * DAY) == Outcome.SEND


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(before=st.lists(said, max_size=2), after=st.lists(said, min_size=1, max_size=6), is_text=st.booleans())
def test_no_no_that_held_stops_holding_by_agreeing(
    before: list[tuple[str, str, str]], after: list[tuple[str, str, str]], is_text: bool
) -> None:
    """What is open afterwards and was not before is what the older one said yes to, and the other never no."""
    with forgotten():
        by_slug = {"news": CategoryFactory.create(), "partners": CategoryFactory.create(opt_in=True)}
        categories = list(by_slug.values())
        older = AddressFactory.create(text=ADA)
        for _, what, slug in before:
            say(older, what, by_slug[slug])
        more = PHONE if is_text else normalise(BOB)
        joined = actions.add_addresses(older.contact_id, [more], now=NOW)
        if not joined:
            return
        [other] = joined
        for number, (who, what, slug) in enumerate(after):
            say(older if who == OLDER else other, what, by_slug[slug], now=NOW + timedelta(minutes=number))
        other.refresh_from_db()
        if other.contact_id != older.contact_id or not other.is_pending:
            return
        open_before = {one.pk: open_to(one, categories) for one in (older, other)}
        actions.agree([other.pk], Origin(Source.STAFF, NOW + timedelta(hours=1)))
        other.refresh_from_db()
        assert open_to(older, categories) <= open_before[older.pk]
        for slug in open_to(other, categories) - open_before[other.pk]:
            assert {(OLDER, "join in", slug)} & set(after)
            assert not {(OTHER, "leave", slug), (OTHER, "leave all", slug), (OTHER, "complain", slug)} & set(after)
        origin = Origin(Source.PAGE, NOW + timedelta(hours=2))
        actions.suppress([other.pk], origin, reason=SuppressionReason.COMPLAINT)
        if not is_text:
            assert open_to(older, categories) == set()
        assert open_to(other, categories) == set()
