"""The gate gathers the facts that are in the database and asks the rules; whatever goes wrong, it never says yes."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.mail import send_mail
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.conftest import NOW
from tests.examples import examples
from tests.factories import ADA, BOB, AddressFactory, CampaignFactory, CategoryFactory, ContactFactory
from unsubscribe import actions, gate, rules
from unsubscribe.actions import Origin
from unsubscribe.actions.bulk import clocks
from unsubscribe.addresses import normalise
from unsubscribe.choices import Channel, Frequency, Outcome, PreferenceState, Purpose, Source, SuppressionReason
from unsubscribe.errors import ContradictoryPurpose
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Campaign, Category, LastSent, Preference, Suppression
from unsubscribe.rules import Chosen, Facts, Rule, Verdict

pytestmark = pytest.mark.django_db

TODAY = NOW.date()
RUNS = timedelta(hours=48)

days = st.integers(-40, 40).map(lambda number: TODAY + timedelta(days=number))
perhaps_a_day = st.none() | days


class Sent(NamedTuple):
    """A message that was recorded so many hours ago: of this campaign, another or none; sent by us or not."""

    hours_ago: int
    campaign: str
    by_us: bool

    @property
    def at(self) -> datetime:
        return NOW - timedelta(hours=self.hours_ago)


class Past(NamedTuple):
    """What a clock must know of the messages in their order, written down another way than the clock does it."""

    #: Of each campaign, when it began and when it was sent.
    began: dict[str, datetime]
    sent: dict[str, datetime | None]
    last: str | None = None
    last_on: date | None = None
    #: The day of the message before the last campaign began, as long as no other came between.
    before: date | None = None

    @classmethod
    def of(cls, sent: list[Sent]) -> "Past":
        past = cls({}, {})
        for one in sorted(sent, key=lambda one: -one.hours_ago):
            past = past.after(one)
        return past

    def after(self, one: Sent) -> "Past":
        name, is_running = one.campaign, self.runs(one.campaign, one.at)
        sent_at = self.sent.get(name)
        sent_at = sent_at if sent_at and sent_at + RUNS > one.at else (one.at if one.by_us else None)
        before = (self.before if self.last == name else None) if is_running else self.last_on
        began = self.began if is_running else self.began | {name: one.at}
        return Past(began, self.sent | {name: sent_at}, name, one.at.date(), before)

    def runs(self, name: str, at: datetime) -> bool:
        return name != "none" and name in self.began and self.began[name] + RUNS > at

    def facts(self, question: "Question") -> dict[str, date | None]:
        own = "this" if question.has_campaign else "none"
        sent_at = self.sent.get(own) if question.once and own == "this" else None
        until = max(sent_at, self.began[own]) + RUNS if sent_at else NOW
        if until > NOW:
            return {"last_sent_on": self.last_on, "had_until": until.date() + timedelta(days=1)}
        if self.runs(own, NOW):
            return {"last_sent_on": self.before if self.last == own else None}
        return {"last_sent_on": self.last_on}


class DrawnContact(NamedTuple):
    """A contact as the database may hold one, with the blocks on each of their addresses."""

    blocks: list[list[tuple[SuppressionReason, bool]]]
    paused_until: date | None
    only_chosen: bool
    chosen: Chosen | None
    elsewhere: Chosen | None
    sent: list[Sent]


class Question(NamedTuple):
    has_category: bool
    needs_opt_in: bool
    category_purpose: Purpose
    purpose: Purpose | None
    has_campaign: bool
    once: bool
    channel: Channel


choices = st.builds(Chosen, st.sampled_from(PreferenceState), st.sampled_from(Frequency), perhaps_a_day)
one_block = st.tuples(st.sampled_from(SuppressionReason), st.sampled_from([False, False, True]))
sendings = st.builds(
    Sent,
    st.sampled_from([0, 1, 13, 24, 47, 48, 49]) | st.integers(0, 50) | st.integers(0, 40 * 24),
    st.sampled_from(["this", "this", "another", "third", "fourth", "none"]),
    st.booleans(),
)
anybody = st.builds(
    DrawnContact,
    blocks=st.lists(st.lists(one_block, max_size=4) | st.just([]), min_size=1, max_size=3),
    paused_until=perhaps_a_day,
    only_chosen=st.booleans(),
    chosen=st.none() | choices,
    elsewhere=st.none() | choices,
    sent=st.lists(sendings, max_size=6, unique_by=lambda one: one.hours_ago),
)
#: Nothing but the clock decides about them: few of the others get as far down the table.
readers = st.builds(
    DrawnContact,
    blocks=st.sampled_from([[[]], [[], []]]),
    paused_until=st.none(),
    only_chosen=st.just(False),
    chosen=st.builds(Chosen, st.just(PreferenceState.SUBSCRIBED), st.sampled_from([*Frequency][1:])),
    elsewhere=st.none() | choices,
    sent=st.lists(sendings, min_size=1, max_size=6, unique_by=lambda one: one.hours_ago),
)
contacts = anybody | readers


def is_consistent(question: "Question") -> bool:
    """Whoever calls a message of a marketing category transactional gets an error and no verdict."""
    is_marketing = question.has_category and question.category_purpose == Purpose.MARKETING
    return not (is_marketing and question.purpose == Purpose.TRANSACTIONAL)


questions = st.builds(
    Question,
    has_category=st.sampled_from([True, True, True, False]),
    needs_opt_in=st.booleans(),
    category_purpose=st.sampled_from([Purpose.MARKETING, Purpose.MARKETING, Purpose.TRANSACTIONAL]),
    purpose=st.sampled_from([None, None, *Purpose]),
    has_campaign=st.booleans(),
    once=st.booleans(),
    channel=st.sampled_from([Channel.EMAIL, Channel.SMS]),
).filter(is_consistent)


@contextmanager
def forgotten() -> Iterator[None]:
    """Everything in it is rolled back: examples must not see each other."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class World(NamedTuple):
    category: Category
    other: Category
    campaigns: dict[str, Campaign]
    question: Question

    @classmethod
    def of(cls, question: Question) -> "World":
        category = CategoryFactory.create(purpose=question.category_purpose, needs_opt_in=question.needs_opt_in)
        campaigns = {name: CampaignFactory.create(category=category) for name in ("this", "another", "third", "fourth")}
        return cls(category, CategoryFactory.create(slug="other"), campaigns, question)

    @property
    def campaign(self) -> Campaign | None:
        return self.campaigns["this"] if self.question.has_campaign else None

    def settle(self, drawn: DrawnContact) -> list[str]:
        """Writes one contact down, as the models allow it; returns their addresses on the channel in question."""
        contact = ContactFactory.create(paused_until=drawn.paused_until, only_chosen=drawn.only_chosen)
        channel = self.question.channel
        noise = Channel.PUSH
        for chosen, category, on in [
            (drawn.chosen, self.category, channel),
            (drawn.elsewhere, self.other, channel),
            (drawn.elsewhere, self.category, noise),
        ]:
            if chosen:
                Preference.objects.create(
                    contact=contact, category=category, channel=on, changed_at=NOW, **chosen._asdict()
                )
        clock = {"contact": contact, "sent_on": TODAY}
        LastSent.objects.create(category=self.other, channel=channel, **clock)
        LastSent.objects.create(category=self.category, channel=noise, **clock)
        for one in sorted(drawn.sent, key=lambda one: -one.hours_ago):
            mailing = Mailing(self.category, channel=channel, campaign=self.campaigns.get(one.campaign))
            clocks.wind([contact.pk], mailing, paced={}, now=one.at, sent_at=one.at if one.by_us else None)
        return [self._address(contact, channel, blocks) for blocks in drawn.blocks]

    def _address(self, contact: Any, channel: Channel, blocks: list[tuple[SuppressionReason, bool]]) -> str:
        number = Address.objects.count()
        text = f"reader{number}@example.com" if channel == Channel.EMAIL else f"+49309018{number:04}"
        address: Address = AddressFactory.create(contact=contact, channel=channel, text=text)
        for reason in {reason for reason, is_lifted in blocks if not is_lifted}:
            Suppression.objects.create(address=address, reason=reason, source=Source.API, since=NOW)
        for reason in [reason for reason, is_lifted in blocks if is_lifted]:
            Suppression.objects.create(address=address, reason=reason, source=Source.API, since=NOW, lifted_at=NOW)
        return text

    @property
    def purpose(self) -> Purpose:
        declared = self.question.category_purpose if self.question.has_category else Purpose.MARKETING
        return self.question.purpose or declared

    @staticmethod
    def _any_no(drawn: DrawnContact) -> Chosen:
        """A message of no named kind could be of any that they have left."""
        states = {chosen.state for chosen in (drawn.chosen, drawn.elsewhere) if chosen}
        return Chosen(PreferenceState.UNSUBSCRIBED) if PreferenceState.UNSUBSCRIBED in states else Chosen()

    def expected(self, drawn: DrawnContact, blocks: list[tuple[SuppressionReason, bool]]) -> Verdict:
        """The same from the example itself: nothing here was read from the database."""
        asked = self.question.has_category
        facts = Facts(
            purpose=self.purpose,
            suppressed=frozenset(reason for reason, is_lifted in blocks if not is_lifted),
            chosen=(drawn.chosen or Chosen()) if asked else self._any_no(drawn),
            needs_opt_in=drawn.only_chosen or (asked and self.question.needs_opt_in),
            contact_paused_until=drawn.paused_until,
            **(Past.of(drawn.sent).facts(self.question) if asked else {}),
        )
        return rules.may_send(facts, now=NOW)


