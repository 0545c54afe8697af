"""May these addresses be written to? It gathers the facts in two queries and asks the rules; it changes nothing.

Of a set it gathers the facts about each; for a file of any length, the facts about whoever has something to say.

No answer means no send: when the database does not answer, the error reaches whoever wanted to send.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

from django.db.models import FilteredRelation, Q, QuerySet
from django.utils import timezone

from . import rules
from .addresses import Normalised, normalise
from .choices import Answer, Channel, Frequency, PreferenceState, Purpose, SuppressionReason
from .errors import ContradictoryPurpose, InvalidAddress, RetiredCategory
from .models import Address, Campaign, Category, Contact, LastSent, Preference, Suppression
from .rules import Chosen, Facts, Verdict


class Decision(NamedTuple):
    """The verdict on one address; the ids are None while nobody has learnt the address.

    `next_day`: once this is sent, the first day on which the contact's frequency allows another; None is "any day".
    """

    address: Normalised | None
    verdict: Verdict
    address_id: int | None = None
    contact_id: int | None = None
    next_day: date | None = None

    @property
    def may_send(self) -> bool:
        return self.verdict.answer == Answer.SEND


class Verdicts(NamedTuple):
    """The verdict on everybody at one moment, by the digest of the address. Whoever is not named gets `others`.

    `shared`: of the addresses that may be written to, those whose contact chose a frequency and has several of them.
    Once one is written to, the day on which that contact may be again.
    """

    named: dict[bytes, Verdict]
    others: Verdict
    shared: dict[bytes, tuple[int, date]]


class _Found(NamedTuple):
    address_id: int
    contact_id: int
    facts: Facts


_SEND = Verdict(Answer.SEND)
INVALID = Decision(None, Verdict(Answer.INVALID))
#: Of so many people a file's worth of verdicts is held in memory: 50 MB, about.
MOST = 250_000


def check(
    addresses: Iterable[str],
    *,
    category: Category | None,
    channel: Channel = Channel.EMAIL,
    purpose: Purpose | None = None,
    campaign: Campaign | None = None,
    now: datetime,
) -> list[Decision]:
    """One decision for each address, in their order, whatever their number in the same two queries.

    Without a category the message is marketing of no named kind, unless `purpose` declares it transactional.
    A message of the `campaign` that was recorded today is not too soon for itself: that is how a mailing that
    was asked about, recorded and then sent through the guarded backend passes the gate a second time.
    """
    wanted = [_normalised(text, channel) for text in addresses]
    purpose = purpose_of(category, purpose)
    known = Address.objects.filter(channel=channel, digest__any_of=list({one.digest for one in wanted if one}))
    found = _facts(_rows(known, category=category, channel=channel), category=category, purpose=purpose)
    _wind_clocks(found, category=category, channel=channel, campaign=campaign, now=now)
    verdict, next_day = _judge(now), _next_day(category, now)
    stranger = verdict(_of_strangers(category, purpose))
    decisions = []
    for address in wanted:
        if address is None:
            decisions.append(INVALID)
        elif one := found.get(address.digest):
            decisions.append(Decision(address, verdict(one.facts), one.address_id, one.contact_id, next_day(one.facts)))
        else:
            decisions.append(Decision(address, stranger))
    return decisions


def everybody(
    *,
    category: Category | None,
    channel: Channel = Channel.EMAIL,
    purpose: Purpose | None = None,
    campaign: Campaign | None = None,
    now: datetime,
    most: int = MOST,
) -> Verdicts | None:
    """The same for everybody at once, known or not; None if more than `most` people have something to say."""
    purpose = purpose_of(category, purpose)
    outspoken = _rows(_who_said_something(category, channel), category=category, channel=channel)
    found = _facts(outspoken.iterator(chunk_size=5000), category=category, purpose=purpose, most=most)
    if len(found) > most:
        return None
    _wind_clocks(found, category=category, channel=channel, campaign=campaign, now=now)
    verdict = _judge(now)
    others = verdict(_of_strangers(category, purpose))
    judged = ((digest, verdict(one.facts)) for digest, one in found.items())
    named = {digest: one for digest, one in judged if one != others}
    shared = _shared(found, _next_day(category, now), may_send=lambda facts: verdict(facts) == _SEND)
    return Verdicts(named, others, shared)


def _shared(
    found: dict[bytes, _Found], next_day: Callable[[Facts], date | None], *, may_send: Callable[[Facts], bool]
) -> dict[bytes, tuple[int, date]]:
    paced = {
        digest: (one.contact_id, day)
        for digest, one in found.items()
        if (day := next_day(one.facts)) and may_send(one.facts)
    }
    many = Counter(contact_id for contact_id, _ in paced.values())
    return {digest: one for digest, one in paced.items() if many[one[0]] > 1}


def purpose_of(category: Category | None, declared: Purpose | None) -> Purpose:
    """What was declared, else what the category is for; marketing where nobody said anything (design law 7).

    Raises ContradictoryPurpose for a message that is of a marketing category and calls itself transactional, and
    RetiredCategory for any message of a category in which nothing is sent any more.
    """
    if category and category.retired_at:
        raise RetiredCategory
    if category and category.purpose == Purpose.MARKETING and declared == Purpose.TRANSACTIONAL:
        raise ContradictoryPurpose
    return declared or (Purpose(category.purpose) if category else Purpose.MARKETING)


def _normalised(text: str, channel: Channel) -> Normalised | None:
    try:
        return normalise(text, channel=channel)
    except InvalidAddress:
        return None


def _judge(now: datetime) -> Callable[[Facts], Verdict]:
    """The rules at this moment; what they said of the same facts they need not be asked again."""
    local_now = timezone.localtime(now)
    return cache(lambda facts: rules.may_send(facts, now=local_now))


def _next_day(category: Category | None, now: datetime) -> Callable[[Facts], date | None]:
    """A frequency was chosen of one category, and holds for marketing only."""
    today = timezone.localtime(now).date()

    @cache
    def next_day(facts: Facts) -> date | None:
        is_paced = category is not None and facts.purpose == Purpose.MARKETING
        return rules.next_sending_day(facts.chosen.frequency, today) if is_paced else None

    return next_day


def _of_strangers(category: Category | None, purpose: Purpose) -> Facts:
    return Facts(purpose=purpose, needs_opt_in=bool(category and category.needs_opt_in))


def _facts(
    rows: Iterable[tuple], *, category: Category | None, purpose: Purpose, most: int | None = None
) -> dict[bytes, _Found]:
    """By digest; no further than one beyond `most`."""
    needs_opt_in = bool(category and category.needs_opt_in)

    @cache  # a few are shared by all
    def facts(*said: Any) -> Facts:
        paused_until, only_chosen, state, frequency, category_paused_until, reason = said
        chosen = Chosen(PreferenceState(state), Frequency(frequency), category_paused_until) if state else Chosen()
        return Facts(
            purpose=purpose,
            suppressed=frozenset({SuppressionReason(reason)} if reason else ()),
            chosen=chosen,
            needs_opt_in=only_chosen or needs_opt_in,
            contact_paused_until=paused_until,
        )

    found: dict[bytes, _Found] = {}
    for digest, address_id, contact_id, *said in rows:
        one = facts(*said)
        if earlier := found.get(bytes(digest)):
            one = one._replace(suppressed=one.suppressed | earlier.facts.suppressed)
        found[bytes(digest)] = _Found(address_id, contact_id, one)
        if most is not None and len(found) > most:
            break
    return found


def _who_said_something(category: Category | None, channel: Channel) -> QuerySet[Address]:
    """Everybody about whom there is any fact that `_rows` could read: the rest are as good as strangers."""
    chosen = Preference.objects.filter(_of_this_kind(category, channel)).values("contact_id")
    contacts = Contact.objects.filter(Q(only_chosen=True) | Q(paused_until__isnull=False)).values("id")
    blocked = Suppression.objects.filter(lifted_at=None).values("address_id")
    return Address.objects.filter(
        Q(contact_id__in=chosen) | Q(contact_id__in=contacts) | Q(id__in=blocked), channel=channel
    )


def _of_this_kind(category: Category | None, channel: Channel, *, prefix: str = "") -> Q:
    """The preferences that count. A message that names no category could be of any kind they have left, so each of
    their no's counts."""
    on_channel = Q((f"{prefix}channel", channel))
    if category is None:
        return on_channel & Q((f"{prefix}state", PreferenceState.UNSUBSCRIBED))
    return on_channel & Q((f"{prefix}category", category.pk))


