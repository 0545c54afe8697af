"""May these addresses be written to? It gathers the facts in two queries and asks the rules; it changes nothing.

No answer means no send: when the database does not answer, the error reaches whoever wanted to send.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db.models import FilteredRelation, Q, QuerySet
from django.utils import timezone

from . import rules
from .addresses import Normalised, normalise
from .choices import Answer, Channel, Frequency, PreferenceState, Purpose, SuppressionReason
from .errors import ContradictoryPurpose, InvalidAddress
from .models import Address, Campaign, Category, LastSent
from .rules import Chosen, Facts, Verdict


class Decision(NamedTuple):
    """The verdict on one address; the ids are None while nobody has learnt the address."""

    address: Normalised | None
    verdict: Verdict
    address_id: int | None = None
    contact_id: int | None = None

    @property
    def may_send(self) -> bool:
        return self.verdict.answer == Answer.SEND


class _Found(NamedTuple):
    address_id: int
    contact_id: int
    facts: Facts


INVALID = Decision(None, Verdict(Answer.INVALID))


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
    local_now = timezone.localtime(now)
    found = _facts(wanted, category=category, channel=channel, purpose=purpose)
    clocks = _clocks(found.values(), category=category, channel=channel, campaign=campaign, today=local_now.date())
    stranger = Facts(purpose=purpose, needs_opt_in=bool(category and category.needs_opt_in))
    decisions = []
    for address in wanted:
        if address is None:
            decisions.append(INVALID)
        elif one := found.get(address.digest):
            facts = one.facts._replace(last_sent_on=clocks.get(one.contact_id))
            verdict = rules.may_send(facts, now=local_now)
            decisions.append(Decision(address, verdict, one.address_id, one.contact_id))
        else:
            decisions.append(Decision(address, rules.may_send(stranger, now=local_now)))
    return decisions


def purpose_of(category: Category | None, declared: Purpose | None) -> Purpose:
    """What was declared, else what the category is for; marketing where nobody said anything (design law 7).

    Raises ContradictoryPurpose for a message that is of a marketing category and calls itself transactional.
    """
    if category and category.purpose == Purpose.MARKETING and declared == Purpose.TRANSACTIONAL:
        raise ContradictoryPurpose
    return declared or (Purpose(category.purpose) if category else Purpose.MARKETING)


def _normalised(text: str, channel: Channel) -> Normalised | None:
    try:
        return normalise(text, channel=channel)
    except InvalidAddress:
        return None


def _facts(
    wanted: Sequence[Normalised | None], *, category: Category | None, channel: Channel, purpose: Purpose
) -> dict[bytes, _Found]:
    digests = list({one.digest for one in wanted if one})
    found: dict[bytes, _Found] = {}
    for digest, address_id, contact_id, paused_until, only_chosen, state, *chosen, reason in _rows(
        digests, category=category, channel=channel
    ):
        earlier = found.get(bytes(digest))
        suppressed = earlier.facts.suppressed if earlier else frozenset()
        facts = Facts(
            purpose=purpose,
            suppressed=suppressed | {SuppressionReason(reason)} if reason else suppressed,
            chosen=_chosen(state, *chosen),
            needs_opt_in=only_chosen or bool(category and category.needs_opt_in),
            contact_paused_until=paused_until,
        )
        found[bytes(digest)] = _Found(address_id, contact_id, facts)
    return found


def _rows(digests: Sequence[bytes], *, category: Category | None, channel: Channel) -> QuerySet[Address, tuple]:
    """One row per address, or one per block where there are several."""
    # A message that names no category could be of any kind they have left, so each of their no's counts.
    of_this_kind = (
        Q(contact__preferences__category=category.pk)
        if category
        else Q(contact__preferences__state=PreferenceState.UNSUBSCRIBED)
    )
    preference = Q(contact__preferences__channel=channel) & of_this_kind
    return (
        Address.objects.filter(channel=channel, digest__any_of=digests)
        .annotate(
            preference=FilteredRelation("contact__preferences", condition=preference),
            block=FilteredRelation("suppressions", condition=Q(suppressions__lifted_at=None)),
        )
        .values_list(
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
    )


def _chosen(state: str | None, frequency: str | None, paused_until: date | None) -> Chosen:
    if state is None or frequency is None:
        return Chosen()
    return Chosen(PreferenceState(state), Frequency(frequency), paused_until)


def _clocks(
    found: Iterable[_Found],
    *,
    category: Category | None,
    channel: Channel,
    campaign: Campaign | None,
    today: date,
) -> dict[int, date]:
    """When each contact who chose a frequency was last written to; the others need no clock."""
    contact_ids = [one.contact_id for one in found if one.facts.chosen.frequency != Frequency.AS_SENT]
    if not contact_ids or category is None:
        return {}
    clocks = LastSent.objects.filter(contact_id__any_of=contact_ids, category=category, channel=channel)
    if campaign:
        clocks = clocks.exclude(campaign=campaign, sent_on=today)
    return dict(clocks.values_list("contact_id", "sent_on"))
