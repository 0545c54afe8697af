"""What a sheet says that a contact gets, and what the gate lets through: one rule, asked twice."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest

from tests.factories import BOB, AddressFactory, CategoryFactory
from unsubscribe import actions, gate, queries
from unsubscribe.actions import Origin
from unsubscribe.choices import Channel, Frequency, Outcome, Source, SuppressionReason
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category

pytestmark = pytest.mark.django_db
#: What ends by itself is no matter of a subscription.
NOT_YET = {Outcome.PAUSED, Outcome.TOO_SOON}
Happens = Callable[[Address, Address, Category, datetime], object]


def by_page(now: datetime) -> Origin:
    return Origin(Source.PAGE, now, wording="Yes")


def suppressed(reason: SuppressionReason, *, other: bool = False) -> Happens:
    return lambda ada, bob, _, now: actions.suppress([(bob if other else ada).pk], by_page(now), reason=reason)


PASTS: dict[str, Happens] = {
    "nothing": lambda *_: None,
    "paused": lambda ada, _bob, _, now: actions.pause(
        [Target(ada.pk)], by_page(now), until=now.date() + timedelta(days=9)
    ),
    "monthly": lambda ada, _bob, news, now: actions.opt_down(
        [Target(ada.pk, news.pk)], by_page(now), frequency=Frequency.MONTHLY
    ),
    "left the category": lambda ada, _bob, news, now: actions.opt_out([Target(ada.pk, news.pk)], by_page(now)),
    "left everything": lambda ada, _bob, _, now: actions.opt_out([Target(ada.pk)], by_page(now)),
    "opted in": lambda ada, _bob, news, now: actions.opt_in([Target(ada.pk, news.pk)], by_page(now)),
    "erased": lambda ada, _bob, _, now: actions.erase([ada.contact_id], by_page(now)),
    **{str(reason): suppressed(reason) for reason in SuppressionReason if reason != SuppressionReason.ERASED},
    "the other one bounced": suppressed(SuppressionReason.HARD_BOUNCE, other=True),
    "the other one complained": suppressed(SuppressionReason.COMPLAINT, other=True),
}


@pytest.mark.parametrize("past", PASTS)
@pytest.mark.parametrize("needs_opt_in", [False, True])
def test_what_reaches_all_is_what_the_gate_lets_through_to_each(
    past: str, needs_opt_in: bool, ada: Address, now: datetime
) -> None:
    news, receipts = CategoryFactory.create(needs_opt_in=needs_opt_in), CategoryFactory.create(transactional=True)
    bob = AddressFactory.create(text=BOB, contact=ada.contact)
    values = [ada.value, bob.value]
    PASTS[past](ada, bob, news, now)
    sheet = queries.preference_sheet(ada, today=now.date(), also={news.pk, receipts.pk})
    check = partial(gate.check, values, now=now)
    for choice in sheet.choices:
        verdicts = check(Mailing(choice.category, channel=Channel.EMAIL))
        may_be_sent = [verdict.may_send or verdict.outcome in NOT_YET for verdict in verdicts]
        assert choice.reaches_all == all(may_be_sent), (choice.category.slug, may_be_sent)


def test_what_is_retired_reaches_nobody(ada: Address, news: Category, now: datetime) -> None:
    news.retired_at = now
    news.save()
    [choice] = queries.preference_sheet(ada, today=now.date(), also={news.pk}).choices
    assert (choice.is_subscribed, choice.reaches_all) == (True, False)
