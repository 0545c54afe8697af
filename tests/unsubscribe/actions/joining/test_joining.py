"""Further addresses of contacts: whom they join, what they start (nothing), and who meets whom on the way."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from prefcenter.reports import conditions
from tests.conftest import NOW
from tests.factories import ADA, BOB, CLEO, AddressFactory, CategoryFactory, ContactFactory
from tests.services import PATIENCE
from tests.settings import ON_POSTGRESQL
from tests.unsubscribe.actions.test_bulk import needs_postgresql, waiting
from tests.unsubscribe.actions.test_concurrency import at_once
from unsubscribe import actions, gate
from unsubscribe.actions import ImportedCounts, ImportedNo, Origin, Wanted
from unsubscribe.addresses import normalise
from unsubscribe.choices import Channel, EventKind, Frequency, Outcome, PreferenceState, Source, SuppressionReason
from unsubscribe.errors import MayNotLift
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category, ConsentEvent, Contact, Preference, SentCount, Suppression

pytestmark = pytest.mark.django_db
#: Django splits larger inserts on SQLite, which takes 999 values at a time.
SIZES = (20, 200) if ON_POSTGRESQL else (4, 40)
PHONE = normalise("+49 30 901820", channel=Channel.SMS)


def answer(text: str, category: Category) -> Outcome:
    return gate.check([text], Mailing(category), now=NOW)[0].outcome


class TestNothingStarts:
    def test_for_somebody_who_only_gets_what_they_choose(self, ada: Address, news: Category) -> None:
        actions.learn([normalise(BOB)], now=NOW, only_chosen=True)
        assert answer(BOB, news) == Outcome.UNSUBSCRIBED
        assert actions.add_addresses(ada.contact_id, [normalise(BOB)], now=NOW) == []
        assert answer(BOB, news) == Outcome.UNSUBSCRIBED

    @pytest.mark.parametrize("is_known", [True, False])
    def test_where_the_contact_opted_in(self, is_known: bool, ada: Address) -> None:
        partners = CategoryFactory.create(opt_in=True)
        actions.opt_in([Target(ada.pk, partners.pk)], Origin(Source.PAGE, NOW, wording="Yes"))
        if is_known:
            actions.learn([normalise(BOB)], now=NOW)
        joined = actions.add_addresses(ada.contact_id, [normalise(BOB), normalise(ADA), PHONE], now=NOW)
        assert [(one.pk == ada.pk, one.channel) for one in joined] == [(True, Channel.EMAIL), (False, Channel.SMS)]
        assert answer(BOB, partners) == Outcome.UNSUBSCRIBED

    def test_for_whoever_left_everything_although_they_opted_in_before(self, ada: Address, news: Category) -> None:
        actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW, wording="Yes"))
        actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, NOW))
        assert len(actions.add_addresses(ada.contact_id, [normalise(BOB)], now=NOW)) == 1
        assert answer(BOB, news) == Outcome.SUPPRESSED


class TestEverythingOnOneChannel:
    """As support records it for whoever rings up and wants no more text messages."""

    @pytest.fixture
    def texted(self, ada: Address) -> Address:
        [number] = actions.add_addresses(ada.contact_id, [PHONE], now=NOW)
        actions.suppress([number.pk], Origin(Source.STAFF, NOW), reason=SuppressionReason.UNSUBSCRIBED_ALL)
        return number

    def test_covers_the_numbers_learnt_later_and_nothing_else(self, ada: Address, texted: Address) -> None:
        later = normalise("+49 30 901821", channel=Channel.SMS)
        [number] = actions.add_addresses(ada.contact_id, [later, normalise(BOB)], now=NOW)[:1]
        assert gate.check([later.value], Mailing(None, channel=Channel.SMS), now=NOW)[0].outcome == (Outcome.SUPPRESSED)
        assert not Suppression.objects.exclude(address__channel=Channel.SMS).exists()
        event = ConsentEvent.objects.get(address=number)
        assert (event.kind, event.note) == (
            EventKind.SUPPRESS,
            "Learnt after the contact had said no to everything.",
        )

    def test_ends_everywhere_on_the_channel_when_the_person_comes_back(self, ada: Address, texted: Address) -> None:
        later = normalise("+49 30 901821", channel=Channel.SMS)
        joined = [texted, *actions.add_addresses(ada.contact_id, [later], now=NOW)]
        actions.agree([one.pk for one in joined], Origin(Source.STAFF, NOW))
        news = CategoryFactory.create()
        actions.opt_in([Target(texted.pk, news.pk)], Origin(Source.PAGE, NOW, wording="Yes"))
        assert not Suppression.objects.filter(lifted_at=None).exists()


class TestAComplaint:
    """It covers the addresses learnt later on its channel, as a no to everything does."""

    @pytest.fixture
    def complained(self, ada: Address) -> Address:
        actions.suppress([ada.pk], Origin(Source.COMPLAINT, NOW), reason=SuppressionReason.COMPLAINT)
        return ada

    @pytest.mark.parametrize("is_known", [True, False])
    def test_covers_what_is_learnt_later_on_its_channel_alone(
        self, is_known: bool, complained: Address, news: Category
    ) -> None:
        if is_known:
            actions.learn([normalise(BOB)], now=NOW)
        later, phone = actions.add_addresses(complained.contact_id, [normalise(BOB), PHONE], now=NOW)
        assert answer(BOB, news) == Outcome.SUPPRESSED
        assert Suppression.objects.get(address=later).reason == SuppressionReason.COMPLAINT
        assert not Suppression.objects.filter(address=phone).exists()
        event = ConsentEvent.objects.get(address=later)
        assert (event.kind, event.after) == (EventKind.SUPPRESS, {"suppressed": ["complaint"]})
        assert ConsentEvent.objects.filter(conditions.COMPLAINT).count() == 1

    def test_beside_a_no_to_everything_both_are_extended(self, complained: Address) -> None:
        actions.opt_out([Target(complained.pk)], Origin(Source.PAGE, NOW))
        later, phone = actions.add_addresses(complained.contact_id, [normalise(BOB), PHONE], now=NOW)
        blocks = Suppression.objects.filter(address__in=[later, phone]).values_list("address", "reason")
        both = {(later.pk, "complaint"), (later.pk, "unsubscribed_all")}
        assert set(blocks) == both | {(phone.pk, "unsubscribed_all")}

    def test_lets_a_new_address_in_although_the_contact_opted_in(self, complained: Address, news: Category) -> None:
        wanted = Wanted(complained.pk, news.pk, {"state": PreferenceState.SUBSCRIBED})
        Suppression.objects.update(lifted_at=NOW)
        actions.set_preferences([wanted], Origin(Source.PAGE, NOW, wording="Yes"))
        actions.suppress([complained.pk], Origin(Source.COMPLAINT, NOW), reason=SuppressionReason.COMPLAINT)
        assert len(actions.add_addresses(complained.contact_id, [normalise(BOB)], now=NOW)) == 1
        assert answer(BOB, news) == Outcome.SUPPRESSED

    def test_that_was_taken_back_covers_nothing(self, complained: Address, news: Category) -> None:
        actions.opt_in([Target(complained.pk, news.pk)], Origin(Source.PAGE, NOW, wording="Yes"))
        actions.add_addresses(complained.contact_id, [PHONE], now=NOW)
        assert not Suppression.objects.filter(lifted_at=None).exists()


class TestErased:
    @pytest.fixture(autouse=True)
    def _erased(self, ada: Address) -> None:
        actions.erase([ada.contact_id], Origin(Source.PAGE, NOW))

    def test_they_get_no_further_addresses(self, ada: Address) -> None:
        actions.learn([normalise(BOB)], now=NOW)
        assert actions.add_addresses(ada.contact_id, [PHONE, normalise(BOB), normalise(CLEO)], now=NOW) == []
        assert ada.contact.addresses.count() == 1
        assert Address.objects.count() == 2

    @pytest.mark.parametrize("source", [Source.API, Source.PAGE])
    def test_nothing_more_is_set_for_them(self, source: Source, ada: Address, news: Category) -> None:
        wanted = [Wanted(ada.pk, news.pk, {"state": PreferenceState.SUBSCRIBED})]
        with pytest.raises(MayNotLift):
            actions.set_preferences(wanted, Origin(source, NOW, wording="Yes"))
        assert not Preference.objects.exists()

    @pytest.mark.parametrize("slug", ["news", None])
    def test_a_file_with_them_writes_nothing(self, slug: str | None, ada: Address) -> None:
        category_id = CategoryFactory.create(slug=slug).pk if slug else None
        said = [ImportedNo(bytes(ada.digest), ADA)]
        for verb in (actions.preview_opt_outs, actions.import_opt_outs):
            counts = verb(said, Origin(Source.IMPORT, NOW), channel=Channel.EMAIL, category_id=category_id)
            assert counts == ImportedCounts(0, 1, 0)
        assert ConsentEvent.objects.get().kind == EventKind.ERASE
        assert Suppression.objects.get().reason == SuppressionReason.ERASED
        assert not Preference.objects.exists()


class TestMany:
    def test_take_as_many_queries_as_a_few(self) -> None:
        counts = []
        for size in SIZES:
            readers = [AddressFactory.create() for _ in range(size)]
            known = [normalise(f"known{size}-{n}@example.com") for n in range(size)]
            actions.learn(known, now=NOW)
            actions.opt_out([Target(one.pk) for one in readers[::2]], Origin(Source.PAGE, NOW))
            wanted = {
                one.contact_id: [silent, normalise(f"new{size}-{n}@example.com")]
                for n, (one, silent) in enumerate(zip(readers, known, strict=True))
            }
            with CaptureQueriesContext(connection) as queries:
                joined = actions.add_addresses_to(wanted, now=NOW)
            assert {len(some) for some in joined.values()} == {2}
            assert Address.objects.filter(contact_id__in=wanted).count() == 3 * size
            counts.append(len(queries))
        assert counts[0] == counts[1]

    def test_an_address_that_two_want_goes_to_the_first(self) -> None:
        one, other = ContactFactory.create().pk, ContactFactory.create().pk
        joined = actions.add_addresses_to({other: [normalise(BOB)], one: [normalise(BOB)]}, now=NOW)
        assert [len(joined[id_]) for id_ in (one, other)] == [0, 1]

    def test_two_who_want_each_others_address_keep_their_own(self, ada: Address) -> None:
        bob = AddressFactory.create(text=BOB)
        wanted = {ada.contact_id: [normalise(BOB)], bob.contact_id: [normalise(ADA)]}
        assert actions.add_addresses_to(wanted, now=NOW) == {ada.contact_id: [], bob.contact_id: []}
        assert Address.objects.get(pk=ada.pk).contact_id == ada.contact_id

    def test_a_number_is_another_address_on_another_channel(self, ada: Address) -> None:
        phone = AddressFactory.create(text=PHONE.value, channel=Channel.PHONE)
        [joined] = actions.add_addresses(ada.contact_id, [PHONE], now=NOW)
        assert joined.channel == Channel.SMS
        assert Address.objects.get(pk=phone.pk).contact_id == phone.contact_id

    def test_nobody_is_nobody(self) -> None:
        assert actions.add_addresses_to({}, now=NOW) == actions.add_addresses_to({99: [PHONE]}, now=NOW) == {}


def test_who_is_named_twice_in_a_mailing_is_counted_once(ada: Address, news: Category) -> None:
    for contact_ids in ([ada.contact_id] * 3, [ada.contact_id] * 2):
        actions.record_sent(contact_ids, Mailing(news), now=NOW)
    assert SentCount.objects.get().count == 2


@needs_postgresql
@pytest.mark.parametrize("slug", ["news", None])
def test_a_no_follows_the_address_that_moves_while_it_waits(slug: str | None, ada: Address, news: Category) -> None:
    bob = AddressFactory.create(text=BOB)
    target = Target(bob.pk, news.pk if slug else None)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert len(actions.add_addresses(ada.contact_id, [normalise(BOB)], now=NOW)) == 1
            clicked = waiting(pool, lambda: actions.opt_out([target], Origin(Source.ONE_CLICK, NOW)))
        assert {event.contact_id for event in clicked.result()} == {ada.contact_id}
    assert answer(BOB, news) == (Outcome.UNSUBSCRIBED if slug else Outcome.SUPPRESSED)


@needs_postgresql
def test_an_address_does_not_move_while_a_no_is_written_about_it(ada: Address, news: Category) -> None:
    bob = AddressFactory.create(text=BOB)

    def add() -> list[Address]:
        try:
            return actions.add_addresses(ada.contact_id, [normalise(BOB)], now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        assert len(actions.opt_out([Target(bob.pk, news.pk)], Origin(Source.ONE_CLICK, NOW))) == 1
        assert pool.submit(add).result(timeout=PATIENCE) == []
    assert answer(BOB, news) == Outcome.UNSUBSCRIBED


@needs_postgresql
def test_the_same_people_in_any_order_wait_for_each_other_in_no_circle(now: datetime) -> None:
    news, readers = CategoryFactory.create(), [AddressFactory.create() for _ in range(60)]
    further = {one.contact_id: [normalise(f"further{n}@example.com")] for n, one in enumerate(readers)}
    actions.learn([one for some in further.values() for one in some][::3], now=now)
    dice = random.Random(1)
    orders = [dice.sample(sorted(further), len(further)) for _ in range(8)]

    def act(number: int) -> None:
        if number % 4 == 3:
            targets = [Target(one.pk, news.pk) for one in dice.sample(readers, len(readers))]
            actions.opt_down(targets, Origin(Source.PAGE, now), frequency=Frequency.WEEKLY)
            return
        with transaction.atomic():
            actions.add_addresses_to({id_: further[id_] for id_ in orders[number]}, now=now)
            actions.suggest_language(orders[number][number::2], "de")

    for _ in range(3):
        at_once(act)
    assert {one.addresses.count() for one in Contact.objects.filter(id__in=further)} == {2}


class TestPending:
    """What becomes of a join: agreed to, or taken apart, for many as for one, whoever comes first."""

    def joined(self, size: int) -> list[Address]:
        readers = [AddressFactory.create() for _ in range(size)]
        wanted = {one.contact_id: [normalise(f"also-{one.pk}@example.org")] for one in readers}
        return [row for some in actions.add_addresses_to(wanted, now=NOW).values() for row in some]

    @pytest.mark.parametrize("verb", [actions.agree, actions.part])
    def test_takes_as_many_queries_for_many_as_for_a_few(self, verb: Any) -> None:
        counts = []
        for size in (4, 20):
            rows = self.joined(size)
            actions.opt_out([Target(one.pk, CategoryFactory.create().pk) for one in rows], Origin(Source.PAGE, NOW))
            with CaptureQueriesContext(connection) as queries:
                assert len(verb([one.pk for one in rows], Origin(Source.STAFF, NOW))) == size
            counts.append(len(queries))
        assert counts[0] == counts[1]
        assert verb([one.pk for one in rows], Origin(Source.STAFF, NOW)) == []

    def test_of_several_on_a_channel_the_first_has_it(self, ada: Address, news: Category) -> None:
        numbers = [normalise(f"+49 30 90182{n}", channel=Channel.SMS) for n in range(3)]
        first, second = actions.add_addresses(ada.contact_id, numbers[:2], now=NOW)
        [third] = actions.add_addresses(ada.contact_id, numbers[2:], now=NOW)
        assert [(one.is_pending, one.is_beside) for one in (first, second, third)] == [
            (True, False),
            (True, True),
            (True, True),
        ]

    def test_an_address_that_stands_alone_takes_along_what_held_for_it(self, ada: Address, news: Category) -> None:
        [bob] = actions.add_addresses(ada.contact_id, [normalise(BOB)], now=NOW)
        until = NOW.date() + timedelta(days=30)
        actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW), frequency=Frequency.WEEKLY)
        actions.pause([Target(ada.pk)], Origin(Source.PAGE, NOW), until=until)
        actions.record_sent([ada.contact_id], Mailing(news), now=NOW)
        offers = CategoryFactory.create(slug="offers")
        actions.opt_out([Target(bob.pk, offers.pk)], Origin(Source.PAGE, NOW))
        actions.part([bob.pk], Origin(Source.PAGE, NOW))
        bob.refresh_from_db()
        assert answer(BOB, offers) == answer(ADA, offers) == Outcome.UNSUBSCRIBED
        assert bob.contact.paused_until == until
        assert bob.contact.last_sent.get().sent_on == NOW.date()
        assert {one.frequency for one in Preference.objects.filter(category=news)} == {Frequency.WEEKLY}

    def test_what_was_taken_apart_is_never_joined_to_anybody_again(self, ada: Address) -> None:
        [bob] = actions.add_addresses(ada.contact_id, [normalise(BOB)], now=NOW)
        actions.part([bob.pk], Origin(Source.PAGE, NOW))
        for contact in (ada.contact, AddressFactory.create().contact):
            assert actions.add_addresses(contact.pk, [normalise(BOB)], now=NOW) == []

    @needs_postgresql
    @pytest.mark.django_db(transaction=True)
    def test_who_agrees_and_who_does_not_at_once_leave_one_answer(self) -> None:
        [bob] = self.joined(1)

        def act(number: int) -> None:
            verb = actions.part if number % 2 else actions.agree
            written.extend(verb([bob.pk], Origin(Source.PAGE, NOW)))

        written: list[ConsentEvent] = []
        at_once(act)
        bob.refresh_from_db()
        answers = [one.after["is_theirs"] for one in sorted(written, key=lambda one: one.pk)]
        assert answers in ([False], [True, False])  # agreed to or not, it was taken out in the end
        assert (bob.joined_at, bob.is_pending) == (None, False)

    @needs_postgresql
    @pytest.mark.django_db(transaction=True)
    def test_a_no_of_the_older_one_beside_a_yes_of_the_other_is_lost_to_neither(self) -> None:
        for _ in range(5):
            [bob] = self.joined(1)
            ada = bob.contact.addresses.order_by("id")[0]
            partners = CategoryFactory.create(opt_in=True)

            def act(number: int, ada: Address = ada, bob: Address = bob, partners: Category = partners) -> None:
                try:
                    if number % 2:
                        actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, NOW))
                    else:
                        actions.opt_in([Target(bob.pk, partners.pk)], Origin(Source.PAGE, NOW, wording="Yes"))
                except MayNotLift:
                    pass

            at_once(act)
            assert answer(ada.value, partners) == Outcome.SUPPRESSED
            bob.refresh_from_db()
            alone = bob.contact_id != ada.contact_id
            assert answer(bob.value, partners) == (Outcome.SEND if alone else Outcome.SUPPRESSED)
