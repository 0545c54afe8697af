"""What the made-up year is about: categories, mailings, reasons. It takes what is there and adds what is missing."""

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.utils import timezone

from prefcenter.models import FeedbackReason
from unsubscribe.choices import Channel, Purpose
from unsubscribe.models import Campaign, Category, CategoryGroup

GROUP = "From the shop"
#: slug, name, description, the fields that differ
CATEGORIES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("news", "Product news", "What's new in the shop, once a week.", {}),
    ("offers", "Offers", "Discounts and last copies.", {}),
    ("tips", "Tips and guides", "How to get more out of what you bought.", {}),
    ("events", "Events", "Readings and signings near you.", {}),
    ("partners", "Partner offers", "Offers from partners we've chosen.", {"needs_opt_in": True}),
    ("receipts", "Receipts", "Orders, invoices and deliveries.", {"purpose": Purpose.TRANSACTIONAL}),
]
REASONS = ["Too many emails", "Not relevant to me", "I never signed up for this", "Something else"]
#: How many days lie between two mailings of a category, by its place in the list.
RHYTHMS = (7, 4, 7, 30, 30)
#: One in so many campaigns makes people leave in crowds.
BAD_ONE_IN = 40


class Mailing(NamedTuple):
    """A campaign as it went out. `badness`: how many times as many as usual leave after it."""

    campaign_id: int
    category_id: int
    channel: str
    day: date
    hour: int
    badness: float


class World(NamedTuple):
    categories: Sequence[Category]
    transactional: Sequence[Category]
    mailings: Sequence[Mailing]
    reasons: Sequence[FeedbackReason]


def build(rng: random.Random, *, start: date, days: int) -> World:
    """Everything there is to leave, from `start` on for so many days."""
    if not _in_use(Purpose.MARKETING).exists():
        _make_categories()
    if not FeedbackReason.objects.exists():
        for position, text in enumerate(REASONS):
            FeedbackReason.objects.create(text=text, position=position, asks_for_more=text == REASONS[-1])
    categories = list(_in_use(Purpose.MARKETING))
    mailings = [one for place, each in enumerate(categories) for one in _mailings(rng, each, place, start, days)]
    transactional = list(_in_use(Purpose.TRANSACTIONAL))
    return World(categories, transactional, mailings, list(FeedbackReason.objects.filter(is_active=True)))


def _in_use(purpose: Purpose) -> QuerySet[Category]:
    return Category.objects.filter(purpose=purpose, retired_at=None)


def _make_categories() -> None:
    group, _ = CategoryGroup.objects.get_or_create(name=GROUP)
    for position, (slug, name, description, more) in enumerate(CATEGORIES):
        is_grouped = slug in {"offers", "events"}
        fields = {
            "name": name,
            "description": description,
            "position": position,
            "group": group if is_grouped else None,
        }
        Category.objects.get_or_create(slug=slug, defaults=fields | more)


def _mailings(rng: random.Random, category: Category, place: int, start: date, days: int) -> list[Mailing]:
    rhythm = RHYTHMS[place % len(RHYTHMS)]
    found = []
    for number, offset in enumerate(range(rng.randrange(min(rhythm, days)), days, rhythm), 1):
        day, hour = start + timedelta(days=offset), rng.choice((7, 8, 9, 10, 16, 18))
        # Every fifth offer goes out by text message.
        channel = Channel.SMS if category.slug == "offers" and number % 5 == 0 else Channel.EMAIL
        campaign = _campaign(f"{category.name}, {day:%-d %B %Y}", category, timezone.make_aware(_at(day, hour)))
        badness = rng.uniform(6, 12) if rng.randrange(BAD_ONE_IN) == 0 else rng.lognormvariate(0, 0.4)
        found.append(Mailing(campaign.pk, category.pk, channel.value, day, hour, badness))
    return found


def _campaign(name: str, category: Category, created_at: datetime) -> Campaign:
    """Always a new one: what an earlier year counted belongs to that year."""
    name = name[-100:]
    same = Campaign.objects.filter(category=category, name__startswith=name).count()
    name = f"{name} ({same + 1})" if same else name
    return Campaign.objects.create(category=category, name=name, created_at=created_at)


def _at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour)  # noqa: DTZ001  (made aware in the house's zone by the caller)