@examples(80)
@given(question=questions, everybody=st.lists(contacts, max_size=4))
def test_the_gate_and_the_rules_agree_whatever_is_in_the_database(
    question: Question, everybody: list[DrawnContact]
) -> None:
    with forgotten():
        world = World.of(question)
        texts = [world.settle(drawn) for drawn in everybody]
        expected = [world.expected(drawn, blocks) for drawn in everybody for blocks in drawn.blocks]
        stranger = "stranger@example.com" if question.channel == Channel.EMAIL else "+49309999999"
        nobody = Facts(purpose=world.purpose, needs_opt_in=question.has_category and question.needs_opt_in)
        decisions = gate.check(
            [*(text for of_one in texts for text in of_one), stranger],
            Mailing(
                world.category if question.has_category else None,
                channel=question.channel,
                purpose=question.purpose,
                campaign=world.campaign,
                once=question.once,
            ),
            now=NOW,
        )
        assert [one[:3] for one in decisions] == [one[:3] for one in (*expected, rules.may_send(nobody, now=NOW))]


@examples(80)
@given(
    drawn=contacts,
    question=questions,
    frequency=st.sampled_from([Frequency.DAILY, Frequency.WEEKLY, Frequency.MONTHLY]),
)
def test_what_is_claimed_or_recorded_for_a_reader_is_what_the_gate_says(
    drawn: DrawnContact, question: Question, frequency: Frequency
) -> None:
    """The clock is asked once more when it is wound, by the statement that winds it."""
    chosen = Chosen(PreferenceState.SUBSCRIBED, frequency)
    drawn = drawn._replace(blocks=[[]], paused_until=None, only_chosen=False, chosen=chosen)
    question = question._replace(has_category=True, category_purpose=Purpose.MARKETING, purpose=None)
    with forgotten():
        world = World.of(question)
        mailing = Mailing(world.category, channel=question.channel, campaign=world.campaign, once=question.once)
        [decision] = gate.check(world.settle(drawn), mailing, now=NOW)
        assert decision.contact_id
        assert decision.last_day == rules.last_day_before(frequency, TODAY)
        assert decision.last_day
        paced = {decision.contact_id: decision.last_day}
        done = (
            actions.claim(paced, mailing, now=NOW)
            if question.once
            else actions.record_sent([decision.contact_id], mailing, paced=paced, now=NOW)
        )
        assert (decision.contact_id in done) is decision.may_send


