"""Whatever two addresses say while one of them is only joined to the other (law 11)."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import NOW
from tests.examples import examples
from tests.factories import ADA, BOB, AddressFactory, CategoryFactory
from tests.unsubscribe.gate.test_checking import forgotten
from unsubscribe import actions, gate
from unsubscribe.actions import Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import Channel, Frequency, Outcome, Source, SuppressionReason
from unsubscribe.errors import MayNotLift
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category, Suppression

pytestmark = pytest.mark.django_db
OLDER, OTHER = "older", "other"
LESS = ("leave", "leave all", "complain", "pause", "pause all", "slower")
MORE = ("join in", "resume", "resume all", "faster")
said = st.tuples(st.sampled_from([OLDER, OTHER]), st.sampled_from(LESS + MORE), st.sampled_from(["news", "partners"]))


def say(address: Address, what: str, category: Category, *, now: datetime = NOW) -> None:
    one, whole = Target(address.pk, category.pk), Target(address.pk)
    origin = Origin(Source.PAGE, now)
    until = NOW.date() + timedelta(days=30)
    verbs = {
        "leave": lambda: actions.opt_out([one], origin),
        "leave all": lambda: actions.opt_out([whole], origin),
        "complain": lambda: actions.suppress([address.pk], origin, reason=SuppressionReason.COMPLAINT),
        "pause": lambda: actions.pause([one], origin, until=until),
        "pause all": lambda: actions.pause([whole], origin, until=until),
        "slower": lambda: actions.opt_down([one], origin, frequency=Frequency.MONTHLY),
        "join in": lambda: actions.opt_in([one], origin._replace(wording="Yes")),
        "resume": lambda: actions.pause([one], origin, until=None),
        "resume all": lambda: actions.pause([whole], origin, until=None),
        "faster": lambda: actions.opt_down([one], origin, frequency=Frequency.AS_SENT),
    }
    try:
        verbs[what]()
    except MayNotLift:
        assert what in MORE


def answers(address: Address, categories: list[Category]) -> list[Outcome]:
    channel = Channel(address.channel)
    return [gate.check([address.value], Mailing(one, channel=channel), now=NOW)[0].outcome for one in categories]


def open_to(address: Address, categories: list[Category]) -> set[str]:
    return {
        one.slug for one, answer in zip(categories, answers(address, categories), strict=True) if answer == Outcome.SEND
    }


@examples(60)
@given(before=st.lists(said, max_size=2), after=st.lists(said, min_size=1, max_size=5), is_text=st.booleans())
def test_a_no_holds_for_both_and_a_yes_for_nobody_else(
    before: list[tuple[str, str, str]], after: list[tuple[str, str, str]], is_text: bool
) -> None:
    with forgotten():
        by_slug = {"news": CategoryFactory.create(), "partners": CategoryFactory.create(opt_in=True)}
        categories = list(by_slug.values())
        older = AddressFactory.create(text=ADA)
        for _, what, slug in before:
            say(older, what, by_slug[slug])
        channel = Channel.SMS if is_text else Channel.EMAIL
        more = normalise("+49 30 901820" if is_text else BOB, channel=channel)
        joined = actions.add_addresses(older.contact_id, [more], now=NOW)
        if not joined:
            return  # they opted in to something, and that is not handed on
        people = {OLDER: older, OTHER: joined[0]}
        for who, what, slug in after:
            me, them = people[who], people[OLDER if who == OTHER else OTHER]
            mine, theirs = open_to(me, categories), open_to(them, categories)
            say(me, what, by_slug[slug])
            if what in MORE and who == OTHER:
                assert open_to(them, categories) == theirs
            if what == "join in" and who == OLDER:
                # What the older one slowed down or paused, it may speed up again for both; a yes is its own.
                assert open_to(them, categories) <= theirs
            them.refresh_from_db()
            me.refresh_from_db()
            is_shared = me.contact_id == them.contact_id and me.is_pending != them.is_pending
            if is_shared and (what == "leave all" or (not is_text and what in {"leave", "complain"})):
                gone = {slug} if what == "leave" else set(by_slug)
                assert not open_to(me, categories) & gone
                assert not open_to(them, categories) & gone
            if what in LESS:
                assert open_to(me, categories) <= mine
                assert open_to(them, categories) <= theirs


def test_an_older_ones_no_keeps_the_other_off_whatever_it_says(ada: Address, news: Category) -> None:
    for what in ("leave", "leave all", "complain"):
        with forgotten():
            [other] = actions.add_addresses(ada.contact_id, [normalise(f"{what.replace(' ', '-')}@x.example")], now=NOW)
            say(ada, what, news)
            say(other, "join in", news)
            assert answers(other, [news]) != [Outcome.SEND]
            assert answers(ada, [news]) != [Outcome.SEND]


def _joined(ada: Address, *numbers: str, now: datetime) -> list[Address]:
    wanted = [normalise(one, channel=Channel.SMS) for one in numbers]
    return [one for each in wanted for one in actions.add_addresses(ada.contact_id, [each], now=now)]


def test_an_older_no_to_everything_everywhere_is_not_lifted_by_a_number_that_was_joined(
    ada: Address, news: Category, now: datetime
) -> None:
    [number] = _joined(ada, "+4930901820", now=now)
    actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, now))
    with pytest.raises(MayNotLift):
        actions.opt_in([Target(number.pk, news.pk)], Origin(Source.SMS, now, wording="Yes"))
    assert Suppression.objects.filter(lifted_at=None).count() == 2


def test_of_two_numbers_that_were_joined_the_no_of_the_first_binds_the_second_and_not_the_other_way_round(
    ada: Address, news: Category, now: datetime
) -> None:
    first, second = _joined(ada, "+4930901820", "+4930901821", now=now)
    for silent, speaking in [(second, first), (first, second)]:
        with transaction.atomic():
            actions.suppress([silent.pk], Origin(Source.SMS, now), reason=SuppressionReason.UNSUBSCRIBED_ALL)
            target = [Target(speaking.pk, news.pk)]
            if speaking == first:
                assert actions.opt_in(target, Origin(Source.SMS, now, wording="Yes"))
            else:
                with pytest.raises(MayNotLift):
                    actions.opt_in(target, Origin(Source.SMS, now, wording="Yes"))
            transaction.set_rollback(True)
