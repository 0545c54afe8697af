"""A no said again is a new no (law 12): what an older receipt can still undo, and what is written down."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.conftest import NOW
from tests.factories import AddressFactory, CategoryFactory
from unsubscribe import actions
from unsubscribe.actions import ImportedNo, Origin, Wanted
from unsubscribe.choices import Channel, EventKind, Frequency, PreferenceState, Source, SuppressionReason
from unsubscribe.ledger import seals
from unsubscribe.links import Target
from unsubscribe.models import Address, Category, ConsentEvent, OutboxMessage, Preference, Suppression

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
LATER = NOW + 5 * MINUTE
Says = Callable[[Address, Category, datetime], Sequence[ConsentEvent]]


def clicks(ada: Address, news: Category, now: datetime, source: Source = Source.ONE_CLICK) -> list[ConsentEvent]:
    return actions.opt_out([Target(ada.pk, news.pk)], Origin(source, now))


def leaves(ada: Address, news: Category, now: datetime, source: Source = Source.PAGE) -> list[ConsentEvent]:
    return clicks(ada, news, now, source)


def leaves_by_switch(ada: Address, news: Category, now: datetime) -> list[ConsentEvent]:
    wanted = Wanted(ada.pk, news.pk, {"state": PreferenceState.UNSUBSCRIBED})
    return actions.set_preferences([wanted], Origin(Source.API, now))


def is_imported(
    ada: Address, news: Category, now: datetime, source: Source = Source.IMPORT, **more: Any
) -> list[ConsentEvent]:
    options: dict[str, Any] = {"channel": Channel.EMAIL, "category_id": news.pk}
    actions.import_opt_outs([ImportedNo(bytes(ada.digest), ada.value)], Origin(source, now), **options | more)
    return []


def is_imported_as_a_block(ada: Address, news: Category, now: datetime) -> list[ConsentEvent]:
    return is_imported(ada, news, now, category_id=None)


def is_imported_everywhere(ada: Address, news: Category, now: datetime) -> list[ConsentEvent]:
    return is_imported(ada, news, now, category_id=None, everywhere=True)


def is_reported_by_the_sender(ada: Address, news: Category, now: datetime) -> list[ConsentEvent]:
    return is_imported(ada, news, now, category_id=None, source=Source.API)


def clicks_everything(ada: Address, news: Category, now: datetime) -> list[ConsentEvent]:
    return actions.opt_out([Target(ada.pk)], Origin(Source.ONE_CLICK, now))


def leaves_everything(ada: Address, news: Category, now: datetime) -> list[ConsentEvent]:
    return actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, now))


def is_blocked_by_the_sender(ada: Address, news: Category, now: datetime) -> list[ConsentEvent]:
    return actions.suppress([ada.pk], Origin(Source.API, now), reason=SuppressionReason.UNSUBSCRIBED_ALL)


def leaves_by_staff(ada: Address, news: Category, now: datetime) -> list[ConsentEvent]:
    return leaves(ada, news, now, Source.STAFF)


#: The first with its receipt, and what is said again after it.
AGAIN: list[tuple[Says, Says]] = [
    (leaves, clicks),
    (leaves, leaves),
    (leaves, leaves_by_switch),
    (leaves, leaves_by_staff),
    (leaves, is_imported),
    (clicks, clicks),
    (leaves_everything, leaves_everything),
    (leaves_everything, clicks_everything),
    (leaves_everything, is_blocked_by_the_sender),
    (leaves_everything, is_imported_as_a_block),
    (leaves_everything, is_imported_everywhere),
    (leaves_everything, is_reported_by_the_sender),
    (leaves, clicks_everything),
]


def is_off(ada: Address, news: Category) -> bool:
    block = Suppression.objects.filter(address=ada, lifted_at=None)
    no = Preference.objects.filter(contact=ada.contact_id, category=news, state=PreferenceState.UNSUBSCRIBED)
    return block.exists() or no.exists()


@pytest.mark.parametrize("later", [NOW, LATER], ids=["in the same moment", "later"])
@pytest.mark.parametrize(("first", "again"), AGAIN)
def test_an_older_receipt_does_not_undo_a_newer_no(
    first: Says, again: Says, later: datetime, ada: Address, news: Category
) -> None:
    receipt = [event.pk for event in first(ada, news, NOW)]
    mails = OutboxMessage.objects.count()
    again(ada, news, later)
    assert actions.undo(receipt, Origin(Source.PAGE, LATER + MINUTE, wording="Undo")) == []
    assert is_off(ada, news)
    assert OutboxMessage.objects.count() == mails


def reads_weekly(ada: Address, news: Category, now: datetime, source: Source = Source.PAGE) -> list[ConsentEvent]:
    return actions.opt_down([Target(ada.pk, news.pk)], Origin(source, now), frequency=Frequency.WEEKLY)


def pauses(ada: Address, news: Category, now: datetime, source: Source = Source.PAGE) -> list[ConsentEvent]:
    return actions.pause([Target(ada.pk, news.pk)], Origin(source, now), until=UNTIL)


def pauses_everything(ada: Address, news: Category, now: datetime, source: Source = Source.PAGE) -> list[ConsentEvent]:
    return actions.pause([Target(ada.pk)], Origin(source, now), until=UNTIL)


LESS = [reads_weekly, pauses, pauses_everything]
UNTIL = (NOW + timedelta(days=30)).date()
chosen_by_all = pytest.mark.parametrize("source", [Source.PAGE, Source.API, Source.STAFF, Source.MAILTO])


def less(ada: Address) -> tuple[object, ...]:
    ada.contact.refresh_from_db()
    return ada.contact.paused_until, *Preference.objects.values_list("frequency", "paused_until")


@chosen_by_all
@pytest.mark.parametrize("later", [NOW, LATER], ids=["in the same moment", "later"])
@pytest.mark.parametrize("says", LESS)
def test_an_older_receipt_does_not_undo_less_that_was_said_again(
    says: Callable[..., list[ConsentEvent]], later: datetime, source: Source, ada: Address, news: Category
) -> None:
    receipt = [event.pk for event in says(ada, news, NOW)]
    stands, lines, mails = less(ada), ConsentEvent.objects.count(), OutboxMessage.objects.count()
    assert says(ada, news, later, source) == []
    assert actions.undo(receipt, Origin(Source.PAGE, LATER + MINUTE, wording="Undo")) == []
    assert less(ada) == stands
    assert (ConsentEvent.objects.count(), OutboxMessage.objects.count()) == (lines, mails)


@pytest.mark.parametrize("says", LESS)
def test_less_that_was_said_again_before_something_else_does_not_speak_against_the_undo_of_that(
    says: Says, ada: Address, news: Category
) -> None:
    says(ada, news, NOW)
    says(ada, news, NOW + MINUTE)
    receipt = [event.pk for event in leaves(ada, news, LATER)]
    assert actions.undo(receipt, Origin(Source.PAGE, LATER + MINUTE))
    assert not is_off(ada, news)


@pytest.mark.parametrize("says", LESS)
def test_less_again_after_the_end_of_it_begins_anew(says: Says, ada: Address, news: Category) -> None:
    says(ada, news, NOW)
    says(ada, news, NOW)
    if says is reads_weekly:
        actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW), frequency=Frequency.AS_SENT)
    else:
        target = Target(ada.pk, news.pk if says is pauses else None)
        actions.pause([target], Origin(Source.PAGE, NOW), until=None)
    receipt = [event.pk for event in says(ada, news, NOW)]
    assert actions.undo(receipt, Origin(Source.PAGE, LATER))


@pytest.mark.parametrize("says", LESS)
def test_less_said_again_does_not_keep_a_yes_from_being_undone(says: Says, ada: Address, news: Category) -> None:
    says(ada, news, NOW)
    leaves(ada, news, NOW)
    wanted = Wanted(ada.pk, news.pk, {"state": PreferenceState.SUBSCRIBED})
    yes = actions.set_preferences([wanted], Origin(Source.PAGE, NOW + MINUTE, wording="Yes"))
    says(ada, news, LATER)
    assert actions.undo([event.pk for event in yes], Origin(Source.PAGE, LATER + MINUTE))
    assert is_off(ada, news)


def test_as_many_as_before_or_no_pause_is_no_less_said_again(ada: Address, news: Category) -> None:
    receipt = [event.pk for event in leaves(ada, news, NOW)]
    actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, LATER), frequency=Frequency.AS_SENT)
    for target in (Target(ada.pk, news.pk), Target(ada.pk)):
        actions.pause([target], Origin(Source.PAGE, LATER), until=None)
    assert actions.undo(receipt, Origin(Source.PAGE, LATER))


def test_less_of_another_category_or_in_the_same_act_leaves_the_undo_alone(ada: Address, news: Category) -> None:
    offers = CategoryFactory.create(slug="offers")
    reads_weekly(ada, offers, NOW - MINUTE)
    pauses_everything(ada, news, NOW - MINUTE)
    both = [Wanted(ada.pk, one.pk, {"frequency": Frequency.WEEKLY}) for one in (news, offers)]
    receipt = actions.set_preferences(both, Origin(Source.PAGE, NOW))
    receipt += pauses_everything(ada, news, NOW)
    reads_weekly(ada, offers, LATER)
    assert len(receipt) == 1
    assert actions.undo([event.pk for event in receipt], Origin(Source.PAGE, LATER))


@pytest.mark.parametrize(("first", "again"), [(clicks_everything, leaves), (leaves, clicks_everything)])
def test_everything_and_a_category_each_stand_for_themselves(
    first: Says, again: Says, ada: Address, news: Category
) -> None:
    receipt = [event.pk for event in first(ada, news, NOW)]
    again(ada, news, LATER)
    actions.undo(receipt, Origin(Source.PAGE, LATER + MINUTE, wording="Undo"))
    assert is_off(ada, news)


def test_an_everything_said_again_after_a_category_holds_against_its_undo(ada: Address, news: Category) -> None:
    clicks_everything(ada, news, NOW)
    receipt = [event.pk for event in leaves(ada, news, NOW + MINUTE)]
    clicks_everything(ada, news, LATER)
    assert actions.undo(receipt, Origin(Source.PAGE, LATER + MINUTE)) == []


@pytest.mark.parametrize(
    ("first", "again"),
    [(clicks, clicks), (clicks_everything, clicks_everything), (is_imported, is_imported)],
)
def test_said_again_the_same_way_only_the_time_moves_on(first: Says, again: Says, ada: Address, news: Category) -> None:
    first(ada, news, NOW)
    lines = ConsentEvent.objects.count()
    assert again(ada, news, LATER) == []
    assert ConsentEvent.objects.count() == lines
    rows: list[Preference | Suppression] = [*Preference.objects.all(), *Suppression.objects.all()]
    [row] = rows
    assert row.said_at == LATER
    again(ada, news, LATER - MINUTE)  # a worker that was slow
    row.refresh_from_db()
    assert row.said_at == LATER


@pytest.mark.parametrize(
    ("first", "again", "source"),
    [
        (leaves, clicks, Source.ONE_CLICK),
        (leaves, leaves_by_switch, Source.API),
        (leaves, is_imported, Source.IMPORT),
        (leaves_everything, clicks_everything, Source.ONE_CLICK),
        (leaves_everything, is_blocked_by_the_sender, Source.API),
        (leaves_everything, is_imported_as_a_block, Source.IMPORT),
        (leaves_everything, is_imported_everywhere, Source.IMPORT),
        (is_imported_as_a_block, leaves_everything, Source.PAGE),
    ],
)
def test_said_again_another_way_is_an_event_of_its_own_without_a_mail(
    first: Says, again: Says, source: Source, ada: Address, news: Category
) -> None:
    first(ada, news, NOW)
    mails = OutboxMessage.objects.count()
    for _ in range(2):
        assert again(ada, news, LATER) == []
    [event] = ConsentEvent.objects.filter(kind=EventKind.AGAIN)
    assert (event.source, event.at, event.contact_id) == (source, LATER, ada.contact_id)
    assert event.before == event.after
    assert OutboxMessage.objects.count() == mails
    assert seals.seal(now=LATER + timedelta(hours=2)) is not None


def test_after_something_that_can_be_undone_it_is_an_event_again(ada: Address, news: Category) -> None:
    clicks(ada, news, NOW)
    actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW + MINUTE), frequency=Frequency.WEEKLY)
    clicks(ada, news, LATER)
    assert ConsentEvent.objects.filter(kind=EventKind.AGAIN, source=Source.ONE_CLICK).count() == 1


def test_what_was_repeated_in_the_same_act_can_be_undone_with_it(ada: Address, news: Category) -> None:
    is_imported_as_a_block(ada, news, NOW - MINUTE)
    other = AddressFactory.create(contact=ada.contact)
    receipt = [event.pk for event in actions.opt_out([Target(other.pk)], Origin(Source.PAGE, NOW))]
    actions.undo(receipt, Origin(Source.PAGE, LATER))
    assert not Suppression.objects.filter(address=other, lifted_at=None).exists()


def test_an_older_no_that_a_file_brings_later_is_none_said_again(ada: Address, news: Category) -> None:
    receipt = [event.pk for event in leaves(ada, news, NOW)]
    said = [ImportedNo(bytes(ada.digest), ada.value, NOW - timedelta(days=900))]
    actions.import_opt_outs(said, Origin(Source.IMPORT, LATER), channel=Channel.EMAIL, category_id=news.pk)
    assert not ConsentEvent.objects.filter(kind=EventKind.AGAIN).exists()
    assert actions.undo(receipt, Origin(Source.PAGE, LATER))
    assert not is_off(ada, news)


def test_a_no_after_a_yes_begins_anew(ada: Address, news: Category) -> None:
    clicks(ada, news, NOW)
    clicks(ada, news, NOW + MINUTE)
    actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW + 2 * MINUTE, wording="Yes"))
    receipt = [event.pk for event in leaves(ada, news, LATER)]
    assert actions.undo(receipt, Origin(Source.PAGE, LATER + MINUTE))
    assert not is_off(ada, news)


def test_of_who_was_erased_nothing_more_is_noted(ada: Address, news: Category) -> None:
    for says in (leaves, leaves_everything, reads_weekly, pauses):
        says(ada, news, NOW)
    actions.erase([ada.contact_id], Origin(Source.PAGE, NOW))
    lines = ConsentEvent.objects.count()
    for says in (clicks, clicks_everything, is_imported, is_imported_as_a_block, is_imported_everywhere, *LESS[:2]):
        says(ada, news, LATER)
    assert ConsentEvent.objects.count() == lines
    assert not Preference.objects.exclude(said_at=None, less_said_at=None).exists()


@pytest.mark.parametrize("says", LESS)
def test_many_repeat_less_in_as_many_queries_as_one(says: Callable[..., list[ConsentEvent]], news: Category) -> None:
    def queries(size: int) -> int:
        people = [AddressFactory.create() for _ in range(size)]
        targets = [Target(one.pk, None if says is pauses_everything else news.pk) for one in people]
        with CaptureQueriesContext(connection) as caught:
            for _ in range(2):
                if says is reads_weekly:
                    actions.opt_down(targets, Origin(Source.PAGE, NOW), frequency=Frequency.WEEKLY)
                else:
                    actions.pause(targets, Origin(Source.PAGE, NOW), until=UNTIL)
        return len(caught)

    assert queries(1) == queries(40)


@pytest.mark.parametrize("says", [clicks, clicks_everything])
def test_many_repeat_themselves_in_as_many_queries_as_one(says: Says, news: Category) -> None:
    def queries(size: int) -> int:
        people = [AddressFactory.create() for _ in range(size)]
        targets = [Target(one.pk, news.pk if says is clicks else None) for one in people]
        actions.opt_out(targets, Origin(Source.PAGE, NOW))
        with CaptureQueriesContext(connection) as caught:
            actions.opt_out(targets, Origin(Source.ONE_CLICK, LATER))
        return len(caught)

    assert queries(1) == queries(40)


def test_a_block_of_another_category_is_left_alone(ada: Address, news: Category) -> None:
    offers = CategoryFactory.create(slug="offers")
    receipt = [event.pk for event in leaves(ada, news, NOW)]
    for now in (NOW, LATER):
        clicks(ada, offers, now)
    assert actions.undo(receipt, Origin(Source.PAGE, LATER + MINUTE))
    assert not is_off(ada, news)


@pytest.mark.parametrize(("evidence", "state"), [(None, "unsubscribed"), (NOW + 2 * MINUTE, "subscribed")])
def test_a_yes_that_a_senders_system_says_again_counts_with_its_evidence_alone(
    evidence: datetime | None, state: str, ada: Address, news: Category
) -> None:
    actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW, wording="Yes"))
    yes = Wanted(ada.pk, news.pk, {"state": PreferenceState.SUBSCRIBED})
    actions.set_preferences([yes], Origin(Source.API, LATER, given_at=evidence))
    no = [ImportedNo(bytes(ada.digest), ada.value, NOW + MINUTE)]
    actions.import_opt_outs(no, Origin(Source.IMPORT, LATER), channel=Channel.EMAIL, category_id=news.pk)
    assert Preference.objects.get().state == state


def test_the_end_of_a_pause_that_nobody_had_is_no_pause_said_again(ada: Address) -> None:
    actions.pause([Target(ada.pk)], Origin(Source.PAGE, NOW), until=None)
    assert Address.objects.get(pk=ada.pk).contact.pause_said_at is None
