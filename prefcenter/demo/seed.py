"""Fills the demo: categories, an account, three months of history and mailings. Doing it twice is the same as once."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string
from django.utils import timezone
from premailer import transform

from prefcenter.lists.reader import open_table
from prefcenter.models import User
from unsubscribe import actions, audience, headers
from unsubscribe.addresses import normalise
from unsubscribe.audience import AudienceEntry
from unsubscribe.choices import Purpose
from unsubscribe.mailing import Mailing, purpose_of
from unsubscribe.models import Campaign, Category, CategoryGroup, Contact, LastSent

from . import history

_HERE = Path(__file__).parent
#: By a category's slug or the group's name, its `translations`.
TEXTS: dict[str, dict[str, dict[str, str]]] = json.loads((_HERE / "texts.json").read_text())

#: Slug, name, description and purpose.
CATEGORIES = [
    ("news", "Product news", "What's new in the shop, once a week.", Purpose.MARKETING),
    ("offers", "Offers", "Discounts and last copies.", Purpose.MARKETING),
    ("events", "Events", "Readings and signings near you.", Purpose.MARKETING),
    ("receipts", "Receipts", "Orders, invoices and deliveries.", Purpose.TRANSACTIONAL),
]
GROUP = "From the shop"
#: The titles of the newsletter's issues, in turn.
ISSUES = ["Autumn reading", "Winter reading", "Spring reading", "Summer reading"]
LOGIN = "admin@example.com"
NEWSLETTER = "news"
#: The size of the history: large enough for rates of single mailings (reports.rates.ENOUGH).
CONTACTS, EVENTS, DAYS, SEED = 640, 420, 90, 1


def fill() -> None:
    """Makes the categories and the superuser, where they are missing."""
    group, _ = CategoryGroup.objects.get_or_create(name=GROUP, defaults={"translations": TEXTS[GROUP]})
    for position, (slug, name, description, purpose) in enumerate(CATEGORIES):
        fields = {"name": name, "description": description, "purpose": purpose, "position": position}
        fields |= {"translations": TEXTS[slug], "group": group if slug in {"offers", "events"} else None}
        Category.objects.get_or_create(slug=slug, defaults=fields)
    if not User.objects.filter(email=LOGIN).exists():
        User.objects.create_superuser(LOGIN)


def has_history() -> bool:
    """Whether there are contacts already."""
    return Contact.objects.exists()


def write_history(*, on_progress: history.OnProgress = lambda percent: None) -> history.Written:
    """Writes three months of history; call it only without has_history."""
    plan = history.Plan(CONTACTS, EVENTS, DAYS, titles={NEWSLETTER: ISSUES})
    return history.write(plan, seed=SEED, now=timezone.now(), on_progress=on_progress)


def addresses() -> list[str]:
    """The newsletter's list, contacts.csv."""
    with (_HERE / "contacts.csv").open("rb") as file:
        return [row.address for row in open_table(file)]


def speak_to_everybody() -> None:
    """Gives each contact of the list a language of their own, so that pages and confirmations show all of them."""
    with (_HERE / "contacts.csv").open() as file:
        languages = {normalise(row["Email Address"]).digest: row["Language"] for row in csv.DictReader(file)}
    for digest, known in actions.learn(map(normalise, addresses()), now=timezone.now()).items():
        actions.choose_language(known.contact_id, languages[digest])


def send_first() -> int:
    """Sends the first mailing if none was sent yet. Returns how many emails went out."""
    # Only the guarded backend sets sent_at; the history does not use it.
    if LastSent.objects.filter(sent_at__isnull=False).exists():
        return 0
    speak_to_everybody()
    return len([one for one in send_next() if one.verdict.may_send])


def send_next() -> Sequence[AudienceEntry]:
    """Sends the next issue of the newsletter to all the gate lets through. Returns the entry of every address.

    Raises RetiredCategory, because visitors may retire the category in the admin.
    """
    category = Category.objects.get(slug=NEWSLETTER)
    purpose_of(category, None)
    name = history.numbered(ISSUES, Campaign.objects.filter(category=category).count() + 1)
    campaign = Campaign.objects.create(category=category, name=name, created_at=timezone.now())
    entries = audience.ask(addresses(), Mailing(category, campaign=campaign), now=timezone.now())
    get_connection().send_messages([_newsletter(entry, category, campaign) for entry in entries])
    return entries


def _newsletter(entry: AudienceEntry, category: Category, campaign: Campaign) -> EmailMultiAlternatives:
    """The email for one address, made also for those who may not be sent to: the guarded backend refuses these."""
    assert entry.verdict.address  # noqa: S101  (the addresses are our own)
    context = {"entry": entry, "title": campaign.name.partition(",")[0]}
    declared = {headers.CATEGORY: category.slug, headers.CAMPAIGN: campaign.name}
    text = render_to_string("prefcenter/demo/newsletter.txt", context)
    mail = EmailMultiAlternatives(campaign.name, text, to=[entry.verdict.address.value], headers=declared)
    html = render_to_string("prefcenter/demo/newsletter.html", context)
    mail.attach_alternative(transform(html, allow_network=False, disable_validation=True), "text/html")
    return mail
