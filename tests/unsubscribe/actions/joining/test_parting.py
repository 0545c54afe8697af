"""What an address that was joined takes along when it stands alone again, and what stays with whom it was joined to."""

from datetime import datetime, timedelta

import pytest

from tests.factories import BOB, CLEO, DAN, AddressFactory, CampaignFactory, CategoryFactory
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import Channel, EventKind, OutboxKind, Source, SuppressionReason
from unsubscribe.facts import joins
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import (
    Address,
    Category,
    ConsentEvent,
    Contact,
    LastSent,
    OutboxMessage,
    Preference,
    Suppression,
)

pytestmark = pytest.mark.django_db
NUMBER = "+4930901820"


def join(ada: Address, text: str, now: datetime, channel: Channel = Channel.EMAIL) -> Address:
    [joined] = actions.add_addresses(ada.contact_id, [normalise(text, channel=channel)], now=now)
    return joined


def states(address: Address) -> dict[tuple[str, str], str]:
    rows = Preference.objects.filter(contact=Address.objects.get(pk=address.pk).contact_id)
    return {(one.category.slug, one.channel): one.state for one in rows}


def test_a_no_goes_along_and_a_yes_that_was_for_the_older_one_is_none(
    ada: Address, news: Category, now: datetime
) -> None:
    offers, tips = CategoryFactory.create(slug="offers"), CategoryFactory.create(slug="tips")
    bob, number = join(ada, BOB, now), join(ada, NUMBER, now, Channel.SMS)
    actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, now, wording="Yes"))
    actions.opt_out([Target(ada.pk, offers.pk)], Origin(Source.PAGE, now))
    actions.set_preferences(
        [actions.Wanted(number.pk, tips.pk, {"state": "subscribed"})], Origin(Source.API, now, wording="Yes")
    )
    before = states(ada)
    actions.part([bob.pk, number.pk], Origin(Source.PAGE, now))
    assert states(bob) == {("news", "email"): "unsubscribed", ("offers", "email"): "unsubscribed"}
    assert states(number) == {("tips", "sms"): "subscribed"}
    assert states(ada) == before


@pytest.mark.parametrize(("is_own", "state"), [(True, "subscribed"), (False, "unsubscribed")])
def test_what_was_agreed_to_and_is_taken_apart_after_all_takes_its_own_yes_along_and_no_other(
    is_own: bool, state: str, ada: Address, news: Category, now: datetime
) -> None:
    bob = join(ada, BOB, now)
    actions.agree([bob.pk], Origin(Source.PAGE, now))
    speaker = bob if is_own else ada
    actions.opt_in([Target(speaker.pk, news.pk)], Origin(Source.PAGE, now, wording="Yes"))
    actions.part([bob.pk], Origin(Source.STAFF, now))
    assert states(bob) == {("news", "email"): state}


def test_it_is_as_old_as_it_was_and_keeps_its_pause_its_clock_and_its_mails(
    ada: Address, news: Category, now: datetime
) -> None:
    bob = join(ada, BOB, now - timedelta(days=9))
    until = now.date() + timedelta(days=30)
    actions.pause([Target(ada.pk)], Origin(Source.PAGE, now), until=until)
    june = CampaignFactory.create(category=news)
    for channel in (Channel.EMAIL, Channel.SMS):
        actions.record_sent([ada.contact_id], Mailing(news, channel=channel, campaign=june), now=now)
    actions.opt_out([Target(bob.pk, news.pk)], Origin(Source.PAGE, now))
    Contact.objects.update(only_chosen=True)
    mails = dict(OutboxMessage.objects.filter(kind=OutboxKind.CONFIRMATION).values_list("address_id", "id"))
    assert {ada.pk, bob.pk} == set(mails)

    [event] = actions.part([bob.pk], Origin(Source.PAGE, now))
    bob.refresh_from_db()
    alone = bob.contact
    assert alone.pk != ada.contact_id
    assert (alone.paused_until, alone.only_chosen, alone.created_at) == (until, True, now - timedelta(days=9))
    assert (bob.parted_from_id, bob.joined_at, bob.is_beside) == (ada.contact_id, None, False)
    clocks = LastSent.objects.order_by("id").values_list("contact_id", "channel", "campaign", "sent_on")
    assert set(clocks) == {
        (ada.contact_id, "email", june.pk, now.date()),
        (ada.contact_id, "sms", june.pk, now.date()),
        (alone.pk, "email", june.pk, now.date()),
    }
    assert OutboxMessage.objects.get(pk=mails[bob.pk]).contact_id == alone.pk
    assert OutboxMessage.objects.get(pk=mails[ada.pk]).contact_id == ada.contact_id
    assert (event.kind, event.after, event.contact_id) == (EventKind.JOIN, {"is_theirs": False}, ada.contact_id)
    assert OutboxMessage.objects.filter(kind=OutboxKind.CONFIRMATION).count() == 2, "nobody gets a mail about it"