def _rows(addresses: QuerySet[Address], *, category: Category | None, channel: Channel) -> QuerySet[Address, tuple]:
    """One row per address, or one per block where there are several."""
    preference = _of_this_kind(category, channel, prefix="contact__preferences__")
    return addresses.annotate(
        preference=FilteredRelation("contact__preferences", condition=preference),
        block=FilteredRelation("suppressions", condition=Q(suppressions__lifted_at=None)),
    ).values_list(
        "digest",
        "id",
        "contact_id",
        "contact__paused_until",
        "contact__only_chosen",
        "preference__state",
        "preference__frequency",
        "preference__paused_until",
        "block__reason",
    )


def _wind_clocks(
    found: dict[bytes, _Found],
    *,
    category: Category | None,
    channel: Channel,
    campaign: Campaign | None,
    now: datetime,
) -> None:
    """Adds when each contact who chose a frequency was last written to; the others need no clock."""
    clocked = {digest: one for digest, one in found.items() if one.facts.chosen.frequency != Frequency.AS_SENT}
    if not clocked or category is None:
        return
    contact_ids = [one.contact_id for one in clocked.values()]
    clocks = LastSent.objects.filter(contact_id__any_of=contact_ids, category=category, channel=channel)
    if campaign:
        clocks = clocks.exclude(campaign=campaign, sent_on=timezone.localtime(now).date())
    last_sent_on = dict(clocks.values_list("contact_id", "sent_on"))
    for digest, one in clocked.items():
        facts = one.facts._replace(last_sent_on=last_sent_on.get(one.contact_id))
        found[digest] = one._replace(facts=facts)
