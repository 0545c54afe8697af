"""Why an address may be written to, or not: the verdict of `check`, and the facts behind it with time and source."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import NOW
from tests.examples import examples
from tests.factories import ADA, BOB, AddressFactory, CampaignFactory, CategoryFactory
from tests.unsubscribe.gate.test_checking import DrawnContact, Question, World, contacts, forgotten, questions
from unsubscribe import actions, gate
from unsubscribe.actions import Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import Channel, Frequency, Outcome, PreferenceState, Purpose, Source, SuppressionReason
from unsubscribe.errors import MayNotLift
from unsubscribe.gate.explanation import DefaultFact, FrequencyFact, PauseFact, PreferenceFact, SuppressionFact
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category, Contact
from unsubscribe.rules import Rule

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
TODAY = NOW.date()
GMAIL, SAME_GMAIL, SAME_UNKNOWN = "ada.l@gmail.com", "adal+news@gmail.com", "a.dal@googlemail.com"
#: They explain themselves.
WITHOUT_FACTS = {Rule.INVALID, Rule.TRANSACTIONAL}


def explained(text: str, mailing: Mailing) -> gate.Explanation:
    """It never disagrees with `check`, and names the facts."""
    found = gate.explain(text, mailing, now=NOW)
    assert [found.verdict] == gate.check([text], mailing, now=NOW)
    assert bool(found.facts) is (found.verdict.rule not in WITHOUT_FACTS)
    return found


@examples(40)
@given(
    question=questions,
    crowd=st.lists(contacts, max_size=3),
    blocked=st.lists(st.sampled_from([one for one in SuppressionReason if one != "erased"]), unique=True, max_size=2),
)
def test_the_verdict_is_the_one_of_check_whatever_is_in_the_database(
    question: Question, crowd: list[DrawnContact], blocked: list[SuppressionReason]
) -> None:
    with forgotten():
        world = World.of(question)
        texts = [text for drawn in crowd for text in world.settle(drawn)]
        texts.append("stranger@example.com" if question.channel == Channel.EMAIL else "+49309999999")
        for reason in blocked:
            actions.suppress_domains({"example.com": NOW - DAY}, Origin(Source.STAFF, NOW), reason=reason)
        mailing = Mailing(
            world.category if question.has_category else None,
            channel=question.channel,
            purpose=question.purpose,
            campaign=world.campaign,
            once=question.once,
        )
        for text in texts:
            explained(text, mailing)


#: What one of two contacts may do, or what may be done to their addresses, on one day.
ACTS: dict[str, Callable[[Target, Any], object]] = {
    "leaves": lambda target, at: actions.opt_out([target], Origin(Source.PAGE, at)),
    "leaves everything": lambda target, at: actions.opt_out([Target(target.address_id)], Origin(Source.PAGE, at)),
    "says yes": lambda target, at: actions.opt_in([target], Origin(Source.PAGE, at, wording="Yes")),
    "pauses": lambda target, at: actions.pause([Target(target.address_id)], Origin(Source.PAGE, at), until=TODAY + DAY),
    "wants less": lambda target, at: actions.opt_down([target], Origin(Source.PAGE, at), frequency=Frequency.WEEKLY),
    "complains": lambda target, at: actions.suppress(
        [target.address_id], Origin(Source.COMPLAINT, at), reason=SuppressionReason.COMPLAINT
    ),
    "bounces": lambda target, at: actions.suppress(
        [target.address_id], Origin(Source.API, at), reason=SuppressionReason.HARD_BOUNCE
    ),
    "the domain says no": lambda target, at: actions.suppress_domains(
        {"gmail.com": None}, Origin(Source.STAFF, at), reason=SuppressionReason.UNSUBSCRIBED_ALL
    ),
}


@examples(30)
@given(
    acts=st.lists(st.tuples(st.sampled_from([*ACTS]), st.integers(0, 1), st.integers(0, 1)), max_size=7),
    is_joined=st.booleans(),
)
def test_of_two_spellings_of_one_mailbox_it_names_the_noes_of_the_other(
    acts: list[tuple[str, int, int]], is_joined: bool
) -> None:
    with forgotten(), override_settings(UNSUBSCRIBE_GMAIL_SPELLINGS=True):
        categories = [CategoryFactory.create(), CategoryFactory.create(opt_in=True)]
        asked = [Mailing(one) for one in (*categories, CategoryFactory.create(transactional=True), None)]
        addresses = [AddressFactory.create(text=GMAIL, created_at=NOW - 9 * DAY)]
        if is_joined:
            actions.add_addresses(addresses[0].contact_id, [normalise(SAME_GMAIL)], now=NOW - 8 * DAY)
        else:
            AddressFactory.create(text=SAME_GMAIL, created_at=NOW - 9 * DAY)
        addresses.append(Address.objects.get(value=SAME_GMAIL))
        for number, (act, whose, which) in enumerate(acts):
            with suppress(MayNotLift):
                ACTS[act](Target(addresses[whose].pk, categories[which].pk), NOW - timedelta(days=7, hours=-number))
        for text in (GMAIL, SAME_GMAIL, SAME_UNKNOWN):
            for mailing in asked:
                explained(text, mailing)


class TestSuppressed:
    @pytest.mark.parametrize("reason", [SuppressionReason.HARD_BOUNCE, SuppressionReason.MANUAL])
    def test_for_every_message(self, reason: SuppressionReason, ada: Address, news: Category) -> None:
        actions.suppress([ada.pk], Origin(Source.STAFF, NOW - DAY), reason=reason)
        for mailing in (Mailing(news), Mailing(None, purpose=Purpose.TRANSACTIONAL)):
            found = explained(ADA, mailing)
            assert (found.verdict.outcome, found.verdict.rule) == (Outcome.SUPPRESSED, Rule.BLOCKED)
            assert found.facts == (SuppressionFact(reason, NOW - DAY, Source.STAFF),)

    def test_by_the_persons_own_no_with_its_campaign_and_a_complaint_beside_it(
        self, ada: Address, news: Category
    ) -> None:
        june = CampaignFactory.create(category=news, name="June")
        actions.opt_out([Target(ada.pk, None, june.pk)], Origin(Source.ONE_CLICK, NOW - DAY))
        actions.suppress([ada.pk], Origin(Source.API, NOW), reason=SuppressionReason.COMPLAINT)
        found = explained(ADA, Mailing(news))
        assert (found.verdict.outcome, found.verdict.rule) == (Outcome.SUPPRESSED, Rule.SAID_NO)
        everything, complaint = SuppressionReason.UNSUBSCRIBED_ALL, SuppressionReason.COMPLAINT
        assert found.facts == (
            SuppressionFact(everything, NOW - DAY, Source.ONE_CLICK, campaign="June"),
            SuppressionFact(complaint, NOW, Source.API),
        )

    def test_with_the_whole_domain_even_if_nobody_has_learnt_the_address(self, news: Category) -> None:
        actions.suppress_domains({"example.com": None}, Origin(Source.STAFF, NOW), reason=SuppressionReason.MANUAL)
        [fact] = explained(ADA, Mailing(news)).facts
        assert fact == SuppressionFact(SuppressionReason.MANUAL, NOW, Source.STAFF, domain="example.com")

    def test_by_another_spelling_of_a_gmail_mailbox(self, news: Category, settings: Any) -> None:
        settings.UNSUBSCRIBE_GMAIL_SPELLINGS = True
        other = AddressFactory.create(text=SAME_GMAIL)
        actions.suppress([other.pk], Origin(Source.API, NOW), reason=SuppressionReason.HARD_BOUNCE)
        [fact] = explained(GMAIL, Mailing(news)).facts
        bounce = SuppressionReason.HARD_BOUNCE
        assert fact == SuppressionFact(bounce, NOW, Source.API, said_by=other.pk, is_same_mailbox=True)

    def test_by_an_address_that_was_joined_to_it(self, ada: Address, news: Category) -> None:
        actions.add_addresses(ada.contact_id, [normalise(BOB)], now=NOW - DAY)
        bob = Address.objects.get(value=BOB)
        actions.suppress([bob.pk], Origin(Source.COMPLAINT, NOW), reason=SuppressionReason.COMPLAINT)
        [fact] = explained(ADA, Mailing(news)).facts
        assert fact == SuppressionFact(SuppressionReason.COMPLAINT, NOW, Source.API, said_by=bob.pk)
        [own] = explained(BOB, Mailing(news)).facts
        assert own == SuppressionFact(SuppressionReason.COMPLAINT, NOW, Source.COMPLAINT)

    def test_because_it_was_erased_and_is_known_by_its_digest_alone(self, ada: Address, news: Category) -> None:
        actions.erase([ada.contact_id], Origin(Source.PAGE, NOW))
        found = explained(ADA, Mailing(news))
        assert found.verdict.rule == Rule.BLOCKED
        assert SuppressionFact(SuppressionReason.ERASED, NOW, Source.PAGE) in found.facts

    def test_what_was_lifted_is_not_named(self, ada: Address, news: Category) -> None:
        for reason in (SuppressionReason.HARD_BOUNCE, SuppressionReason.MANUAL):
            actions.suppress([ada.pk], Origin(Source.STAFF, NOW), reason=reason)
        actions.lift([ada.pk], Origin(Source.STAFF, NOW), reason=SuppressionReason.HARD_BOUNCE)
        assert explained(ADA, Mailing(news)).facts == (SuppressionFact(SuppressionReason.MANUAL, NOW, Source.STAFF),)


class TestUnsubscribed:
    def test_from_the_category_by_whom_and_when(self, ada: Address, news: Category) -> None:
        actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.ONE_CLICK, NOW - 2 * DAY))
        actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW - DAY), frequency=Frequency.WEEKLY)
        found = explained(ADA, Mailing(news))
        assert (found.verdict.outcome, found.verdict.rule) == (Outcome.UNSUBSCRIBED, Rule.UNSUBSCRIBED)
        left = PreferenceFact("news", PreferenceState.UNSUBSCRIBED, NOW - 2 * DAY, Source.ONE_CLICK)
        assert found.facts == (left,)

    def test_of_a_message_of_no_named_kind_each_category_that_was_left(self, ada: Address, news: Category) -> None:
        offers = CategoryFactory.create(slug="offers")
        actions.opt_out([Target(ada.pk, one.pk) for one in (news, offers)], Origin(Source.PAGE, NOW))
        facts = explained(ADA, Mailing(None)).facts
        assert [one.category for one in facts if isinstance(one, PreferenceFact)] == ["news", "offers"]

    def test_from_another_address_of_the_contact(self, ada: Address, news: Category) -> None:
        other = AddressFactory.create(text=BOB, contact=ada.contact)
        actions.opt_out([Target(other.pk, news.pk)], Origin(Source.PAGE, NOW))
        [fact] = explained(ADA, Mailing(news)).facts
        assert fact == PreferenceFact("news", PreferenceState.UNSUBSCRIBED, NOW, Source.PAGE, said_by=other.pk)

    def test_from_another_spelling_of_a_gmail_mailbox(self, news: Category, settings: Any) -> None:
        settings.UNSUBSCRIBE_GMAIL_SPELLINGS = True
        other = AddressFactory.create(text=SAME_GMAIL)
        actions.opt_out([Target(other.pk, news.pk)], Origin(Source.PAGE, NOW))
        [fact] = explained(GMAIL, Mailing(news)).facts
        no = PreferenceState.UNSUBSCRIBED
        assert fact == PreferenceFact("news", no, NOW, Source.PAGE, said_by=other.pk, is_same_mailbox=True)

    @pytest.mark.parametrize("is_known", [True, False])
    def test_where_the_category_needs_opt_in_and_nothing_was_chosen(self, is_known: bool) -> None:
        if is_known:
            AddressFactory.create(text=ADA)
        [fact] = explained(ADA, Mailing(CategoryFactory.create(opt_in=True))).facts
        assert fact == DefaultFact(needs_opt_in=True, is_known=is_known)

    def test_after_a_no_to_everything_and_a_yes_to_something_else(self, ada: Address, news: Category) -> None:
        actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, NOW - DAY))
        offers = CategoryFactory.create(slug="offers")
        actions.opt_in([Target(ada.pk, offers.pk)], Origin(Source.PAGE, NOW, wording="Yes"))
        [fact] = explained(ADA, Mailing(news)).facts
        assert fact == DefaultFact(needs_opt_in=False, only_chosen=True)

    def test_where_the_yes_was_given_for_an_address_to_which_it_was_joined(self, ada: Address) -> None:
        partners = CategoryFactory.create(opt_in=True)
        actions.add_addresses(ada.contact_id, [normalise(BOB)], now=NOW - DAY)
        actions.opt_in([Target(ada.pk, partners.pk)], Origin(Source.PAGE, NOW, wording="Yes"))
        [fact] = explained(BOB, Mailing(partners)).facts
        assert isinstance(fact, PreferenceFact)
        assert (fact.state, fact.is_beside, fact.said_by) == (PreferenceState.SUBSCRIBED, True, ada.pk)


class TestPaused:
    def test_of_everything_and_of_the_category_the_longer_one_first(self, ada: Address, news: Category) -> None:
        actions.pause([Target(ada.pk)], Origin(Source.PAGE, NOW - DAY), until=TODAY + 2 * DAY)
        actions.pause([Target(ada.pk, news.pk)], Origin(Source.API, NOW), until=TODAY + 9 * DAY)
        found = explained(ADA, Mailing(news))
        assert found.verdict[:3] == (Outcome.PAUSED, Rule.PAUSED, TODAY + 9 * DAY)
        assert found.facts == (
            PauseFact("news", TODAY + 9 * DAY, NOW, Source.API),
            PauseFact("", TODAY + 2 * DAY, NOW - DAY, Source.PAGE),
        )

    def test_one_that_is_over_is_not_named(self, ada: Address, news: Category) -> None:
        actions.pause([Target(ada.pk)], Origin(Source.PAGE, NOW - DAY), until=TODAY)
        assert explained(ADA, Mailing(news)).facts == (DefaultFact(needs_opt_in=False),)


class TestTooSoon:
    def test_by_the_frequency_and_the_day_of_the_last_message(self, ada: Address, news: Category) -> None:
        actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW - 5 * DAY), frequency=Frequency.WEEKLY)
        actions.record_sent([ada.contact_id], Mailing(news), now=NOW - 2 * DAY)
        found = explained(ADA, Mailing(news))
        assert found.verdict[:3] == (Outcome.TOO_SOON, Rule.TOO_SOON, TODAY + 5 * DAY)
        sent_on, since = TODAY - 2 * DAY, NOW - 5 * DAY
        assert found.facts == (FrequencyFact(Frequency.WEEKLY, sent_on, since=since, source=Source.PAGE),)

    def test_for_a_campaign_that_they_had(self, ada: Address, news: Category) -> None:
        actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW - 5 * DAY), frequency=Frequency.DAILY)
        mailing = Mailing(news, campaign=CampaignFactory.create(category=news), once=True)
        actions.record_sent([ada.contact_id], mailing, by_us=True, now=NOW - DAY)
        [fact] = explained(ADA, mailing).facts
        assert isinstance(fact, FrequencyFact)
        assert (fact.last_sent_on, fact.had_until) == (TODAY - DAY, TODAY + 2 * DAY)


class TestSend:
    def test_subscribed_by_choice(self, ada: Address, news: Category) -> None:
        actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW - DAY, wording="Yes"))
        found = explained(ADA, Mailing(news))
        assert (found.verdict.may_send, found.verdict.rule) == (True, Rule.NOTHING)
        yes = PreferenceFact("news", PreferenceState.SUBSCRIBED, NOW - DAY, Source.PAGE)
        assert found.facts == (yes,)

    @pytest.mark.parametrize("is_known", [True, False])
    def test_by_default(self, is_known: bool, news: Category) -> None:
        if is_known:
            AddressFactory.create(text=ADA)
        assert explained(ADA, Mailing(news)).facts == (DefaultFact(needs_opt_in=False, is_known=is_known),)

    def test_with_the_frequency_that_allows_it(self, ada: Address, news: Category) -> None:
        actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW - DAY), frequency=Frequency.DAILY)
        default, frequency = explained(ADA, Mailing(news)).facts
        assert default == DefaultFact(needs_opt_in=False)
        assert frequency == FrequencyFact(Frequency.DAILY, since=NOW - DAY, source=Source.PAGE)

    def test_a_transactional_message_whatever_was_said(self, ada: Address) -> None:
        actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, NOW))
        found = explained(ADA, Mailing(CategoryFactory.create(transactional=True)))
        assert (found.verdict.outcome, found.verdict.rule) == (Outcome.SEND, Rule.TRANSACTIONAL)


def test_what_is_no_address_has_no_facts(news: Category) -> None:
    assert explained("nonsense", Mailing(news)).verdict.rule == Rule.INVALID


def test_the_number_of_queries_does_not_grow_with_what_was_said(news: Category, settings: Any) -> None:
    settings.UNSUBSCRIBE_GMAIL_SPELLINGS = True
    counts = []
    for _ in range(2):
        for number in range(5):
            other = AddressFactory.create(text=f"ada.l+{Contact.objects.count()}@gmail.com")
            actions.opt_out([Target(other.pk, news.pk)], Origin(Source.PAGE, NOW + timedelta(hours=number)))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            gate.explain(GMAIL, Mailing(news), now=NOW)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12
