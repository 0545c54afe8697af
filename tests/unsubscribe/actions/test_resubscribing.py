"""What coming back to one thing leaves off is written down as what it is: no consent, and no wish to leave."""

from datetime import datetime, timedelta

import pytest

from tests.factories import AddressFactory, CategoryFactory
from unsubscribe import actions, gate
from unsubscribe.actions import Origin
from unsubscribe.actions.resubscribing import LEFT_OFF
from unsubscribe.addresses import normalise
from unsubscribe.choices import Channel, EventKind, Frequency, Purpose, Source, SuppressionReason
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category, ConsentEvent, Contact, Preference

pytestmark = pytest.mark.django_db


def test_what_stays_off_has_no_wording_and_a_note_that_says_why(ada: Address, news: Category, now: datetime) -> None:
    others = [CategoryFactory.create(slug=slug) for slug in ("offers", "events")]
    targets = [Target(ada.pk, one.pk) for one in (news, *others)]
    actions.opt_in(targets, Origin(Source.PAGE, now, wording="Yes"))
    actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, now))
    last = ConsentEvent.objects.latest("id").pk
    actions.opt_in(targets[:1], Origin(Source.PAGE, now, wording="Yes, news"))
    written = ConsentEvent.objects.filter(id__gt=last).order_by("kind", "category_id")
    assert list(written.values_list("kind", "category_id", "wording", "note")) == [
        (EventKind.LIFT, None, "Yes, news", ""),
        (EventKind.OPT_IN, news.pk, "Yes, news", ""),
        *((EventKind.OPT_OUT, one.pk, "", LEFT_OFF) for one in others),
    ]
    # The figures find these lines by the moment and the source of the suppression that ended (reports/conditions.py).
    assert len(set(written.values_list("at", "source"))) == 1


@pytest.fixture
def phone(ada: Address) -> Address:
    return AddressFactory.create(contact=ada.contact, channel=Channel.SMS, text="+4930901820")


def by_text(address: Address, slug: str, now: datetime) -> str:
    category = Category.objects.get(slug=slug)
    [decision] = gate.check([address.value], Mailing(category, channel=Channel.SMS), now=now)
    return decision.outcome.value


def test_what_came_by_text_and_was_never_blocked_goes_on(
    ada: Address, phone: Address, news: Category, now: datetime
) -> None:
    CategoryFactory.create(slug="offers")
    left = CategoryFactory.create(slug="events")
    weekly = CategoryFactory.create(slug="tips")
    CategoryFactory.create(slug="partners", needs_opt_in=True)
    CategoryFactory.create(slug="receipts", purpose=Purpose.TRANSACTIONAL)
    somebody = AddressFactory.create(channel=Channel.SMS, text="+4930901821")
    for one in (phone, somebody):
        actions.opt_down([Target(one.pk, weekly.pk)], Origin(Source.SMS, now), frequency=Frequency.WEEKLY)
    actions.opt_down(
        [Target(phone.pk, Category.objects.get(slug="partners").pk)],
        Origin(Source.SMS, now),
        frequency=Frequency.WEEKLY,
    )
    actions.opt_out([Target(phone.pk, left.pk)], Origin(Source.SMS, now))
    before = {one.slug: by_text(phone, one.slug, now) for one in Category.objects.all()}
    actions.suppress([ada.pk], Origin(Source.MAILTO, now), reason=SuppressionReason.UNSUBSCRIBED_ALL)
    later = now + timedelta(days=1)
    actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, later, wording="Yes, news"))

    assert Contact.objects.get(pk=ada.contact_id).only_chosen
    assert {one.slug: by_text(phone, one.slug, later) for one in Category.objects.all()} == before
    assert before | {"events": "unsubscribed", "partners": "unsubscribed", "news": "send", "tips": "send"} == before
    kept = Preference.objects.filter(contact=ada.contact_id, channel=Channel.SMS)
    assert {(one.category.slug, one.state, one.frequency) for one in kept} == {
        ("news", "subscribed", "as_sent"),
        ("offers", "subscribed", "as_sent"),
        ("tips", "subscribed", "weekly"),
        ("events", "unsubscribed", "as_sent"),
        ("partners", "unspecified", "weekly"),
    }
    assert {one.changed_at for one in kept if one.state == "subscribed"} == {later}
    theirs = Preference.objects.get(contact=somebody.contact_id)
    assert (theirs.state, theirs.changed_at) == ("unspecified", now)


def test_what_is_kept_so_was_said_by_no_import(ada: Address, phone: Address, news: Category, now: datetime) -> None:
    actions.opt_down([Target(phone.pk, news.pk)], Origin(Source.SMS, now), frequency=Frequency.WEEKLY)
    Preference.objects.update(import_id=7, said_at=now)
    actions.suppress([ada.pk], Origin(Source.MAILTO, now), reason=SuppressionReason.UNSUBSCRIBED_ALL)
    actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, now, wording="Yes, news"))
    kept = Preference.objects.get(channel=Channel.SMS)
    assert (kept.state, kept.import_id, kept.said_at) == ("subscribed", None, None)


def test_what_was_blocked_for_itself_is_kept_as_it_was(
    ada: Address, phone: Address, news: Category, now: datetime
) -> None:
    for one, source in ((ada, Source.MAILTO), (phone, Source.SMS)):
        actions.suppress([one.pk], Origin(source, now), reason=SuppressionReason.UNSUBSCRIBED_ALL)
    actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, now, wording="Yes, news"))
    assert not Preference.objects.filter(channel=Channel.SMS).exists()
    assert by_text(phone, "news", now) == "suppressed"


@pytest.mark.parametrize("joined_and_agreed", [False, True])
def test_a_yes_ends_what_another_address_of_theirs_said_on_that_channel(
    joined_and_agreed: bool, ada: Address, news: Category, now: datetime
) -> None:
    when = {"joined_at": now, "agreed_at": now} if joined_and_agreed else {}
    work = AddressFactory.create(contact=ada.contact, text="ada@work.example", **when)
    actions.suppress([work.pk], Origin(Source.MAILTO, now), reason=SuppressionReason.UNSUBSCRIBED_ALL)
    actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, now, wording="Yes, news"))
    assert [one.may_send for one in gate.check([ada.value, work.value], Mailing(news), now=now)] == [True, True]


@pytest.mark.parametrize("is_everywhere", [True, False])
def test_a_block_that_stood_by_itself_covers_what_is_learnt_later_once_it_is_meant_everywhere(
    is_everywhere: bool, ada: Address, news: Category, now: datetime
) -> None:
    for _ in range(2):
        actions.suppress([ada.pk], Origin(Source.MAILTO, now), reason=SuppressionReason.UNSUBSCRIBED_ALL)
    if is_everywhere:
        actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, now))
    number = normalise("+49 30 901820", channel=Channel.SMS)
    [learnt] = actions.add_addresses(ada.contact_id, [number], now=now)
    assert by_text(learnt, "news", now) == ("suppressed" if is_everywhere else "send")


def test_what_came_by_text_and_ended_with_everything_stays_off(
    ada: Address, phone: Address, news: Category, now: datetime
) -> None:
    offers = CategoryFactory.create(slug="offers")
    actions.opt_in([Target(phone.pk, offers.pk)], Origin(Source.SMS, now, wording="Yes"))
    actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, now))
    actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, now, wording="Yes, news"))
    assert by_text(phone, "offers", now) == "unsubscribed"