def test_the_generated_states_are_not_all_alike() -> None:
    """The test above would be worth little if nearly every verdict were the same."""
    seen: set[Outcome] = set()

    @hypothesis_settings(max_examples=300, deadline=None, derandomize=True)
    @given(question=questions, drawn=contacts)
    def look(question: Question, drawn: DrawnContact) -> None:
        world = World(Category(), Category(), {}, question)
        seen.update(world.expected(drawn, blocks).outcome for blocks in drawn.blocks)

    look()
    assert seen == set(Outcome) - {Outcome.INVALID}


@pytest.mark.parametrize("first", SuppressionReason)
@pytest.mark.parametrize("second", SuppressionReason)
def test_each_block_on_an_address_counts_in_whatever_order_they_came(
    first: SuppressionReason, second: SuppressionReason, ada: Address, news: Category
) -> None:
    for reason in dict.fromkeys([first, second]):
        Suppression.objects.create(address=ada, reason=reason, source=Source.API, since=NOW)
    assert not gate.check([ADA], Mailing(news), now=NOW)[0].may_send
    receipt = gate.check([ADA], Mailing(None, purpose=Purpose.TRANSACTIONAL), now=NOW)[0]
    assert receipt.may_send is not bool({first, second} & rules.BLOCKS_EVERYTHING)
    receipts = CategoryFactory.create(transactional=True)
    everybody = gate.everybody(Mailing(receipts), now=NOW)
    assert everybody is not None
    assert (normalise(ADA).digest in everybody.named) is not receipt.may_send


