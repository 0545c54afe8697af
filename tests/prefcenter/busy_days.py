"""Ten people who leave, stay with less and come back, all through the engine's own verbs, for the tests of figures."""

from datetime import datetime, timedelta
from typing import NamedTuple

from prefcenter.models import Feedback, FeedbackReason
from tests.factories import AddressFactory, CampaignFactory, CategoryFactory
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.choices import Channel, Frequency, Source, SuppressionReason
from unsubscribe.links import Target
from unsubscribe.models import Address, Campaign, Category, ConsentEvent, SentCount


class Days(NamedTuple):
    now: datetime
    news: Category
    offers: Category
    june: Campaign


def live(now: datetime) -> Days:
    """Within the thirty days before `now`, but for one opt-out forty days ago. What does not count is there as well."""
    days = Days(
        now, CategoryFactory.create(), CategoryFactory.create(slug="offers"), CampaignFactory.create(name="June")
    )
    _leave(days)
    _take_less(days)
    _come_back(days)
    _what_counts_for_nothing(days)
    sent = {"day": (now - timedelta(days=4)).date(), "channel": Channel.EMAIL}
    SentCount.objects.create(**sent, category=days.news, campaign=days.june, count=5000)
    SentCount.objects.create(**sent | {"channel": Channel.SMS}, category=days.offers, count=200)
    return days


def _leave(days: Days) -> None:
    """Five opt-outs: one-click, page, two lines of a no to everything on two addresses, import. And two complaints."""
    [one_click] = actions.opt_out(
        [Target(_somebody(), days.news.pk, days.june.pk)], Origin(Source.ONE_CLICK, _ago(days, 1))
    )
    everywhere = AddressFactory.create()
    AddressFactory.create(contact=everywhere.contact, channel=Channel.SMS, text="+49 30 901820")
    everything = Target(everywhere.pk, None, days.june.pk)
    [on_page, _] = actions.opt_out([everything], Origin(Source.PAGE, _ago(days, 4)))
    actions.opt_out([Target(_somebody(), days.news.pk)], Origin(Source.IMPORT, _ago(days, 6)))
    for source in (Source.COMPLAINT, Source.API):
        actions.suppress([_somebody()], Origin(source, _ago(days, 2)), reason=SuppressionReason.COMPLAINT)
    _say_why(one_click, "Too many mails", days.now)
    _say_why(on_page, "Too many mails", days.now)


def _take_less(days: Days) -> None:
    weekly = Frequency.WEEKLY
    [event] = actions.opt_down(
        [Target(_somebody(), days.news.pk)], Origin(Source.PAGE, _ago(days, 3)), frequency=weekly
    )
    until = (days.now + timedelta(days=30)).date()
    actions.pause([Target(_somebody())], Origin(Source.PAGE, _ago(days, 3, minutes=1)), until=until)
    _say_why(event, "Not interesting to me", days.now)


def _come_back(days: Days) -> None:
    """One by Undo, and one after more than a month."""
    soon = actions.opt_out([Target(_somebody(), days.offers.pk)], Origin(Source.PAGE, _ago(days, 2)))
    actions.undo([one.pk for one in soon], Origin(Source.PAGE, _ago(days, 2, minutes=1), wording="Undo"))
    later = [Target(_somebody(), days.offers.pk)]
    [event] = actions.opt_out(later, Origin(Source.PAGE, _ago(days, 40)))
    actions.opt_in(later, Origin(Source.PAGE, _ago(days, 5), wording="Yes, offers"))
    _say_why(event, "Too many mails", _ago(days, 40))


def _what_counts_for_nothing(days: Days) -> None:
    """What coming back leaves off, a bounce, a complaint of another time, a first yes, an erasure, an access, a block
    by the staff and its end."""
    now = _ago(days, 2)
    back, long_ago = _somebody(), _ago(days, 200)
    chosen = [Target(back, days.offers.pk), Target(back, CategoryFactory.create(slug="events").pk)]
    actions.opt_in(chosen, Origin(Source.PAGE, long_ago, wording="Yes"))
    actions.suppress([back], Origin(Source.IMPORT, long_ago), reason=SuppressionReason.COMPLAINT)
    actions.opt_in([Target(back, days.news.pk)], Origin(Source.PAGE, _ago(days, 3), wording="Yes, news"))
    actions.suppress([_somebody()], Origin(Source.API, now), reason=SuppressionReason.HARD_BOUNCE)
    actions.suppress([_somebody()], Origin(Source.IMPORT, now), reason=SuppressionReason.COMPLAINT)
    actions.opt_in([Target(_somebody(), days.news.pk)], Origin(Source.PAGE, now, wording="Yes, news"))
    actions.erase([Address.objects.get(pk=_somebody()).contact_id], Origin(Source.PAGE, now))
    actions.note_access(_somebody(), Origin(Source.PAGE, now))
    blocked = [_somebody()]
    actions.suppress(blocked, Origin(Source.STAFF, now), reason=SuppressionReason.MANUAL)
    actions.lift(blocked, Origin(Source.STAFF, now, note="It was a mistake"), reason=SuppressionReason.MANUAL)


def _somebody() -> int:
    return AddressFactory.create().pk


def _ago(days: Days, count: int, *, minutes: int = 0) -> datetime:
    return days.now - timedelta(days=count) + timedelta(minutes=minutes)


def _say_why(event: ConsentEvent, text: str, now: datetime) -> None:
    reason, _ = FeedbackReason.objects.get_or_create(text=text)
    about = {"category_id": event.category_id, "campaign_id": event.campaign_id}
    Feedback.objects.create(event=event, reason=reason, created_at=now - timedelta(hours=1), **about)
