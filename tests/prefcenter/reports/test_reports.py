"""What counts as what: leaving, less, undone and back, rates, reasons; made by the engine's verbs, not by hand."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from prefcenter.reports import Period, Selection, conditions, counts, rates, reasons
from prefcenter.reports.counts import EventCounts
from prefcenter.reports.rates import Rate
from tests.factories import ADA, BOB, AddressFactory, CampaignFactory, CategoryFactory
from tests.prefcenter import busy_days
from tests.prefcenter.busy_days import Days
from unsubscribe import actions
from unsubscribe.actions import ImportedNo, Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import Channel, EventKind, Frequency, Source, SuppressionReason
from unsubscribe.links import Target
from unsubscribe.models import ConsentEvent, SentCount

pytestmark = pytest.mark.django_db


@pytest.fixture
def days(now: datetime) -> Days:
    return busy_days.live(now)


def look(now: datetime, *, days: int = 30, **narrowed: Any) -> Selection:
    return Selection(Period.latest(days, now=now), **narrowed)


def figures(found: EventCounts) -> dict[str, int]:
    names = ("opt_outs", "opt_downs", "pauses", "undone", "back", "complaints")
    return {name: getattr(found, name) for name in names}


def test_each_wish_is_counted_as_what_it_is(days: Days) -> None:
    assert figures(counts.count(look(days.now)).total) == {
        "opt_outs": 5,
        "opt_downs": 1,
        "pauses": 1,
        "undone": 1,
        "back": 2,
        "complaints": 2,
    }


def test_the_span_before_is_counted_alike(days: Days) -> None:
    assert figures(counts.count(look(days.now)).before) == {
        "opt_outs": 1,
        "opt_downs": 0,
        "pauses": 0,
        "undone": 0,
        "back": 0,
        "complaints": 0,
    }


def test_opt_outs_come_by_their_doors(days: Days) -> None:
    total = counts.count(look(days.now)).total
    by_door = {door: total.of(EventKind.OPT_OUT, source=door) for door in Source}
    expected = {Source.ONE_CLICK: 1, Source.PAGE: 3, Source.IMPORT: 1}
    assert by_door == {door: expected.get(door, 0) for door in Source}


@pytest.mark.parametrize("length", [7, 30, 90, 365, 800])
def test_the_steps_add_up_to_the_total(length: int, days: Days) -> None:
    counted = counts.count(look(days.now, days=length))
    assert sum(one.opt_outs for _, one in counted.steps) == counted.total.opt_outs == 5 + (length > 40)
    for name in ("opt_downs", "pauses", "undone", "back"):
        assert (
            sum(getattr(one, name) for _, one in counted.steps) == getattr(counted.total, name) == 1 + (name == "back")
        )
    assert sum(one.complaints for _, one in counted.steps) == counted.total.complaints == 2


def test_a_wish_stands_at_the_day_of_the_house_on_which_it_was_said(news: Any, now: datetime, settings: Any) -> None:
    settings.TIME_ZONE = "America/New_York"
    late = now.replace(hour=2)  # still the evening before, there
    actions.opt_out([Target(AddressFactory.create().pk, news.pk)], Origin(Source.PAGE, late))
    steps = counts.count(look(now, days=7)).steps
    assert [step.first.day for step, one in steps if one.opt_outs] == [9]


def test_a_category_takes_in_a_no_to_everything_from_its_mailings(days: Days) -> None:
    news = counts.count(look(days.now, category_id=days.news.pk)).total
    offers = counts.count(look(days.now, category_id=days.offers.pk)).total
    assert (news.opt_outs, news.opt_downs, offers.opt_outs, offers.undone, offers.back) == (4, 1, 1, 1, 1)


def test_a_campaign_and_a_channel_narrow_it(days: Days) -> None:
    june = counts.count(look(days.now, campaign_id=days.june.pk)).total
    by_text = counts.count(look(days.now, campaign_id=days.june.pk, channel=Channel.SMS)).total
    assert (june.opt_outs, by_text.opt_outs) == (3, 1)


def test_it_takes_five_queries_however_long_the_period(days: Days) -> None:
    for length in (7, 365):
        with CaptureQueriesContext(connection) as queries:
            counts.count(look(days.now, days=length, category_id=days.news.pk, channel=Channel.EMAIL))
        assert len(queries) == 5


def test_what_was_undone_and_what_came_back_are_never_the_same_line(days: Days) -> None:
    both = ConsentEvent.objects.filter(conditions.UNDONE & conditions.BACK)
    assert not both.exists()
    assert ConsentEvent.objects.filter(conditions.UNDONE | conditions.BACK).count() == 3


def test_a_whole_no_that_is_undone_counts_as_undone(now: datetime) -> None:
    events = actions.opt_out([Target(AddressFactory.create().pk)], Origin(Source.PAGE, now))
    actions.undo([one.pk for one in events], Origin(Source.PAGE, now, wording="Undo"))
    total = counts.count(look(now)).total
    assert (total.opt_outs, total.undone, total.back) == (1, 1, 0)


def test_complaints_that_come_by_the_thousand_count_alike(now: datetime) -> None:
    said = [ImportedNo(normalise(text).digest, text) for text in (ADA, BOB)]
    complaint = SuppressionReason.COMPLAINT
    actions.import_opt_outs(said, Origin(Source.API, now), channel=Channel.EMAIL, reason=complaint)
    assert counts.count(look(now)).total.complaints == rates.compare(look(now)).total.complaints == 2


def test_rates_are_of_what_was_sent_in_the_same_days(days: Days) -> None:
    found = rates.compare(look(days.now))
    assert found.total == Rate(opt_outs=4, complaints=2, sent=5200, emails=5000)
    assert found.total.opt_out_rate == 4 / 5200
    assert found.total.complaint_rate == 2 / 5000
    assert [(one.pk, rate.opt_outs, rate.sent) for one, rate in found.by_category] == [
        (days.news.pk, 3, 5000),
        (days.offers.pk, 1, 200),
    ]
    assert found.unnamed == Rate(complaints=2)
    assert [(one.pk, rate.opt_outs) for one, rate in found.by_campaign] == [(days.june.pk, 3)]


def test_the_rows_of_the_categories_add_up_to_the_whole(days: Days) -> None:
    for selection in (look(days.now), look(days.now, days=90), look(days.now, campaign_id=days.june.pk)):
        found = rates.compare(selection)
        assert sum((rate for _, rate in found.by_category), found.unnamed) == found.total


def test_rates_and_wishes_count_the_same(days: Days) -> None:
    for narrowed in ({}, {"category_id": days.news.pk}, {"channel": Channel.SMS}, {"campaign_id": days.june.pk}):
        selection = look(days.now, **narrowed)
        total, counted = rates.compare(selection).total, counts.count(selection).total
        imported = counted.of(EventKind.OPT_OUT, source=Source.IMPORT)
        assert (total.opt_outs, total.complaints) == (counted.opt_outs - imported, counted.complaints)


def test_what_an_import_brings_is_of_other_days_and_in_no_rate(days: Days) -> None:
    before = rates.compare(look(days.now))
    said = [ImportedNo(normalise(text).digest, text) for text in (ADA, BOB)]
    actions.import_opt_outs(said, Origin(Source.IMPORT, days.now), channel=Channel.EMAIL)
    actions.import_opt_outs(said, Origin(Source.IMPORT, days.now), channel=Channel.EMAIL, category_id=days.news.pk)
    assert rates.compare(look(days.now)) == before
    assert counts.count(look(days.now)).total.opt_outs == 5 + 4


@pytest.mark.parametrize("narrowed", [{}, {"channel": Channel.EMAIL}])
def test_who_comes_back_to_one_thing_has_not_left_the_others(narrowed: Any, now: datetime) -> None:
    """They said no to everything long ago, and yes to one of three today."""
    one, *others = (CategoryFactory.create(slug=slug) for slug in ("one", "two", "three"))
    ada, long_ago = AddressFactory.create().pk, now - timedelta(days=100)
    chosen = [Target(ada, category.pk) for category in (one, *others)]
    actions.opt_in(chosen, Origin(Source.PAGE, long_ago, wording="Yes"))
    actions.opt_out([Target(ada)], Origin(Source.PAGE, long_ago))
    actions.opt_in(chosen[:1], Origin(Source.PAGE, now, wording="Yes, one"))
    assert ConsentEvent.objects.filter(at=now, kind=EventKind.OPT_OUT).count() == 2
    counted = counts.count(look(now, **narrowed))
    assert (counted.total.opt_outs, counted.total.back, counted.came_to_leave) == (0, 1, 0)
    assert rates.compare(look(now, **narrowed)).total == Rate()
    assert not rates.compare(look(now, category_id=others[0].pk)).by_category
    in_all = counts.count(look(now, days=200))
    assert (in_all.total.opt_outs, sum(one.opt_outs for _, one in in_all.steps)) == (1, 1)


def test_who_leaves_with_three_addresses_left_once(news: Any, now: datetime) -> None:
    """Beside them one takes a pause, and one takes less and leaves a week later after all."""
    leaver, pausing, both = AddressFactory.create(), AddressFactory.create().pk, AddressFactory.create().pk
    for number in (1, 2):
        AddressFactory.create(contact=leaver.contact, channel=Channel.SMS, text=f"+49 30 90182{number}")
    at = [now - timedelta(days=days) for days in range(5)]
    assert len(actions.opt_out([Target(leaver.pk)], Origin(Source.PAGE, at[0]))) == 3
    actions.pause([Target(pausing, news.pk)], Origin(Source.PAGE, at[1]), until=(now + timedelta(days=9)).date())
    assert (counts.count(look(now)).kept, counts.count(look(now)).came_to_leave) == (1, 2)
    actions.opt_down([Target(both, news.pk)], Origin(Source.PAGE, at[3]), frequency=Frequency.WEEKLY)
    actions.opt_out([Target(both, news.pk)], Origin(Source.PAGE, at[2]))
    actions.opt_out([Target(AddressFactory.create().pk)], Origin(Source.ONE_CLICK, at[4]))
    counted = counts.count(look(now))
    assert (counted.kept, counted.came_to_leave) == (2, 4)
    assert (counted.total.opt_outs, counted.total.pauses) == (5, 1)


@pytest.mark.parametrize(("sent", "is_said"), [(0, False), (299, False), (300, True)])
def test_of_too_few_mails_no_rate_is_given(sent: int, is_said: bool) -> None:
    assert (Rate(opt_outs=3, sent=sent).opt_out_rate is not None) == is_said


@pytest.mark.parametrize(("sent", "is_said"), [(0, False), (999, False), (1000, True)])
def test_of_too_few_emails_no_complaint_rate_is_given(sent: int, is_said: bool) -> None:
    assert (Rate(complaints=1, sent=9999, emails=sent).complaint_rate is not None) == is_said


def test_the_campaign_that_lost_most_comes_first_and_what_is_too_small_last(news: Any, now: datetime) -> None:
    for name, sent, lost in (("little", 1000, 1), ("much", 1000, 3), ("tiny", 10, 2), ("unsent", 0, 4)):
        campaign = CampaignFactory.create(name=name)
        if sent:
            SentCount.objects.create(day=now.date(), channel="email", category=news, campaign=campaign, count=sent)
        for _ in range(lost):
            target = Target(AddressFactory.create().pk, news.pk, campaign.pk)
            actions.opt_out([target], Origin(Source.ONE_CLICK, now))
    assert [str(one) for one, _ in rates.compare(look(now)).by_campaign] == ["much", "little", "unsent", "tiny"]


def test_a_day_of_complaints_is_taken_together_with_the_days_before_it(now: datetime, news: Any) -> None:
    selection = look(now, days=10)
    SentCount.objects.create(day=selection.period.first, channel="email", category=news, count=10_000)
    SentCount.objects.create(day=selection.period.last, channel="email", category=news, count=999)
    steps = [(step, 1 if number == 1 else 0) for number, step in enumerate(selection.period.buckets)]
    found = rates.complaints_over_time(selection, steps)
    assert found == [0.0, *[0.0001] * 6, None, None, None]


def test_weeks_stand_by_themselves(now: datetime, news: Any) -> None:
    selection = look(now, days=90)
    SentCount.objects.create(day=selection.period.first, channel="email", category=news, count=10_000)
    found = rates.complaints_over_time(selection, [(step, 5) for step in selection.period.buckets])
    assert found == [0.0005, *[None] * 12]


def test_reasons_are_ranked_with_what_they_were_before(days: Days) -> None:
    found = reasons.rank(look(days.now))
    said = [(one.text, one.answers, one.before) for one in found.ranked]
    assert said == [("Too many mails", 2, 1), ("Not interesting to me", 1, 0)]
    assert (found.answers, found.before) == (3, 1)


def test_reasons_follow_the_mailing_and_the_channel(days: Days) -> None:
    assert reasons.rank(look(days.now, category_id=days.news.pk)).answers == 3
    assert reasons.rank(look(days.now, campaign_id=days.june.pk)).answers == 2
    assert reasons.rank(look(days.now, channel=Channel.SMS)).answers == 0


def test_a_reason_that_nobody_names_any_more_is_told(days: Days) -> None:
    later = replace(look(days.now), period=Period.latest(30, now=days.now + timedelta(days=30)))
    assert [(one.answers, one.before) for one in reasons.rank(later).ranked] == [(0, 2), (0, 1)]


def test_of_nothing_nothing_is_counted_and_nothing_breaks(now: datetime) -> None:
    CategoryFactory.create()
    selection = look(now)
    assert not any(figures(counts.count(selection).total).values())
    assert rates.compare(selection).total == Rate()
    assert not reasons.rank(selection).ranked
    assert not counts.ever()
