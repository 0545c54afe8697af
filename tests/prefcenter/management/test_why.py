"""manage.py why: the gate's verdict on one address, in sentences."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests.factories import ADA, AddressFactory, CampaignFactory, CategoryFactory
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import Frequency, Source, SuppressionReason
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def why(*arguments: str) -> str:
    out = io.StringIO()
    call_command("why", *arguments, stdout=out)
    return out.getvalue()


def test_one_line_for_each_category(ada: Address, news: Category, now: Any) -> None:
    CategoryFactory.create(slug="offers")
    CategoryFactory.create(transactional=True)
    CategoryFactory.create(slug="old", retired_at=now)
    actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.ONE_CLICK, now))
    assert why(ADA).splitlines() == [
        "news: unsubscribed. Unsubscribed from “news” since 2026-03-10 12:00, source one_click.",
        "offers: send. Nothing was chosen, and the category needs no opt-in.",
        "old: retired. Nothing is sent in this category any more.",
        "receipts: send. A transactional message: only a suppression for every message would hold it back.",
    ]


def test_of_the_category_that_is_named_alone(ada: Address, news: Category, now: Any) -> None:
    CategoryFactory.create(slug="offers")
    june = CampaignFactory.create(category=news, name="June")
    actions.opt_out([Target(ada.pk, None, june.pk)], Origin(Source.PAGE, now))
    assert why(ADA, "--category", "news").splitlines() == [
        "news: suppressed. Suppressed (Unsubscribed from everything) since 2026-03-10 12:00, source page, from the "
        "campaign “June”."
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nonsense", "news: invalid. This is not a valid address."),
        ("dan@example.com", "news: send. No contact has this address, and the category needs no opt-in."),
        ("eve@corp.example", "news: suppressed. The whole domain corp.example is suppressed (Blocked by staff) since "),
    ],
)
def test_of_an_address_that_nobody_has_learnt(text: str, sentence: str, news: Category, now: Any) -> None:
    actions.suppress_domains({"corp.example": None}, Origin(Source.STAFF, now), reason=SuppressionReason.MANUAL)
    assert why(text).startswith(sentence)


def test_of_a_frequency_and_a_pause_it_says_until_when(ada: Address, news: Category) -> None:
    now, today = timezone.now(), timezone.localdate()
    actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, now), frequency=Frequency.WEEKLY)
    june = CampaignFactory.create(category=news, name="June")
    actions.record_sent([ada.contact_id], Mailing(news, campaign=june), now=now)
    said = why(ADA)
    assert said.startswith(f"news: too_soon until {today + 7 * DAY}. At most weekly (asked for on ")
    assert said.endswith(f"; the last message that counts went out on {today}.\n")
    assert why(ADA, "--category", "news", "--campaign", "June").endswith("; no message counts against it.\n")
    actions.pause([Target(ada.pk)], Origin(Source.PAGE, now), until=today + DAY)
    assert f"news: paused until {today + DAY}. Everything is paused until {today + DAY} (asked for" in why(ADA)


def test_of_a_no_that_another_address_said_it_names_that_one_by_its_id(ada: Address, now: Any, settings: Any) -> None:
    partners = CategoryFactory.create(opt_in=True)
    actions.add_addresses(ada.contact_id, [normalise("bob@example.com")], now=now)
    actions.opt_in([Target(ada.pk, partners.pk)], Origin(Source.PAGE, now, wording="Yes"))
    said = why("bob@example.com")
    assert f"said by another of the contact's addresses (address {ada.pk}). That yes was given for another" in said
    settings.UNSUBSCRIBE_GMAIL_SPELLINGS = True
    other = AddressFactory.create(text="a.da@gmail.com")
    actions.opt_out([Target(other.pk)], Origin(Source.PAGE, now - DAY))
    assert f"said by another spelling of the same Gmail mailbox (address {other.pk})." in why("ada@gmail.com")
    actions.opt_in([Target(other.pk, partners.pk)], Origin(Source.PAGE, now, wording="Yes"))
    CategoryFactory.create()
    said = why("ada@gmail.com", "--category", "news")
    assert f"(address {other.pk}) said no to everything and came back to other categories only." in said


def test_who_came_back_to_one_category_gets_that_one(ada: Address, news: Category, now: Any) -> None:
    offers = CategoryFactory.create(slug="offers")
    actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, now - DAY))
    actions.opt_in([Target(ada.pk, offers.pk)], Origin(Source.PAGE, now, wording="Yes"))
    assert why(ADA).splitlines() == [
        "news: unsubscribed. Nothing was chosen, and the contact, who had said no to everything, came back to what "
        "they chose by name only.",
        "offers: send. Subscribed to “offers” since 2026-03-10 12:00, source page.",
    ]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--category", "nws"], "There is no category 'nws'. Known are: news, offers."),
        (["--campaign", "June"], "Please name the category of the campaign"),
        (["--category", "news", "--campaign", "June"], "There is no campaign 'June' of 'news' yet"),
    ],
)
def test_what_is_not_known_is_named(arguments: list[str], error: str, news: Category) -> None:
    CategoryFactory.create(slug="offers")
    with pytest.raises(CommandError, match=error):
        why(ADA, *arguments)


def test_without_a_category_there_is_nothing_to_ask(db: None) -> None:
    with pytest.raises(CommandError, match="There is no category yet"):
        why(ADA)


def test_it_changes_nothing(news: Category) -> None:
    why(ADA)
    assert not Address.objects.exists()
