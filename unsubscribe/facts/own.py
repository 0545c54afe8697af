"""The facts about addresses that the rules ask for: one query, and a second one where somebody chose a frequency."""

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
    """One campaign as a contact's clock knows it (models.LastSent); rows older than `began_at` have only the day."""

    on: date | None
    began_at: datetime | None
    sent_at: datetime | None

    def ends_at(self) -> datetime:
        """Until when it is the same mailing."""
        first = datetime.combine(self.on or date.min, time.min, timezone.get_current_timezone())
        return (self.began_at or first) + CAMPAIGN_RUNS


class Clock(NamedTuple):
    """A row of models.LastSent."""

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
        if campaign_id is None:
            return None
        if campaign_id == self.campaign_id:
            return Run(self.sent_on, self.began_at, self.sent_at)
        if campaign_id == self.earlier_campaign_id:
            return Run(self.earlier_on, self.earlier_began_at, self.earlier_sent_at)
        kept = other_campaigns(self.others).get(campaign_id)
        return Run(None, *kept) if kept else None

    def last_on(self) -> date:
        return max(self.sent_on, self.earlier_on or self.sent_on)


class FoundFacts(NamedTuple):
    """The ids of an address that is known and of its contact, and what the rules ask about it."""

    address_id: int
    contact_id: int
    facts: Facts


def facts_about(
    addresses: QuerySet[Address], mailing: Mailing, *, now: datetime, most: int | None = None
) -> dict[bytes, FoundFacts]:
    """What holds for each of these addresses for this mailing, by digest, as of `now` (aware).

    With `most` the rows are streamed and reading stops at one more than that: a longer answer is not complete, and its
    clocks are not read.
    """
    rows = _rows(addresses, mailing)
    stretches = rows if most is None else rows.iterator(chunk_size=5000)
    found = _read(stretches, mailing, most=most)
    if most is None or len(found) <= most:
        _wind_clocks(found, mailing, now=now)
    return found


def of_strangers(mailing: Mailing) -> Facts:
    """What holds for an address that is not known."""
    return Facts(purpose=mailing.purpose, needs_opt_in=mailing.needs_opt_in)


def who_said_something(category: Category | None, channel: Channel) -> QuerySet[Address]:
    """Everybody about whom there is any fact that `_rows` could read: the rest are as good as strangers."""
    chosen = Preference.objects.filter(_of_this_kind(category, channel)).values("contact_id")
    contacts = Contact.objects.filter(Q(only_chosen=True) | Q(paused_until__isnull=False)).values("id")
    blocked = Suppression.objects.filter(lifted_at=None).values("address_id")
    return Address.objects.filter(
        Q(contact_id__in=chosen) | Q(contact_id__in=contacts) | Q(id__in=blocked), channel=channel
    )


def _read(rows: Iterable[tuple[Any, ...]], mailing: Mailing, *, most: int | None) -> dict[bytes, FoundFacts]:
    purpose, needs_opt_in = mailing.purpose, mailing.needs_opt_in

    @cache  # a few are shared by all
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
    """The preferences that count. A message that names no category could be of any kind they have left, so each of
    their no's counts."""
    on_channel = Q((f"{prefix}channel", channel))
    if category is None:
        return on_channel & Q((f"{prefix}state", PreferenceState.UNSUBSCRIBED))
    return on_channel & Q((f"{prefix}category", category.pk))


def _rows(addresses: QuerySet[Address], mailing: Mailing) -> QuerySet[Address, tuple[Any, ...]]:
    """One row per address, or one per block where there are several."""
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
    """Adds when each contact who chose a frequency was last written to; the others need no clock."""
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
    """The day of the latest message that counts, and the day on which whoever has had this campaign may get it again.

    While the campaign asked about runs, only what was there before it counts: it is answered as it was at first. With
    `once` all count for whom our own backend sent it to, and it runs for them from then on: it may have been recorded
    long before.
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
