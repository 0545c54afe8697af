"""manage.py why: whether an address may be written to, and by which facts (unsubscribe.gate.explain)."""

from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseFailure
from django.utils import timezone

from prefcenter.management import command_errors
from unsubscribe import gate
from unsubscribe.choices import Channel, Frequency, PreferenceState, Source
from unsubscribe.gate.explanation import (
    DefaultFact,
    Explanation,
    Fact,
    FrequencyFact,
    PauseFact,
    PreferenceFact,
    SuppressionFact,
)
from unsubscribe.mailing import Mailing
from unsubscribe.models import Campaign, Category
from unsubscribe.rules import Rule

_RULES = {
    Rule.INVALID: "This is not a valid address.",
    Rule.TRANSACTIONAL: "A transactional message: only a suppression for every message would hold it back.",
}
_RETIRED = "{}: retired. Nothing is sent in this category any more."


class Command(BaseCommand):
    help = (
        "Says whether an address may be written to now, and why, or why not: one line for each category, or for the "
        "one you name. It changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address", help="an email address, or with --channel one of another channel")
        parser.add_argument("--category", default="", help="the slug of one category; without it, each of them")
        parser.add_argument("--channel", default=Channel.EMAIL.value, choices=Channel.values)
        parser.add_argument("--campaign", default="", help="the name of a mailing of this category; needs --category")

    def handle(self, *args: Any, **options: Any) -> None:
        now, channel = timezone.now(), Channel(options["channel"])
        if options["campaign"] and not options["category"]:
            raise CommandError("Please name the category of the campaign (--category SLUG).")
        try:
            categories = [_category(options["category"])] if options["category"] else _categories()
            for category in categories:
                if category.retired_at:
                    self.stdout.write(_RETIRED.format(category.slug))
                    continue
                campaign = _campaign(options["campaign"], category) if options["campaign"] else None
                mailing = Mailing(category, channel=channel, campaign=campaign)
                found = gate.explain(options["address"], mailing, now=now)
                self.stdout.write(f"{category.slug}: {' '.join(_sentences(found))}")
        except DatabaseFailure as error:
            raise command_errors.database_away(error) from error


def _categories() -> list[Category]:
    if found := list(Category.objects.order_by("slug")):
        return found
    raise CommandError("There is no category yet. Make one in the admin.")


def _category(slug: str) -> Category:
    if found := Category.objects.filter(slug=slug).first():
        return found
    known = ", ".join(Category.objects.order_by("slug").values_list("slug", flat=True)) or "none yet"
    raise CommandError(f"There is no category '{slug}'. Known are: {known}.")


def _campaign(name: str, category: Category) -> Campaign:
    if found := Campaign.objects.filter(category=category, name=name.strip()).first():
        return found
    raise CommandError(f"There is no campaign '{name}' of '{category.slug}' yet: leave it out, or use the name it has.")


def _sentences(found: Explanation) -> Iterator[str]:
    """The outcome, and each fact in a sentence of its own."""
    outcome, rule, until, *_ = found.verdict
    yield f"{outcome.value} until {until}." if until else f"{outcome.value}."
    if rule in _RULES:
        yield _RULES[rule]
    for fact in found.facts:
        yield _sentence(fact)


def _sentence(fact: Fact) -> str:
    match fact:
        case SuppressionFact():
            return _suppression(fact)
        case PreferenceFact():
            return _preference(fact)
        case DefaultFact():
            return _default(fact)
        case PauseFact():
            what = f"“{fact.category}” is" if fact.category else "Everything is"
            return f"{what} paused until {fact.until}{_asked(fact.since, fact.source)}."
        case FrequencyFact():
            return _frequency(fact)


def _suppression(fact: SuppressionFact) -> str:
    label = fact.reason.label
    whose = f"The whole domain {fact.domain} is suppressed ({label})" if fact.domain else f"Suppressed ({label})"
    campaign = f", from the campaign “{fact.campaign}”" if fact.campaign else ""
    return f"{whose}{_since(fact.since, fact.source, fact.import_id)}{campaign}{_said_by(fact)}."


def _preference(fact: PreferenceFact) -> str:
    what = "Subscribed to" if fact.state == PreferenceState.SUBSCRIBED else "Unsubscribed from"
    said = f"{what} “{fact.category}”{_since(fact.since, fact.source, fact.import_id)}{_said_by(fact)}."
    if fact.is_beside:
        said += " That yes was given for another address. This one was joined to it, which is still to be agreed to."
    return said


def _said_by(fact: SuppressionFact | PreferenceFact) -> str:
    if fact.said_by is None:
        return ""
    whose = (
        "another spelling of the same Gmail mailbox" if fact.is_same_mailbox else "another of the contact's addresses"
    )
    return f", said by {whose} (address {fact.said_by})"


def _default(fact: DefaultFact) -> str:
    if fact.said_by is not None:
        return (
            "Another spelling of the same Gmail mailbox "
            f"(address {fact.said_by}) said no to everything and came back to other categories only."
        )
    who = "Nothing was chosen" if fact.is_known else "No contact has this address"
    if fact.only_chosen:
        return f"{who}, and the contact, who had said no to everything, came back to what they chose by name only."
    if fact.needs_opt_in:
        return f"{who}, and the category needs opt-in."
    return f"{who}, and the category needs no opt-in."


def _frequency(fact: FrequencyFact) -> str:
    wanted = f"{Frequency(fact.frequency).label}{_asked(fact.since, fact.source)}"
    if fact.last_sent_on is None:
        return f"{wanted}; no message counts against it."
    had = f"; they had this very campaign, and may have it again from {fact.had_until}" if fact.had_until else ""
    return f"{wanted}; the last message that counts went out on {fact.last_sent_on}{had}."


def _since(since: datetime, source: Source | None, import_id: int | None) -> str:
    how = [f"source {source.value}"] if source else []
    how += [f"import {import_id}"] if import_id is not None else []
    return f" since {', '.join([_at(since), *how])}"


def _asked(since: datetime | None, source: Source | None) -> str:
    return f" (asked for on {_at(since)}, source {source.value})" if since and source else ""


def _at(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"
