"""What the made-up year is about. It takes what is there, and adds what is missing."""

from typing import Any

from prefcenter.models import FeedbackReason
from unsubscribe.choices import Purpose
from unsubscribe.models import Category, CategoryGroup

GROUP = "From the shop"
#: slug, name, description, the fields that differ
CATEGORIES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("news", "Product news", "What is new in the shop, once a week.", {}),
    ("offers", "Offers", "Discounts and last copies.", {}),
    ("tips", "Tips and guides", "How to get more out of what you bought.", {}),
    ("events", "Events", "Readings and signings near you.", {}),
    ("partners", "Partner offers", "From others whom we picked for you.", {"needs_opt_in": True}),
    ("receipts", "Receipts", "Orders, invoices and deliveries.", {"purpose": Purpose.TRANSACTIONAL}),
]
REASONS = ["Too many emails", "Not relevant to me", "I never signed up", "Something else"]


def make_missing() -> None:
    """Categories, unless one of marketing is in use; reasons, unless there are any."""
    if not Category.objects.filter(purpose=Purpose.MARKETING, retired_at=None).exists():
        _make_categories()
    if not FeedbackReason.objects.exists():
        for position, text in enumerate(REASONS):
            FeedbackReason.objects.create(text=text, position=position, asks_for_more=text == REASONS[-1])


def _make_categories() -> None:
    group, _ = CategoryGroup.objects.get_or_create(name=GROUP)
    for position, (slug, name, description, more) in enumerate(CATEGORIES):
        fields = {
            "name": name,
            "description": description,
            "position": position,
            "group": group if slug in {"offers", "events"} else None,
        }
        Category.objects.get_or_create(slug=slug, defaults=fields | more)