def _weekly(text: str, category: Category, **sent: Any) -> Address:
    address: Address = AddressFactory.create(text=text)
    Preference.objects.create(
        contact=address.contact, category=category, channel=Channel.EMAIL, frequency=Frequency.WEEKLY, changed_at=NOW
    )
    if sent:
        LastSent.objects.create(contact=address.contact, category=category, channel=Channel.EMAIL, **sent)
    return address


@pytest.mark.parametrize("known", [1, 3000])
def test_the_number_of_queries_does_not_grow(
    known: int,
    news: Category,
    django_assert_num_queries: Any,
) -> None:
    _weekly("reader@example.com", news)
    texts = ["reader@example.com", *(f"reader{number}@example.com" for number in range(1, known))]
    actions.learn(map(normalise, texts), now=NOW)
    strangers = [f"stranger{number}@example.com" for number in range(known)]
    campaign = CampaignFactory.create(category=news)
    with django_assert_num_queries(3):
        decisions = gate.check([*texts, *strangers], Mailing(news, campaign=campaign), now=NOW)
    assert [one.address_id is not None for one in decisions] == [True] * known + [False] * known
    assert all(one.may_send for one in decisions)


def test_no_addresses_no_decisions(news: Category) -> None:
    assert gate.check([], Mailing(news), now=NOW) == []
    assert gate.check(iter([]), Mailing(None), now=NOW) == []


def test_the_order_and_the_duplicates_stay(ada: Address, news: Category) -> None:
    actions.suppress([ada.pk], Origin(Source.STAFF, NOW), reason=SuppressionReason.MANUAL)
    asked = [BOB, ADA, "nonsense", " Ada@EXAMPLE.com", BOB, ADA]
    decisions = gate.check((text for text in asked), Mailing(news), now=NOW)
    answers = [one.outcome for one in decisions]
    send, suppressed, invalid = Outcome.SEND, Outcome.SUPPRESSED, Outcome.INVALID
    assert answers == [send, suppressed, invalid, suppressed, send, suppressed]
    assert [one.address_id for one in decisions] == [None, ada.pk, None, ada.pk, None, ada.pk]
    assert {one.contact_id for one in decisions} == {None, ada.contact_id}