def test_whoever_is_erased_leaves_alone_what_was_only_joined_to_them(
    ada: Address, news: Category, now: datetime
) -> None:
    bob = join(ada, BOB, now)
    work = AddressFactory.create(contact=ada.contact, text="ada@work.example")
    actions.erase([ada.contact_id], Origin(Source.PAGE, now))
    rows = {one.pk: one for one in Address.objects.all()}
    assert [rows[one.pk].value for one in (ada, work, bob)] == ["", "", BOB]
    assert rows[bob.pk].contact_id != ada.contact_id
    assert set(Suppression.objects.values_list("address_id", flat=True)) == {ada.pk, work.pk}


def test_only_what_was_joined_is_taken_apart(ada: Address, now: datetime) -> None:
    work = AddressFactory.create(contact=ada.contact, text="ada@work.example")
    assert actions.part([ada.pk, work.pk, work.pk + 1], Origin(Source.PAGE, now)) == []
    assert Contact.objects.count() == 1


def test_an_address_that_moves_to_a_contact_is_beside_what_is_there_on_its_channel(ada: Address, now: datetime) -> None:
    for text, channel, is_beside in [(BOB, Channel.EMAIL, True), (NUMBER, Channel.SMS, False)]:
        known = AddressFactory.create(text=text, channel=channel)
        join(ada, text, now, channel)
        known.refresh_from_db()
        assert (known.contact_id, known.joined_at, known.is_beside) == (ada.contact_id, now, is_beside)


def test_an_address_of_a_contact_who_has_another_one_does_not_move(ada: Address, now: datetime) -> None:
    bob = AddressFactory.create(text=BOB)
    AddressFactory.create(contact=bob.contact, text=NUMBER, channel=Channel.SMS)
    assert actions.add_addresses(ada.contact_id, [normalise(BOB)], now=now) == []
    bob.refresh_from_db()
    assert bob.contact_id != ada.contact_id


@pytest.mark.parametrize("reason", [SuppressionReason.UNSUBSCRIBED_ALL, SuppressionReason.COMPLAINT])
def test_a_no_that_covers_what_is_learnt_later_says_where_it_came_from(
    reason: SuppressionReason, ada: Address, now: datetime
) -> None:
    june = CampaignFactory.create(category=CategoryFactory.create())
    if reason == SuppressionReason.UNSUBSCRIBED_ALL:
        actions.opt_out([Target(ada.pk, None, june.pk)], Origin(Source.MAILTO, now))
    else:
        actions.suppress([ada.pk], Origin(Source.COMPLAINT, now), reason=reason)
    later = now + timedelta(days=1)
    joined = join(ada, BOB, later)
    first, covering = Suppression.objects.order_by("id")
    assert (covering.address_id, covering.since, covering.lifted_at) == (joined.pk, later, None)
    for name in ("reason", "everywhere", "source", "campaign_id", "import_id"):
        assert getattr(covering, name) == getattr(first, name), name
    event = ConsentEvent.objects.latest("id")
    assert (event.kind, event.address_id, event.after) == (EventKind.SUPPRESS, joined.pk, {"suppressed": [reason]})
    assert event.source == (Source.API if reason == SuppressionReason.COMPLAINT else Source.MAILTO)


def test_what_is_only_joined_ends_a_pause_of_everything_for_itself_alone(ada: Address, now: datetime) -> None:
    number, until = join(ada, NUMBER, now, Channel.SMS), now.date() + timedelta(days=30)
    actions.pause([Target(ada.pk)], Origin(Source.PAGE, now), until=until)
    actions.pause([Target(number.pk)], Origin(Source.PAGE, now), until=None)
    rows = Address.objects.order_by("id").values_list("channel", "contact__paused_until")
    assert list(rows) == [("email", until), ("sms", None)]


def test_what_is_only_joined_says_yes_on_a_channel_of_its_own_and_stays(
    ada: Address, news: Category, now: datetime
) -> None:
    number = join(ada, NUMBER, now, Channel.SMS)
    actions.opt_in([Target(number.pk, news.pk)], Origin(Source.PAGE, now, wording="Yes"))
    assert states(ada) == {("news", "sms"): "subscribed"}
    number.refresh_from_db()
    assert (number.contact_id, number.is_pending) == (ada.contact_id, True)


def test_an_address_moves_to_a_contact_that_is_younger_than_its_own(now: datetime) -> None:
    bob, ada = AddressFactory.create(text=BOB), AddressFactory.create()
    join(ada, BOB, now)
    bob.refresh_from_db()
    assert (bob.contact_id, bob.is_pending) == (ada.contact_id, True)


def test_only_a_contact_that_got_an_address_is_asked(ada: Address, now: datetime) -> None:
    cleo = AddressFactory.create(text=CLEO)
    actions.add_addresses_to(
        {ada.contact_id: [normalise(BOB)], cleo.contact_id: [normalise(CLEO)]}, now=now - timedelta(days=9)
    )
    assert list(OutboxMessage.objects.values_list("kind", "address_id")) == [(OutboxKind.JOIN, ada.pk)]


