"""The facts about addresses themselves, for the rules: one query, and a second one for contacts with a frequency."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any, NamedTuple

from django.db.models import FilteredRelation, Q, QuerySet
from django.utils import timezone

from .. import rules
from ..choices import Channel, Frequency, PreferenceState, SuppressionReason
from ..mailing import Mailing
from ..models import Address, Category, Contact, LastSent, Preference, Suppression, other_campaigns
from ..rules import CAMPAIGN_RUNS, Chosen, Facts


class Run(NamedTuple):
    """One campaign in a contact's frequency clock (models.LastSent); rows older than `began_at` have only the day."""

    on: date | None
    began_at: datetime | None
    sent_at: datetime | None

    def ends_at(self) -> datetime:
        """Until when it counts as one mailing (rules.CAMPAIGN_RUNS); aware."""
        first = datetime.combine(self.on or date.min, time.min, timezone.get_current_timezone())
        return (self.began_at or first) + CAMPAIGN_RUNS


class Clock(NamedTuple):
    """The columns of models.LastSent that are read here."""

    sent_on: date
    campaign_id: int | None
    began_at: datetime | None
    sent_at: datetime | None
    earlier_on: date | None
    earlier_campaign_id: int | None
    earlier_began_at: datetime | None
    earlier_sent_at: datetime | None
    others: dict[str, list[str | None]] | None
    before_on: date | None

    def run(self, campaign_id: int | None) -> Run | None:
        """This campaign in the clock; None if it was not recorded, or is no longer kept."""
        if campaign_id is None:
            return None
        if campaign_id == self.campaign_id:
            return Run(self.sent_on, self.began_at, self.sent_at)
        if campaign_id == self.earlier_campaign_id:
            return Run(self.earlier_on, self.earlier_began_at, self.earlier_sent_at)
        kept = other_campaigns(self.others).get(campaign_id)
        return Run(None, *kept) if kept else None

    def last_on(self) -> date:
        """The day of the latest message."""
        return max(self.sent_on, self.earlier_on or self.sent_on)


class FoundFacts(NamedTuple):
    """The ids of a known address and its contact, and the facts about it."""

    address_id: int
    contact_id: int
    facts: Facts


def facts_about(
    addresses: QuerySet[Address], mailing: Mailing, *, now: datetime, most: int | None = None
) -> dict[bytes, FoundFacts]:
    """The facts about each of these addresses for this mailing, by digest. Noes that cover them: facts.covering.

    now:  aware
    most: the rows are streamed and reading stops at one more than this; an answer that long is incomplete, and its
          clocks were not read
    """
    rows = _rows(addresses, mailing)
    stretches = rows if most is None else rows.iterator(chunk_size=5000)
    found = _read(stretches, mailing, most=most)
    if most is None or len(found) <= most:
        _wind_clocks(found, mailing, now=now)
    return found


def of_strangers(mailing: Mailing) -> Facts:
    """The facts about an address that is not known."""
    return Facts(purpose=mailing.purpose, needs_opt_in=mailing.needs_opt_in)


def who_said_something(category: Category | None, channel: Channel) -> QuerySet[Address]:
    """The addresses about which `_rows` may read a fact: to all others of_strangers applies."""
    chosen = Preference.objects.filter(_of_this_kind(category, channel)).values("contact_id")
    contacts = Contact.objects.filter(Q(only_chosen=True) | Q(paused_until__isnull=False)).values("id")
    blocked = Suppression.objects.filter(lifted_at=None).values("address_id")
    return Address.objects.filter(
        Q(contact_id__in=chosen) | Q(contact_id__in=contacts) | Q(id__in=blocked), channel=channel
    )