@pytest.mark.parametrize("needs_opt_in", [True, False])
def test_a_stranger_is_written_to_where_nobody_needs_to_opt_in(needs_opt_in: bool) -> None:
    category = CategoryFactory.create(needs_opt_in=needs_opt_in)
    [decision] = gate.check([ADA], Mailing(category), now=NOW)
    assert decision.may_send is not needs_opt_in
    assert decision == Verdict(decision.outcome, decision.rule, address=normalise(ADA))


@pytest.mark.parametrize("purpose", [None, *Purpose])
def test_no_address_is_no_send_not_even_of_a_receipt(purpose: Purpose | None) -> None:
    decisions = gate.check(["", "nonsense", "Ada <ada@example>", "\0"], Mailing(None, purpose=purpose), now=NOW)
    assert [one.outcome for one in decisions] == [Outcome.INVALID] * 4
    assert not any(one.may_send for one in decisions)


def test_an_address_is_asked_for_on_its_own_channel_alone(news: Category) -> None:
    number = "+49 30 901820"
    by_text = AddressFactory.create(channel=Channel.SMS, text=number)
    actions.suppress([by_text.pk], Origin(Source.STAFF, NOW), reason=SuppressionReason.MANUAL)
    for channel, address_id in ((Channel.SMS, by_text.pk), (Channel.WHATSAPP, None), (Channel.PHONE, None)):
        [decision] = gate.check([number], Mailing(news, channel=channel), now=NOW)
        assert (decision.address_id, decision.may_send) == (address_id, address_id is None)


def test_a_campaign_is_not_too_soon_for_itself_as_long_as_it_runs(news: Category) -> None:
    campaign, another = CampaignFactory.create(category=news), CampaignFactory.create(category=news)
    address = _weekly(ADA, news)
    actions.record_sent([address.contact_id], Mailing(news, campaign=campaign), now=NOW)

    def answer(campaign: Campaign | None, **later: int) -> tuple[Outcome, date | None]:
        [decision] = gate.check([ADA], Mailing(news, campaign=campaign), now=NOW + timedelta(**later))
        return decision.outcome, decision.until

    too_soon = (Outcome.TOO_SOON, TODAY + timedelta(days=7))
    assert answer(campaign)[0] == Outcome.SEND
    assert answer(campaign, hours=11)[0] == Outcome.SEND
    assert answer(another) == answer(None) == too_soon
    assert answer(campaign, hours=47, minutes=59)[0] == Outcome.SEND
    assert answer(campaign, hours=48) == answer(another, hours=47) == too_soon
    assert answer(campaign, days=7)[0] == Outcome.SEND


def test_the_clock_of_the_campaign_before_is_kept(news: Category) -> None:
    """Recording a campaign must not wipe out what counts against it: the answer stays the one that was given first."""
    before, campaign = CampaignFactory.create(category=news), CampaignFactory.create(category=news)
    address = _weekly(ADA, news)
    actions.record_sent([address.contact_id], Mailing(news, campaign=before), now=NOW - timedelta(days=3))
    for hours in (0, 13, 26):  # a reader who chose "weekly" in the meantime
        mailing, at = Mailing(news, campaign=campaign), NOW + timedelta(hours=hours)
        actions.record_sent([address.contact_id], mailing, now=at)
        [decision] = gate.check([ADA], mailing, now=at)
        assert (decision.outcome, decision.until) == (Outcome.TOO_SOON, TODAY + timedelta(days=4))


