"""What opting out, in and down, pausing and coming back leave behind: state, ledger, outbox."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.factories import ADA, BOB, AddressFactory, CampaignFactory, CategoryFactory, ContactFactory
from unsubscribe import actions, gate, rules
from unsubscribe.actions import Origin, Wanted
from unsubscribe.addresses import normalise
from unsubscribe.choices import Channel, EventKind, Frequency, Outcome, PreferenceState, Source, SuppressionReason
from unsubscribe.errors import LedgerIsAppendOnly, MayNotLift
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import (
    Address,
    Campaign,
    Category,
    ConsentEvent,
    Contact,
    LastSent,
    OutboxMessage,
    Preference,
    SentCount,
    Suppression,
)

pytestmark = pytest.mark.django_db


def answer(address: Address, category: Category | None, now: datetime) -> Outcome:
    channel = Channel(address.channel)
    return gate.check([address.value], Mailing(category, channel=channel), now=now)[0].outcome


def test_opting_out_is_state_ledger_and_outbox(ada: Address, news: Category, now: datetime) -> None:
    campaign = CampaignFactory.create(category=news)
    target = Target(ada.pk, news.pk, campaign.pk)
    [event] = actions.opt_out([target], Origin(Source.ONE_CLICK, now, wording="one-click"))
    assert Preference.objects.get().state == PreferenceState.UNSUBSCRIBED
    assert (event.kind, event.source, event.at, event.campaign_id) == ("opt_out", "one_click", now, campaign.pk)
    assert event.before["state"] == "unspecified"
    assert event.after["state"] == "unsubscribed"
    assert event.wording == "one-click"
    assert OutboxMessage.objects.get().event_ids == [event.pk]
    assert answer(ada, news, now) == Outcome.UNSUBSCRIBED


def test_twice_is_the_same_as_once(ada: Address, news: Category, now: datetime) -> None:
    target = Target(ada.pk, news.pk)
    actions.opt_out([target], Origin(Source.ONE_CLICK, now))
    assert actions.opt_out([target], Origin(Source.ONE_CLICK, now + timedelta(hours=1))) == []
    assert ConsentEvent.objects.get().at == now
    assert OutboxMessage.objects.count() == 1
    assert Preference.objects.get().changed_at == now


def test_the_same_target_twice_in_one_call_counts_once(ada: Address, news: Category, now: datetime) -> None:
    actions.opt_out([Target(ada.pk, news.pk)] * 2, Origin(Source.ONE_CLICK, now))
    actions.opt_out([Target(ada.pk)] * 2, Origin(Source.ONE_CLICK, now))
    assert ConsentEvent.objects.count() == 2


def test_one_category_leaves_the_others_alone(ada: Address, news: Category, now: datetime) -> None:
    offers = CategoryFactory.create(slug="offers")
    actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.ONE_CLICK, now))
    assert answer(ada, offers, now) == Outcome.SEND


def test_everything_means_every_address_on_every_channel(ada: Address, news: Category, now: datetime) -> None:
    phone = AddressFactory.create(contact=ada.contact, channel=Channel.SMS, text="+49 30 901820")
    receipts = CategoryFactory.create(transactional=True)
    actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, now))
    assert answer(ada, news, now) == Outcome.SUPPRESSED
    assert answer(phone, news, now) == Outcome.SUPPRESSED
    assert answer(ada, None, now) == Outcome.SUPPRESSED
    assert answer(ada, receipts, now) == Outcome.SEND
    assert OutboxMessage.objects.count() == 1


def test_everything_covers_addresses_learnt_later(ada: Address, news: Category, now: datetime) -> None:
    actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, now))
    later = [normalise("+49 30 901820", channel=Channel.SMS)]
    [phone] = actions.add_addresses(ada.contact_id, later, now=now)
    assert answer(phone, news, now) == Outcome.SUPPRESSED
    assert actions.add_addresses(ada.contact_id, later, now=now) == [phone]
    assert Suppression.objects.filter(address=phone).count() == 1
    actions.lift([ada.pk], Origin(Source.PAGE, now), reason=SuppressionReason.UNSUBSCRIBED_ALL)
    assert answer(phone, news, now) == Outcome.SEND


def test_a_category_that_was_lost_widens_to_everything(ada: Address, news: Category, now: datetime) -> None:
    actions.opt_out([Target(ada.pk, news.pk + 1)], Origin(Source.ONE_CLICK, now))
    assert answer(ada, news, now) == Outcome.SUPPRESSED


def test_an_address_that_does_not_exist_changes_nothing(news: Category, now: datetime) -> None:
    for target in (Target(99, news.pk), Target(99)):
        assert actions.opt_out([target], Origin(Source.ONE_CLICK, now)) == []
        assert actions.pause([target], Origin(Source.PAGE, now), until=now.date()) == []


def test_opting_down_sets_the_clock(ada: Address, news: Category, now: datetime) -> None:
    actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, now), frequency=Frequency.WEEKLY)
    assert ConsentEvent.objects.get().kind == EventKind.OPT_DOWN
    assert answer(ada, news, now) == Outcome.SEND
    actions.record_sent([ada.contact_id], Mailing(news), now=now)
    assert answer(ada, news, now + timedelta(days=6)) == Outcome.TOO_SOON
    assert answer(ada, news, now + timedelta(days=7)) == Outcome.SEND


@pytest.mark.parametrize("whole", [True, False])
def test_a_pause_ends_by_itself_and_can_be_resumed(whole: bool, ada: Address, news: Category, now: datetime) -> None:
    targets = [Target(ada.pk, None if whole else news.pk)]
    until = now.date() + timedelta(days=30)
    actions.pause(targets, Origin(Source.PAGE, now), until=until)
    assert actions.pause(targets, Origin(Source.PAGE, now), until=until) == []
    assert answer(ada, news, now) == Outcome.PAUSED
    assert answer(ada, news, now + timedelta(days=30)) == Outcome.SEND
    [event] = actions.pause(targets, Origin(Source.PAGE, now), until=None)
    assert event.kind == EventKind.RESUME
    assert answer(ada, news, now) == Outcome.SEND


@pytest.mark.parametrize("source", [Source.IMPORT, Source.API, Source.STAFF, Source.COMPLAINT])
def test_nobody_else_takes_back_a_no(source: Source, ada: Address, news: Category, now: datetime) -> None:
    actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.ONE_CLICK, now))
    with pytest.raises(MayNotLift):
        actions.opt_in([Target(ada.pk, news.pk)], Origin(source, now, wording="Yes, please"))
    with pytest.raises(MayNotLift):
        actions.lift([ada.pk], Origin(source, now), reason=SuppressionReason.UNSUBSCRIBED_ALL)
    assert answer(ada, news, now) == Outcome.UNSUBSCRIBED


def test_a_forbidden_opt_in_among_others_writes_nothing_at_all(ada: Address, news: Category, now: datetime) -> None:
    offers = CategoryFactory.create(slug="offers")
    actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.ONE_CLICK, now))
    targets = [Target(ada.pk, offers.pk), Target(ada.pk, news.pk)]
    with pytest.raises(MayNotLift):
        actions.opt_in(targets, Origin(Source.IMPORT, now, wording="Yes"))
    assert ConsentEvent.objects.count() == 1


def test_opting_in_is_recorded_with_the_wording(ada: Address, now: datetime) -> None:
    partners = CategoryFactory.create(opt_in=True)
    assert answer(ada, partners, now) == Outcome.UNSUBSCRIBED
    [event] = actions.opt_in([Target(ada.pk, partners.pk)], Origin(Source.PAGE, now, wording="Yes, partners too"))
    assert (event.kind, event.wording) == (EventKind.OPT_IN, "Yes, partners too")
    assert answer(ada, partners, now) == Outcome.SEND


def test_coming_back_to_one_category_leaves_the_rest_off(ada: Address, news: Category, now: datetime) -> None:
    offers, later = CategoryFactory.create(slug="offers"), CategoryFactory.create(slug="later")
    actions.opt_in([Target(ada.pk, offers.pk)], Origin(Source.PAGE, now, wording="offers"))
    actions.opt_out([Target(ada.pk)], Origin(Source.ONE_CLICK, now))
    actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, now, wording="news again"))
    assert answer(ada, news, now) == Outcome.SEND
    assert answer(ada, offers, now) == Outcome.UNSUBSCRIBED
    assert answer(ada, later, now) == Outcome.UNSUBSCRIBED
    assert answer(ada, None, now) == Outcome.UNSUBSCRIBED


def test_a_no_said_while_everything_is_off_outlives_the_undo(ada: Address, news: Category, now: datetime) -> None:
    everything = actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, now))
    actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.ONE_CLICK, now))
    actions.undo([event.pk for event in everything], Origin(Source.PAGE, now))
    assert answer(ada, news, now) == Outcome.UNSUBSCRIBED


def test_a_complaint_still_lets_a_receipt_through(ada: Address, news: Category, now: datetime) -> None:
    receipts = CategoryFactory.create(transactional=True)
    actions.suppress([ada.pk], Origin(Source.COMPLAINT, now), reason=SuppressionReason.COMPLAINT)
    assert answer(ada, news, now) == Outcome.SUPPRESSED
    assert answer(ada, receipts, now) == Outcome.SEND
    assert not OutboxMessage.objects.exists()


def test_a_save_is_confirmed_by_one_mail(ada: Address, news: Category, now: datetime) -> None:
    offers = CategoryFactory.create(slug="offers")
    wanted = [
        Wanted(ada.pk, news.pk, {"state": PreferenceState.UNSUBSCRIBED}),
        Wanted(ada.pk, offers.pk, {"frequency": Frequency.MONTHLY}),
        Wanted(ada.pk, offers.pk, {"state": PreferenceState.UNSUBSCRIBED}, channel=Channel.SMS),
    ]
    events = actions.set_preferences(wanted, Origin(Source.PAGE, now))
    assert len(events) == 3
    assert OutboxMessage.objects.get().event_ids == [event.pk for event in events]


def test_many_are_written_in_as_many_queries_as_one(
    news: Category, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for size in (1, 60):  # Django splits larger inserts on SQLite, which takes 999 values at a time
        targets = [Target(AddressFactory.create().pk, news.pk) for _ in range(size)]
        with django_assert_num_queries(13):  # nine, and two savepoints: one of locking, one of the test
            events = actions.opt_out(targets, Origin(Source.ONE_CLICK, now))
        assert len(events) == size


@pytest.mark.parametrize(
    "tamper",
    [
        lambda event: event.save(),
        lambda event: event.delete(),
        lambda event: ConsentEvent.objects.update(note=""),
        lambda event: ConsentEvent.objects.all().delete(),
        lambda event: ConsentEvent.objects.bulk_update([event], ["note"]),
    ],
)
def test_the_ledger_is_append_only(
    tamper: Callable[[ConsentEvent], object], ada: Address, news: Category, now: datetime
) -> None:
    [event] = actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.PAGE, now))
    with pytest.raises(LedgerIsAppendOnly):
        tamper(event)


class TestUndo:
    def test_brings_back_what_stood_before(self, ada: Address, news: Category, now: datetime) -> None:
        events = actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.ONE_CLICK, now))
        actions.undo([event.pk for event in events], Origin(Source.PAGE, now))
        assert Preference.objects.get().state == PreferenceState.UNSPECIFIED
        assert ConsentEvent.objects.count() == 2

    def test_of_everything_lifts_it_everywhere(self, ada: Address, news: Category, now: datetime) -> None:
        phone = AddressFactory.create(contact=ada.contact, channel=Channel.SMS, text="+49 30 901820")
        events = actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, now))
        actions.undo([event.pk for event in events], Origin(Source.PAGE, now))
        assert [answer(one, news, now) for one in (ada, phone)] == [Outcome.SEND] * 2

    def test_of_a_pause_resumes(self, ada: Address, news: Category, now: datetime) -> None:
        events = actions.pause([Target(ada.pk)], Origin(Source.PAGE, now), until=now.date() + timedelta(days=9))
        actions.undo([event.pk for event in events], Origin(Source.PAGE, now))
        assert answer(ada, news, now) == Outcome.SEND

    def test_of_coming_back_is_everything_off_again(self, ada: Address, news: Category, now: datetime) -> None:
        actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, now))
        events = actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, now, wording="yes"))
        actions.undo([event.pk for event in events], Origin(Source.PAGE, now))
        assert answer(ada, news, now) == Outcome.SUPPRESSED
        [later] = actions.add_addresses(ada.contact_id, [normalise("ada@work.example")], now=now)
        assert answer(later, news, now) == Outcome.SUPPRESSED

    def test_twice_is_the_same_as_once(self, ada: Address, news: Category, now: datetime) -> None:
        events = actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.ONE_CLICK, now))
        for _ in range(2):
            actions.undo([event.pk for event in events], Origin(Source.PAGE, now))
        assert ConsentEvent.objects.count() == 2

    def test_never_takes_back_a_later_no(self, ada: Address, news: Category, now: datetime) -> None:
        earlier = actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.ONE_CLICK, now))
        actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, now))
        assert actions.undo([event.pk for event in earlier], Origin(Source.PAGE, now)) == []
        assert answer(ada, news, now) == Outcome.SUPPRESSED

    def test_leaves_other_categories_alone(self, ada: Address, news: Category, now: datetime) -> None:
        offers = CategoryFactory.create(slug="offers")
        earlier = actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.ONE_CLICK, now))
        actions.opt_out([Target(ada.pk, offers.pk)], Origin(Source.PAGE, now))
        actions.undo([event.pk for event in earlier], Origin(Source.PAGE, now))
        assert answer(ada, news, now) == Outcome.SEND
        assert answer(ada, offers, now) == Outcome.UNSUBSCRIBED


def test_erasing_leaves_a_digest_and_nothing_else(ada: Address, news: Category, now: datetime) -> None:
    Contact.objects.update(language="de")
    actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.PAGE, now))
    text = ada.value
    actions.erase([ada.contact_id], Origin(Source.PAGE, now))
    assert actions.erase([ada.contact_id], Origin(Source.PAGE, now)) == []
    ada.refresh_from_db()
    assert (ada.value, ada.contact.language) == ("", "")
    assert gate.check([text], Mailing(None), now=now)[0].outcome == Outcome.SUPPRESSED
    assert gate.check([text], Mailing(CategoryFactory.create(transactional=True)), now=now)[0].may_send is False
    with pytest.raises(MayNotLift):
        actions.lift([ada.pk], Origin(Source.STAFF, now), reason=SuppressionReason.ERASED)


def test_an_erased_address_stays_so_when_it_is_imported_again(ada: Address, now: datetime) -> None:
    text = ada.value
    actions.erase([ada.contact_id], Origin(Source.PAGE, now))
    known = actions.learn([normalise(text)], now=now)
    assert [one.address_id for one in known.values()] == [ada.pk]
    assert gate.check([text], Mailing(None), now=now)[0].outcome == Outcome.SUPPRESSED


def test_learning_makes_one_contact_per_address(now: datetime) -> None:
    texts = ["dan@example.com", "DAN@Example.com ", "eve@example.com"]
    known = actions.learn(map(normalise, texts), now=now)
    assert len(known) == Contact.objects.count() == 2
    assert actions.learn(map(normalise, texts), now=now) == known


def test_an_address_of_somebody_who_chose_something_is_not_taken_over(
    ada: Address, news: Category, now: datetime
) -> None:
    actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, now), frequency=Frequency.WEEKLY)
    assert actions.add_addresses(ContactFactory.create().pk, [normalise(ada.value)], now=now) == []
    ada.refresh_from_db()
    assert ada.contact.preferences.count() == 1


def test_an_address_known_by_its_digest_is_spelt_once_it_is_learnt(now: datetime) -> None:
    ada, bob = AddressFactory.create(text=ADA), AddressFactory.create(text=BOB)
    actions.erase([bob.contact_id], Origin(Source.PAGE, now))
    Address.objects.update(value="")
    actions.learn([normalise(ADA), normalise(BOB)], now=now)
    assert [Address.objects.get(pk=one.pk).value for one in (ada, bob)] == [ADA, ""]


def test_an_address_that_was_only_ever_learnt_joins_and_is_covered(ada: Address, news: Category, now: datetime) -> None:
    actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, now))
    [known] = actions.learn([normalise("ada@work.example")], now=now).values()
    [joined] = actions.add_addresses(ada.contact_id, [normalise("ada@work.example")], now=now)
    assert joined.pk == known.address_id
    assert answer(joined, news, now) == Outcome.SUPPRESSED


class TestNobodyElseLoosens:
    """Law 8, beyond the plain no."""

    @pytest.mark.parametrize("source", [Source.IMPORT, Source.API, Source.STAFF])
    def test_less_often_and_pauses(self, source: Source, ada: Address, news: Category, now: datetime) -> None:
        targets = [Target(ada.pk, news.pk)]
        day = now.date() + timedelta(days=60)
        actions.opt_down(targets, Origin(Source.PAGE, now), frequency=Frequency.MONTHLY)
        actions.pause([*targets, Target(ada.pk)], Origin(Source.PAGE, now), until=day)
        with pytest.raises(MayNotLift):
            actions.opt_down(targets, Origin(source, now), frequency=Frequency.DAILY)
        for whole in (targets, [Target(ada.pk)]):
            for until in (None, day - timedelta(days=1)):
                with pytest.raises(MayNotLift):
                    actions.pause(whole, Origin(source, now), until=until)
        assert len(actions.pause(targets, Origin(source, now), until=day + timedelta(days=1))) == 1

    @pytest.mark.parametrize("reason", sorted(rules.OWN_NO))
    @pytest.mark.parametrize("source", [Source.IMPORT, Source.API, Source.STAFF])
    def test_a_block_although_the_category_was_chosen_before(
        self, source: Source, reason: SuppressionReason, ada: Address, news: Category, now: datetime
    ) -> None:
        targets = [Target(ada.pk, news.pk)]
        actions.opt_in(targets, Origin(Source.PAGE, now, wording="News"))
        actions.suppress([ada.pk], Origin(Source.COMPLAINT, now), reason=reason)
        with pytest.raises(MayNotLift):
            actions.opt_in(targets, Origin(source, now, wording="Yes"))
        assert len(actions.opt_down(targets, Origin(source, now), frequency=Frequency.WEEKLY)) == 1
        assert answer(ada, news, now) == Outcome.SUPPRESSED

    def test_what_was_left_off_by_coming_back(self, ada: Address, news: Category, now: datetime) -> None:
        offers = CategoryFactory.create(slug="offers")
        actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, now))
        actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, now, wording="News again"))
        with pytest.raises(MayNotLift):
            actions.opt_in([Target(ada.pk, offers.pk)], Origin(Source.IMPORT, now, wording="Yes"))


class TestLinksOutliveRows:
    def test_a_lost_campaign_costs_nobody_their_wish(self, ada: Address, news: Category, now: datetime) -> None:
        target = Target(ada.pk, news.pk, 999)
        assert len(actions.opt_down([target], Origin(Source.PAGE, now), frequency=Frequency.WEEKLY)) == 1
        assert len(actions.pause([target], Origin(Source.PAGE, now), until=now.date() + timedelta(days=9))) == 1
        wanted = [Wanted(ada.pk, news.pk, {"frequency": Frequency.MONTHLY}, campaign_id=999)]
        assert len(actions.set_preferences(wanted, Origin(Source.PAGE, now))) == 1
        assert len(actions.opt_out([target, Target(ada.pk, None, 999)], Origin(Source.ONE_CLICK, now))) == 2
        assert not ConsentEvent.objects.exclude(campaign=None).exists()

    def test_less_of_a_lost_category_changes_nothing(self, ada: Address, news: Category, now: datetime) -> None:
        target = Target(ada.pk, news.pk + 1)
        assert actions.opt_down([target], Origin(Source.PAGE, now), frequency=Frequency.WEEKLY) == []
        assert actions.pause([target], Origin(Source.PAGE, now), until=now.date() + timedelta(days=9)) == []

    def test_a_category_that_became_transactional_widens_to_everything(
        self, ada: Address, news: Category, now: datetime
    ) -> None:
        receipts = CategoryFactory.create(transactional=True)
        actions.opt_out([Target(ada.pk, receipts.pk)], Origin(Source.ONE_CLICK, now))
        assert answer(ada, news, now) == Outcome.SUPPRESSED
        assert answer(ada, receipts, now) == Outcome.SEND


@pytest.mark.parametrize("reason", sorted(rules.OWN_NO))
def test_an_undo_lifts_no_block_that_stood_before(
    reason: SuppressionReason, ada: Address, news: Category, now: datetime
) -> None:
    actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, now, wording="News"))
    actions.suppress([ada.pk], Origin(Source.COMPLAINT, now), reason=reason)
    events = actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.PAGE, now))
    actions.undo([event.pk for event in events], Origin(Source.PAGE, now))
    assert Preference.objects.get().state == PreferenceState.SUBSCRIBED
    assert answer(ada, news, now) == Outcome.SUPPRESSED


def test_a_yes_ends_the_pause_of_that_category(ada: Address, news: Category, now: datetime) -> None:
    actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.PAGE, now))
    actions.pause([Target(ada.pk, news.pk)], Origin(Source.PAGE, now), until=now.date() + timedelta(days=9))
    actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, now, wording="News again"))
    assert answer(ada, news, now) == Outcome.SEND


def test_a_campaign_counts_each_contact_once_while_it_runs(ada: Address, news: Category, now: datetime) -> None:
    campaign, another = CampaignFactory.create(category=news), CampaignFactory.create(category=news)
    others = [AddressFactory.create().contact_id for _ in range(2)]
    days: dict[Campaign, dict[date, int]] = {}
    for hours, one, contact_ids in [
        (0, campaign, [ada.contact_id]),
        (1, campaign, [ada.contact_id, *others]),
        (13, campaign, [ada.contact_id, *others]),  # after midnight
        (14, another, [ada.contact_id]),
        (15, campaign, [ada.contact_id]),
        (16, another, [ada.contact_id]),
        (47, campaign, [ada.contact_id]),
        (49, campaign, [ada.contact_id, *others]),  # it has run out: another mailing of the same name
    ]:
        at = now + timedelta(hours=hours)
        actions.record_sent(contact_ids, Mailing(news, campaign=one), now=at)
    for row in SentCount.objects.all():
        assert row.campaign
        days.setdefault(row.campaign, {})[row.day] = row.count
    today = now.date()
    assert days == {campaign: {today: 3, today + timedelta(days=2): 3}, another: {today + timedelta(days=1): 1}}


def test_who_is_no_longer_there_when_a_mailing_is_recorded_has_no_clock(
    ada: Address, news: Category, now: datetime
) -> None:
    actions.record_sent([ada.contact_id, 10**9], Mailing(news), now=now)
    assert LastSent.objects.get().contact_id == ada.contact_id


class TestWhoHears:
    """A wish that did not come from a mailbox is confirmed to the contact's mailboxes."""

    @pytest.fixture
    def phone(self, ada: Address) -> Address:
        return AddressFactory.create(contact=ada.contact, channel=Channel.SMS, text="+49 30 901820")

    def told(self) -> list[int]:
        return sorted(OutboxMessage.objects.values_list("address", flat=True))

    @pytest.mark.parametrize("source", [Source.ONE_CLICK, Source.PAGE, Source.SMS, Source.STAFF, Source.API])
    @pytest.mark.parametrize("whole", [True, False], ids=["everything", "one category"])
    def test_of_a_no_by_a_text_link(
        self, source: Source, whole: bool, ada: Address, phone: Address, news: Category, now: datetime
    ) -> None:
        other = AddressFactory.create(contact=ada.contact)
        events = actions.opt_out([Target(phone.pk, None if whole else news.pk)], Origin(source, now))
        assert self.told() == [ada.pk, other.pk]
        for message in OutboxMessage.objects.all():
            assert message.event_ids == [event.pk for event in events]

    def test_of_a_no_by_mail_that_mailbox_alone(self, ada: Address, phone: Address, now: datetime) -> None:
        AddressFactory.create(contact=ada.contact)
        actions.opt_out([Target(ada.pk)], Origin(Source.ONE_CLICK, now))
        assert self.told() == [ada.pk]

    @pytest.mark.parametrize("channel", [Channel.SMS, Channel.PUSH])
    def test_of_whatever_else_is_changed(self, channel: Channel, ada: Address, news: Category, now: datetime) -> None:
        device = AddressFactory.create(contact=ada.contact, channel=channel, value="x" * 40, digest=b"d" * 32)
        target = Target(device.pk, news.pk)
        actions.pause([Target(device.pk)], Origin(Source.PAGE, now), until=now.date() + timedelta(days=9))
        actions.opt_down([target], Origin(Source.PAGE, now), frequency=Frequency.WEEKLY)
        actions.opt_out([target], Origin(Source.PAGE, now))
        actions.opt_in([target], Origin(Source.PAGE, now, wording="Yes"))
        message = OutboxMessage.objects.get()
        assert (message.address_id, len(message.event_ids)) == (ada.pk, 4)

    def test_nobody_where_no_mailbox_is_known(self, news: Category, now: datetime) -> None:
        phone = AddressFactory.create(channel=Channel.SMS, text="+49 30 901820")
        hash_only = AddressFactory.create(contact=phone.contact)
        Address.objects.filter(pk=hash_only.pk).update(value="")
        actions.opt_out([Target(phone.pk)], Origin(Source.PAGE, now))
        assert self.told() == []

    def test_of_a_complaint_and_of_a_list_nobody(self, ada: Address, phone: Address, now: datetime) -> None:
        actions.suppress([phone.pk], Origin(Source.COMPLAINT, now), reason=SuppressionReason.COMPLAINT)
        said = [actions.ImportedNo(bytes(phone.digest), phone.value)]
        actions.import_opt_outs(said, Origin(Source.API, now), channel=Channel.SMS)
        assert self.told() == []
