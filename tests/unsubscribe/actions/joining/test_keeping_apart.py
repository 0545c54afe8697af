"""Whatever two addresses said while they were one, kept apart each has every no that it did not take back itself."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import NOW
from tests.examples import examples
from tests.factories import ADA, BOB, AddressFactory, CategoryFactory
from tests.unsubscribe.gate.test_checking import forgotten
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.actions.undoing import UNDO
from unsubscribe.addresses import normalise
from unsubscribe.choices import Channel, EventKind, OutboxKind, Source
from unsubscribe.links import Target
from unsubscribe.models import Address, Category, ConsentEvent, OutboxMessage, Suppression

from ..test_bulk import needs_postgresql
from ..test_concurrency import at_once
from .test_pending import OLDER, OTHER, open_to, said, say

pytestmark = pytest.mark.django_db
yes_or_no = st.tuples(
    st.sampled_from([OLDER, OTHER]), st.sampled_from(["leave", "leave all", "complain", "join in"]), st.just("news")
)


def is_no(what: str, slug: str, about: str, *, is_own: bool) -> bool:
    return (what == "leave" and slug == about) or what == "leave all" or (what == "complain" and is_own)


@examples(80)
@given(
    before=st.lists(said, max_size=2),
    after=st.lists(said | yes_or_no, min_size=2, max_size=6),
    is_text=st.booleans(),
)
def test_nobody_took_a_no_back_for_the_other(
    before: list[tuple[str, str, str]], after: list[tuple[str, str, str]], is_text: bool
) -> None:
    with forgotten():
        by_slug = {"news": CategoryFactory.create(), "partners": CategoryFactory.create(opt_in=True)}
        categories = list(by_slug.values())
        older = AddressFactory.create(text=ADA, created_at=NOW, contact__created_at=NOW)
        for _, what, slug in before:
            say(older, what, by_slug[slug], now=NOW - timedelta(days=1))
        channel = Channel.SMS if is_text else Channel.EMAIL
        more = normalise("+49 30 901820" if is_text else BOB, channel=channel)
        joined = actions.add_addresses(older.contact_id, [more], now=NOW)
        if not joined:
            return
        actions.agree([joined[0].pk], Origin(Source.STAFF, NOW))
        people = {OLDER: older, OTHER: joined[0]}
        for minute, (who, what, slug) in enumerate(after, start=1):
            say(people[who], what, by_slug[slug], now=NOW + timedelta(minutes=minute))
        were_open = {who: open_to(one, categories) for who, one in people.items()}
        actions.part([joined[0].pk], Origin(Source.PAGE, NOW + timedelta(hours=1)))
        for who, one in people.items():
            are_open = open_to(one, categories)
            assert are_open <= were_open[who]
            for about in by_slug:
                own_yes = [n for n, said in enumerate(after) if said == (who, "join in", about)]
                since = [
                    (by, what)
                    for by, what, slug in after[own_yes[-1] if own_yes else 0 :]
                    if is_no(what, slug, about, is_own=by == who)
                ]
                if since and not (is_text and any(what == "leave" and by != who for by, what in since)):
                    assert about not in are_open
        if all(who == OLDER for who, *_ in after):
            assert open_to(older, categories) == were_open[OLDER]


def as_one(older: Address, text: str = BOB) -> Address:
    [joined] = actions.add_addresses(older.contact_id, [normalise(text)], now=NOW)
    actions.agree([joined.pk], Origin(Source.STAFF, NOW))
    return joined


@pytest.mark.parametrize(
    ("after", "open_older", "open_other"),
    [
        ([(OLDER, "leave all"), (OTHER, "join in")], set(), {"news"}),
        ([(OTHER, "leave all"), (OLDER, "join in")], {"news"}, set()),
        ([(OLDER, "leave"), (OTHER, "join in")], set(), {"news"}),
        ([(OTHER, "leave"), (OLDER, "join in")], {"news"}, set()),
        ([(OLDER, "complain"), (OTHER, "join in")], set(), {"news"}),
        ([(OLDER, "pause all"), (OTHER, "resume all")], set(), {"news"}),
        ([(OLDER, "pause"), (OTHER, "resume")], set(), {"news"}),
    ],
    ids=lambda one: "-".join(what for _, what in one) if isinstance(one, list) else None,
)
def test_what_one_took_back_of_the_others_is_in_force_again(
    after: list[tuple[str, str]], open_older: set[str], open_other: set[str], ada: Address, news: Category
) -> None:
    people = {OLDER: ada, OTHER: as_one(ada)}
    for minute, (who, what) in enumerate(after, start=1):
        say(people[who], what, news, now=NOW + timedelta(minutes=minute))
    actions.part([people[OTHER].pk], Origin(Source.PAGE, NOW + timedelta(hours=1)))
    assert [open_to(one, [news]) for one in people.values()] == [open_older, open_other]
    said_all = {people[who].pk for who, what in after if what in {"leave all", "complain"}}
    assert set(Suppression.objects.filter(lifted_at=None).values_list("address_id", flat=True)) == said_all


@pytest.mark.parametrize("category", [True, False], ids=["category", "everything"])
@pytest.mark.parametrize("who", [OLDER, OTHER])
def test_what_was_undone_stays_so(who: str, category: bool, ada: Address, news: Category) -> None:
    people = {OLDER: ada, OTHER: as_one(ada)}
    later = NOW + timedelta(minutes=1)
    target = Target(people[who].pk, news.pk if category else None)
    events = actions.opt_out([target], Origin(Source.PAGE, later))
    actions.undo([one.pk for one in events], Origin(Source.PAGE, later + timedelta(minutes=1), wording=UNDO))
    actions.part([people[OTHER].pk], Origin(Source.PAGE, NOW + timedelta(hours=1)))
    assert [open_to(one, [news]) for one in people.values()] == [{"news"}, {"news"}]


def test_what_is_in_force_again_is_said_of_an_address_on_its_channel(news: Category) -> None:
    number = AddressFactory.create(channel=Channel.SMS, text="+49 30 901820")
    ada = AddressFactory.create(contact=number.contact, text=ADA)
    joined = as_one(ada)
    say(ada, "leave", news, now=NOW + timedelta(minutes=1))
    say(joined, "join in", news, now=NOW + timedelta(minutes=2))
    events = actions.part([joined.pk], Origin(Source.PAGE, NOW + timedelta(hours=1)))
    assert [one.address_id for one in events if one.kind == EventKind.OPT_OUT] == [ada.pk]


def pairs(size: int, news: Category) -> list[Address]:
    """The joined ones of so many contacts, each with a no that the other took back."""
    readers = [AddressFactory.create() for _ in range(size)]
    wanted = {one.contact_id: [normalise(f"also-{one.pk}@example.org")] for one in readers}
    joined = [row for some in actions.add_addresses_to(wanted, now=NOW).values() for row in some]
    actions.agree([one.pk for one in joined], Origin(Source.STAFF, NOW))
    later = NOW + timedelta(hours=1)
    actions.opt_out([Target(one.pk) for one in joined], Origin(Source.PAGE, later))
    actions.opt_in(
        [Target(one.pk, news.pk) for one in readers], Origin(Source.PAGE, later + timedelta(minutes=1), wording="Yes")
    )
    return joined


def test_many_take_as_many_queries_as_a_few(news: Category) -> None:
    counts = []
    for size in (3, 12):
        rows = pairs(size, news)
        before = ConsentEvent.objects.count()
        with CaptureQueriesContext(connection) as queries:
            actions.part([one.pk for one in rows], Origin(Source.STAFF, NOW + timedelta(hours=2)))
        kinds = [one.kind for one in ConsentEvent.objects.order_by("id")[before:]]
        assert kinds.count(EventKind.OPT_OUT) >= size
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_who_was_joined_before_joins_were_pending_counts_as_known_where_the_contact_is_younger(ada: Address) -> None:
    """As migration 0013 left them: nothing says when they were joined."""
    [bob] = actions.add_addresses(ada.contact_id, [normalise(BOB)], now=timezone.now())
    assert not bob.was_known
    for days, was_known in ((1, False), (-1, True)):
        at = ada.contact.created_at + timedelta(days=days)
        Address.objects.filter(pk=bob.pk).update(created_at=at, joined_at=at)
        assert Address.objects.get(pk=bob.pk).was_known == was_known


@needs_postgresql
@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def pair(self, *, was_known: bool = False) -> tuple[Address, Address]:
        older, other = AddressFactory.create(), normalise("other@example.org")
        if was_known:
            actions.learn([other], now=NOW)
        [joined] = actions.add_addresses(older.contact_id, [other], now=timezone.now())
        return older, joined

    def test_both_yes_make_them_one_once(self) -> None:
        older, joined = self.pair(was_known=True)
        written: list[ConsentEvent] = []

        def act(number: int) -> None:
            by = (older if number % 2 else joined).pk
            written.extend(actions.agree([joined.pk], Origin(Source.PAGE, timezone.now()), by=by))

        at_once(act)
        assert len(written) == 2
        assert [one.after for one in written if "is_theirs" in one.after] == [{"is_theirs": True}]
        joined.refresh_from_db()
        assert not joined.is_pending
        assert OutboxMessage.objects.filter(kind=OutboxKind.JOINED).count() == 2

    def test_all_who_keep_them_apart_bring_a_no_back_once(self, news: Category) -> None:
        [joined] = pairs(1, news)
        at_once(lambda _: actions.part([joined.pk], Origin(Source.PAGE, timezone.now())))
        joined.refresh_from_db()
        events = ConsentEvent.objects.filter(contact=joined.contact_id)
        assert [one.category_id for one in events.order_by("id")] == [None, news.pk]
        assert ConsentEvent.objects.filter(kind=EventKind.JOIN, after={"is_theirs": False}).count() == 1

    @pytest.mark.parametrize("again", range(5))
    def test_whoever_takes_back_meanwhile_takes_nothing_back(self, again: int, news: Category) -> None:
        older, joined = self.pair()
        actions.agree([joined.pk], Origin(Source.STAFF, timezone.now()))
        actions.opt_out([Target(joined.pk)], Origin(Source.PAGE, timezone.now()))

        def act(number: int) -> None:
            if number == 7 - again:
                actions.part([joined.pk], Origin(Source.PAGE, timezone.now()))
            else:
                actions.opt_in([Target(older.pk, news.pk)], Origin(Source.PAGE, timezone.now(), wording="Yes"))

        at_once(act)
        assert open_to(joined, [news]) == set()
        assert open_to(older, [news]) == {"news"}
        assert Suppression.objects.filter(address=joined, lifted_at=None).count() == 1

    @pytest.mark.parametrize("again", range(3))
    def test_whoever_is_erased_meanwhile_is_erased_or_apart(self, again: int, news: Category) -> None:
        older, joined = self.pair()
        actions.agree([joined.pk], Origin(Source.STAFF, timezone.now()))

        def act(number: int) -> None:
            if number == 2 * again:
                actions.erase([older.contact_id], Origin(Source.PAGE, timezone.now()))
            else:
                actions.part([joined.pk], Origin(Source.PAGE, timezone.now()))

        at_once(act)
        joined = Address.objects.select_related("contact").get(pk=joined.pk)
        is_erased = joined.contact.erased_at is not None
        assert (joined.value == "", joined.contact_id == older.contact_id) == (is_erased, is_erased)