@pytest.mark.parametrize("frequency", [Frequency.DAILY, Frequency.WEEKLY, Frequency.MONTHLY])
def test_two_campaigns_at_a_time_are_each_sent_once(frequency: Frequency, news: Category) -> None:
    first, second = CampaignFactory.create(category=news), CampaignFactory.create(category=news)
    address = _weekly(ADA, news)
    Preference.objects.update(frequency=frequency)
    sent = []
    for hours, campaign in [(0, first), (24, second), (25, first), (40, first), (45, second), (47, first)]:
        at = NOW + timedelta(hours=hours)
        [decision] = gate.check([ADA], Mailing(news, campaign=campaign, once=True), now=at)
        if decision.may_send:
            sent.append(campaign)
            contact_ids = [address.contact_id]
            actions.record_sent(contact_ids, Mailing(news, campaign=campaign), by_us=True, now=at)
    assert sent == ([first, second] if frequency == Frequency.DAILY else [first])


@pytest.mark.parametrize("between", [False, True], ids=["at once", "after another"])
def test_that_it_was_sent_is_not_forgotten_when_somebody_records_it_again(between: bool, news: Category) -> None:
    first, second = CampaignFactory.create(category=news), CampaignFactory.create(category=news)
    address = _weekly(ADA, news)
    actions.record_sent([address.contact_id], Mailing(news, campaign=first), by_us=True, now=NOW)
    for campaign in [second, first] if between else [first]:
        actions.record_sent([address.contact_id], Mailing(news, campaign=campaign), now=NOW)
    LastSent.objects.update(earlier_on=None)
    later = NOW + timedelta(hours=1)
    assert gate.check([ADA], Mailing(news, campaign=first), now=later)[0].may_send
    assert not gate.check([ADA], Mailing(news, campaign=first, once=True), now=later)[0].may_send


def test_clocks_from_before_they_had_a_time_count_by_their_day(news: Category) -> None:
    campaign = CampaignFactory.create(category=news)
    for days, answer in [(0, Outcome.SEND), (1, Outcome.SEND), (2, Outcome.TOO_SOON)]:
        text = f"reader{days}@example.com"
        _weekly(text, news, sent_on=TODAY - timedelta(days=days), campaign=campaign)
        [decision] = gate.check([text], Mailing(news, campaign=campaign), now=NOW)
        assert decision.outcome == answer


@pytest.mark.parametrize(
    ("hours", "verdict"),
    [
        (60, Verdict(Outcome.TOO_SOON, Rule.TOO_SOON, TODAY + timedelta(days=4))),
        (71, Verdict(Outcome.TOO_SOON, Rule.TOO_SOON, TODAY + timedelta(days=4))),
        (72, Verdict(Outcome.SEND, Rule.NOTHING)),
        (73, Verdict(Outcome.SEND, Rule.NOTHING)),
    ],
)
def test_who_was_sent_a_campaign_is_sent_it_again_two_days_later_at_the_earliest(
    hours: int, verdict: Verdict, news: Category
) -> None:
    campaign, address = CampaignFactory.create(category=news), _weekly(ADA, news)
    Preference.objects.update(frequency=Frequency.DAILY)
    mailing = Mailing(news, campaign=campaign, once=True)
    actions.record_sent([address.contact_id], mailing, now=NOW)
    actions.record_sent([address.contact_id], mailing, now=NOW + timedelta(hours=24), by_us=True)
    assert gate.check([ADA], mailing, now=NOW + timedelta(hours=hours))[0][:3] == verdict[:3]


def test_whoever_asks_about_everybody_may_write_to_them_again_while_the_campaign_runs(news: Category) -> None:
    campaign, address = CampaignFactory.create(category=news), _weekly(ADA, news)
    mailing = Mailing(news, campaign=campaign)
    actions.record_sent([address.contact_id], mailing, by_us=True, now=NOW)
    verdicts = gate.everybody(mailing, now=NOW)
    assert verdicts is not None
    assert verdicts.of(normalise(ADA)).outcome == Outcome.SEND


def test_a_pause_is_found_among_everybody(ada: Address, news: Category) -> None:
    actions.pause([Target(ada.pk)], Origin(Source.PAGE, NOW), until=TODAY + timedelta(days=1))
    verdicts = gate.everybody(Mailing(news), now=NOW)
    assert verdicts is not None
    assert verdicts.of(normalise(ADA)) == Verdict(Outcome.PAUSED, Rule.PAUSED, TODAY + timedelta(days=1))