def test_of_several_noes_the_widest_covers_what_is_learnt_later(ada: Address, now: datetime) -> None:
    work = AddressFactory.create(contact=ada.contact, text="ada@work.example")
    actions.suppress([work.pk], Origin(Source.STAFF, now), reason=SuppressionReason.UNSUBSCRIBED_ALL)
    actions.opt_out([Target(ada.pk)], Origin(Source.MAILTO, now))
    joined = join(ada, BOB, now + timedelta(days=1))
    assert Suppression.objects.get(address=joined).everywhere


@pytest.mark.parametrize("source", [Source.PAGE, Source.STAFF])
def test_of_less_that_a_joined_address_asks_for_the_older_ones_hear_too(
    source: Source, ada: Address, news: Category, now: datetime
) -> None:
    bob = join(ada, BOB, now)
    actions.opt_out([Target(bob.pk, news.pk)], Origin(source, now))
    assert confirmed() == [ada.pk, bob.pk]


@pytest.mark.parametrize(
    ("reason", "source", "of_the_other"),
    [
        (SuppressionReason.COMPLAINT, Source.COMPLAINT, Source.API),
        (SuppressionReason.UNSUBSCRIBED_ALL, Source.MAILTO, Source.MAILTO),
    ],
)
def test_a_no_that_is_shared_says_where_it_came_from_and_nobody_complained_twice(
    reason: SuppressionReason, source: Source, of_the_other: Source, ada: Address, now: datetime
) -> None:
    bob = join(ada, BOB, now)
    actions.suppress([ada.pk], Origin(source, now), reason=reason)
    rows = Suppression.objects.order_by("address_id").values_list("address_id", "reason", "source")
    assert list(rows) == [(ada.pk, reason, source), (bob.pk, reason, of_the_other)]
    assert bob.pk not in confirmed()


def confirmed() -> list[int]:
    rows = OutboxMessage.objects.filter(kind=OutboxKind.CONFIRMATION)
    return sorted(rows.values_list("address_id", flat=True))


@pytest.mark.parametrize("is_everything", [True, False])
def test_of_what_a_joined_number_stops_the_older_mailbox_hears_where_it_holds_for_it(
    is_everything: bool, ada: Address, news: Category, now: datetime
) -> None:
    number = join(ada, NUMBER, now, Channel.SMS)
    target = Target(number.pk, None if is_everything else news.pk)
    actions.opt_out([target], Origin(Source.PAGE, now))
    assert confirmed() == ([ada.pk] if is_everything else [])


@pytest.mark.parametrize("is_everything", [True, False])
def test_a_joined_mailbox_hears_that_everything_ended_where_the_older_one_has_none(
    is_everything: bool, news: Category, now: datetime
) -> None:
    number = AddressFactory.create(channel=Channel.SMS, text=NUMBER)
    bob = join(number, BOB, now)
    actions.opt_out([Target(number.pk, None if is_everything else news.pk)], Origin(Source.PAGE, now))
    assert confirmed() == ([bob.pk] if is_everything else [])


class TestWhoseYesItTakes:
    def known(self, text: str, now: datetime) -> Address:
        return AddressFactory.create(text=text, created_at=now - timedelta(days=1))

    def says_yes(self, joined: Address, by: Address, now: datetime) -> list[dict[str, object]]:
        return [one.after for one in actions.agree([joined.pk], Origin(Source.PAGE, now), by=by.pk)]

    def is_pending(self, address: Address) -> bool:
        return Address.objects.get(pk=address.pk).is_pending

    @pytest.mark.parametrize("begins", ["contact", "joined"])
    def test_of_an_address_that_was_known_before_it_is_both(self, begins: str, ada: Address, now: datetime) -> None:
        voices = {"contact": ada, "joined": self.known(BOB, now)}
        bob = join(ada, BOB, now)
        first, second = sorted(voices, key=lambda voice: voice != begins)
        assert self.says_yes(bob, voices[first], now) == [{"agreed": first}]
        assert self.says_yes(bob, voices[first], now) == []
        assert self.is_pending(bob)
        assert self.says_yes(bob, voices[second], now) == [{"is_theirs": True}]
        assert not self.is_pending(bob)

    def test_of_a_new_address_it_is_the_contacts(self, ada: Address, now: datetime) -> None:
        ada.contact.addresses.update(created_at=now - timedelta(days=1))
        bob = join(ada, BOB, now)
        Contact.objects.update(created_at=now - timedelta(days=1))
        assert self.says_yes(bob, bob, now) == []
        assert self.is_pending(bob)
        assert self.says_yes(bob, ada, now) == [{"is_theirs": True}]

    def test_what_it_said_to_one_contact_is_no_yes_to_another(self, ada: Address, now: datetime) -> None:
        cleo, bob, dan = AddressFactory.create(text=CLEO), self.known(BOB, now), self.known(DAN, now)
        join(cleo, BOB, now)
        join(cleo, DAN, now)
        assert self.says_yes(bob, bob, now) == [{"agreed": "joined"}]
        Address.objects.filter(pk=bob.pk).update(contact=ada.contact)
        joined = list(Address.objects.filter(pk__in=[bob.pk, dan.pk]).select_related("contact"))
        assert joins.so_far(joined) == {}
        assert self.says_yes(bob, ada, now) == [{"agreed": "contact"}]
        assert self.is_pending(bob)