def _read(rows: Iterable[tuple[Any, ...]], mailing: Mailing, *, most: int | None) -> dict[bytes, FoundFacts]:
    purpose, needs_opt_in = mailing.purpose, mailing.needs_opt_in

    @cache  # most addresses share a few
    def facts(*said: Any) -> Facts:
        is_beside, paused_until, only_chosen, state, frequency, category_paused_until, reason = said
        state = rules.state_beside(state) if is_beside and state else state
        chosen = Chosen(PreferenceState(state), Frequency(frequency), category_paused_until) if state else Chosen()
        return Facts(
            purpose=purpose,
            suppressed=frozenset({SuppressionReason(reason)} if reason else ()),
            chosen=chosen,
            needs_opt_in=only_chosen or needs_opt_in,
            contact_paused_until=paused_until,
        )

    found: dict[bytes, FoundFacts] = {}
    for digest, address_id, contact_id, *said in rows:
        one = facts(*said)
        if earlier := found.get(bytes(digest)):
            one = one._replace(suppressed=one.suppressed | earlier.facts.suppressed)
        found[bytes(digest)] = FoundFacts(address_id, contact_id, one)
        if most is not None and len(found) > most:
            break
    return found


def _of_this_kind(category: Category | None, channel: Channel, *, prefix: str = "") -> Q:
    """The preferences that count: those of the category; for a message without one, each that is unsubscribed, because
    it could be of any category."""
    on_channel = Q((f"{prefix}channel", channel))
    if category is None:
        return on_channel & Q((f"{prefix}state", PreferenceState.UNSUBSCRIBED))
    return on_channel & Q((f"{prefix}category", category.pk))


def _rows(addresses: QuerySet[Address], mailing: Mailing) -> QuerySet[Address, tuple[Any, ...]]:
    """One row for each address, or one for each of its suppressions where it has several."""
    preference = _of_this_kind(mailing.category, mailing.channel, prefix="contact__preferences__")
    return addresses.annotate(
        preference=FilteredRelation("contact__preferences", condition=preference),
        block=FilteredRelation("suppressions", condition=Q(suppressions__lifted_at=None)),
    ).values_list(
        "digest",
        "id",
        "contact_id",
        "is_beside",
        "contact__paused_until",
        "contact__only_chosen",
        "preference__state",
        "preference__frequency",
        "preference__paused_until",
        "block__reason",
    )


def _wind_clocks(found: dict[bytes, FoundFacts], mailing: Mailing, *, now: datetime) -> None:
    """Adds last_sent_on and had_until for contacts who chose a frequency."""
    clocked = {digest: one for digest, one in found.items() if one.facts.chosen.frequency != Frequency.AS_SENT}
    if not clocked or mailing.category is None:
        return
    contact_ids = [one.contact_id for one in clocked.values()]
    clocks = LastSent.objects.filter(contact_id__any_of=contact_ids, category=mailing.category, channel=mailing.channel)
    rows = clocks.values_list("contact_id", *Clock._fields)
    sent = {id_: _last_sent(Clock(*row), mailing, now=now) for id_, *row in rows}
    for digest, one in clocked.items():
        last_sent_on, had_until = sent.get(one.contact_id, (None, None))
        facts = one.facts._replace(last_sent_on=last_sent_on, had_until=had_until)
        found[digest] = one._replace(facts=facts)


def _last_sent(clock: Clock, mailing: Mailing, *, now: datetime) -> tuple[date | None, date | None]:
    """Facts.last_sent_on and Facts.had_until.

    While the mailing's campaign runs, only messages before it count, so that it is answered as it was at first. With
    Mailing.once, if the guarded backend sent it to the contact, all count, and it runs from when that was.
    """
    own = mailing.campaign_id
    run = clock.run(own)
    if run and mailing.once and run.sent_at:
        until = max(run.ends_at(), run.sent_at + CAMPAIGN_RUNS)
        if until > now:
            return clock.last_on(), timezone.localtime(until).date() + timedelta(days=1)
    if run and run.ends_at() > now:
        return clock.before_on if own == clock.campaign_id else None, None
    return clock.last_on(), None