def test_a_message_of_no_named_kind_reaches_whoever_left_it_on_another_channel(ada: Address, news: Category) -> None:
    number = AddressFactory.create(contact=ada.contact, channel=Channel.SMS, text="+49 30 901820")
    actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW, wording="Yes"))
    actions.opt_out([Target(number.pk, news.pk)], Origin(Source.SMS, NOW))
    assert gate.check([ADA], Mailing(None), now=NOW)[0].may_send
    assert gate.check([ADA], Mailing(news), now=NOW)[0].may_send


def test_a_mailing_without_a_campaign_is_too_soon_for_every_other(news: Category) -> None:
    _weekly(ADA, news, sent_on=TODAY, campaign=None)
    for campaign in (None, CampaignFactory.create(category=news)):
        [decision] = gate.check([ADA], Mailing(news, campaign=campaign), now=NOW)
        assert decision.outcome == Outcome.TOO_SOON


@pytest.mark.parametrize(("hour", "answer"), [(14, Outcome.PAUSED), (15, Outcome.SEND)])
def test_a_day_begins_where_the_house_stands(hour: int, answer: Outcome, ada: Address, news: Category) -> None:
    ada.contact.paused_until = date(2026, 3, 11)
    ada.contact.save()
    with timezone.override(ZoneInfo("Asia/Tokyo")):  # nine hours ahead
        [decision] = gate.check([ADA], Mailing(news), now=datetime(2026, 3, 10, hour, 0, tzinfo=UTC))
    assert decision.outcome == answer


def test_what_became_transactional_keeps_no_pace_whatever_was_chosen_of_it_before(news: Category) -> None:
    address = _weekly(ADA, news, sent_on=TODAY)
    AddressFactory.create(text=BOB, contact=address.contact)
    Category.objects.update(purpose=Purpose.TRANSACTIONAL)
    news.refresh_from_db()
    for decision in gate.check([ADA, BOB], Mailing(news), now=NOW):
        assert (decision.may_send, decision.next_day, decision.last_day) == (True, None, None)


@contextmanager
def a_table_is_gone(model: Any) -> Iterator[None]:
    """A database that cannot answer, in earnest; the rollback brings the table back."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {model._meta.db_table} RENAME TO gone")
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize("model", [Address, Suppression, Preference])
def test_no_answer_is_no_send(model: Any, news: Category) -> None:
    with a_table_is_gone(model), pytest.raises(DatabaseError):
        gate.check([ADA], Mailing(news), now=NOW)
    with a_table_is_gone(model), pytest.raises(DatabaseError):
        send_mail("What is new", "Hello.", None, [ADA])
    assert mail.outbox == []
    assert gate.check([ADA], Mailing(news), now=NOW)[0].may_send


def test_no_clock_is_no_send(news: Category) -> None:
    _weekly(ADA, news)
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {LastSent._meta.db_table} RENAME TO gone")
        with pytest.raises(DatabaseError):
            gate.check([ADA], Mailing(news), now=NOW)
        transaction.set_rollback(True)


def test_a_message_of_no_named_kind_does_not_reach_whoever_left_some_kind(ada: Address, news: Category) -> None:
    CategoryFactory.create(slug="offers")
    actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.ONE_CLICK, NOW))
    assert gate.check([ada.value], Mailing(None), now=NOW)[0].outcome == Outcome.UNSUBSCRIBED
    assert gate.check([ada.value], Mailing(None, purpose=Purpose.TRANSACTIONAL), now=NOW)[0].may_send


def test_a_marketing_category_is_never_transactional(news: Category) -> None:
    with pytest.raises(ContradictoryPurpose):
        gate.check([ADA], Mailing(news, purpose=Purpose.TRANSACTIONAL), now=NOW)
