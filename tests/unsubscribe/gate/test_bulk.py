"""The verdict on everybody at once is the verdict on each: a long file is answered as a short one is."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import NOW
from tests.examples import examples
from tests.factories import ADA, BOB, AddressFactory, CampaignFactory
from tests.unsubscribe.gate.test_checking import DrawnContact, Question, World, contacts, forgotten, questions
from unsubscribe import actions, gate
from unsubscribe.actions import Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import Channel, Frequency, Outcome, Purpose, Source, SuppressionReason
from unsubscribe.errors import ContradictoryPurpose
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category
from unsubscribe.rules import Rule

pytestmark = pytest.mark.django_db


@examples(80)
@given(
    question=questions,
    crowd=st.lists(contacts, max_size=4),
    blocked=st.lists(st.sampled_from([one for one in SuppressionReason if one != "erased"]), unique=True, max_size=2),
    at=st.sampled_from([NOW - timedelta(days=400), NOW]),
)
def test_everybody_gets_the_verdict_they_get_alone(
    question: Question, crowd: list[DrawnContact], blocked: list[SuppressionReason], at: datetime
) -> None:
    with forgotten():
        world = World.of(question)
        texts = [text for drawn in crowd for text in world.settle(drawn)]
        texts.append("stranger@example.com" if question.channel == Channel.EMAIL else "+49309999999")
        for reason in blocked:  # at whose domain some of them are
            actions.suppress_domains({"example.com": at}, Origin(Source.STAFF, NOW), reason=reason)
        mailing = Mailing(  # never with `once`: only the guard asks so, and of few
            world.category if question.has_category else None,
            channel=question.channel,
            purpose=question.purpose,
            campaign=world.campaign if question.has_campaign else None,
        )
        verdicts = gate.everybody(mailing, now=NOW)
        assert verdicts is not None
        for text, one in zip(texts, gate.check(texts, mailing, now=NOW), strict=True):
            assert verdicts.of(normalise(text, channel=question.channel))[:3] == one[:3]
        assert verdicts.others not in verdicts.named.values()


def test_what_holds_for_every_message_goes_before_the_persons_own_no(ada: Address, news: Category) -> None:
    actions.suppress([ada.pk], Origin(Source.PAGE, NOW), reason=SuppressionReason.UNSUBSCRIBED_ALL)
    actions.suppress_domains({"example.com": None}, Origin(Source.STAFF, NOW), reason=SuppressionReason.HARD_BOUNCE)
    verdicts, [alone] = gate.everybody(Mailing(news), now=NOW), gate.check([ADA], Mailing(news), now=NOW)
    assert verdicts is not None
    assert verdicts.of(normalise(ADA)).rule == alone.rule == Rule.BLOCKED


def test_whoever_said_nothing_is_not_held_in_memory(news: Category) -> None:
    for text in (ADA, BOB):
        AddressFactory.create(text=text)
    verdicts = gate.everybody(Mailing(news), now=NOW)
    assert verdicts is not None
    assert (verdicts.named, verdicts.others.outcome) == ({}, Outcome.SEND)


def test_of_too_many_it_says_nothing(news: Category) -> None:
    readers = [AddressFactory.create(text=f"reader{number}@example.com") for number in range(3)]
    actions.opt_out([Target(one.pk, news.pk) for one in readers], Origin(Source.PAGE, NOW))
    assert gate.everybody(Mailing(news), now=NOW, most=2) is None
    verdicts = gate.everybody(Mailing(news), now=NOW, most=3)
    assert verdicts is not None
    assert [one.outcome for one in verdicts.named.values()] == [Outcome.UNSUBSCRIBED] * 3


def test_as_many_as_it_holds_are_asked_about_their_clocks_too(news: Category) -> None:
    readers = [AddressFactory.create(text=f"reader{number}@example.com") for number in range(3)]
    actions.opt_down([Target(one.pk, news.pk) for one in readers], Origin(Source.PAGE, NOW), frequency=Frequency.WEEKLY)
    contact_ids = [one.contact_id for one in readers]
    actions.record_sent(contact_ids, Mailing(news), now=NOW)
    verdicts = gate.everybody(Mailing(news), now=NOW, most=3)
    assert verdicts is not None
    assert [one.outcome for one in verdicts.named.values()] == [Outcome.TOO_SOON] * 3


def test_it_says_which_addresses_share_a_frequency_and_until_when_once_one_of_them_had_a_message(
    news: Category,
) -> None:
    alone, ada, unpaced = (AddressFactory.create(text=text) for text in ("eve@example.com", ADA, "dan@example.com"))
    both = [ada, AddressFactory.create(text=BOB, contact=ada.contact)]
    AddressFactory.create(text="dan@work.example", contact=unpaced.contact)
    bounced = AddressFactory.create(text="ada@work.example", contact=ada.contact)
    weekly = [Target(one.pk, news.pk) for one in (alone, ada)]
    actions.opt_down(weekly, Origin(Source.PAGE, NOW), frequency=Frequency.WEEKLY)
    actions.suppress([bounced.pk], Origin(Source.STAFF, NOW), reason=SuppressionReason.HARD_BOUNCE)
    verdicts = gate.everybody(Mailing(news), now=NOW)
    assert verdicts is not None
    next_week = NOW.date() + timedelta(days=7)
    assert verdicts.shared == {one.digest: (ada.contact_id, next_week) for one in both}
    other = gate.everybody(Mailing(None), now=NOW)
    assert other is not None
    assert other.shared == {}


def test_it_takes_as_many_queries_as_a_set_does(news: Category, django_assert_num_queries: Any) -> None:
    readers = [AddressFactory.create(text=f"reader{number}@example.com") for number in range(30)]
    actions.opt_down([Target(one.pk, news.pk) for one in readers], Origin(Source.PAGE, NOW), frequency=Frequency.WEEKLY)
    with django_assert_num_queries(3):
        gate.everybody(Mailing(news, campaign=CampaignFactory.build(category=news, pk=1)), now=NOW)


def test_a_marketing_category_is_never_transactional(news: Category) -> None:
    with pytest.raises(ContradictoryPurpose):
        gate.everybody(Mailing(news, purpose=Purpose.TRANSACTIONAL), now=NOW)
