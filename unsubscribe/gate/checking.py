"""The verdicts on some addresses, in a number of queries that does not grow with them (law 2)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import NamedTuple

from django.utils import timezone

from .. import rules
from ..addresses import Normalised, normalise
from ..choices import Channel, Outcome, Purpose
from ..errors import InvalidAddress
from ..facts import covering, own
from ..facts.own import FoundFacts
from ..mailing import Mailing
from ..models import Address
from ..rules import Facts, Rule, Verdict

#: The next and the last day, as a Verdict has them.
Pace = tuple[date | None, date | None]
_INVALID = Verdict(Outcome.INVALID, Rule.INVALID)


class GatheredFacts(NamedTuple):
    """The facts about some addresses for one mailing.

    wanted:    the addresses in their order; None for a text that is not an address
    found:     by digest, the facts about each that is known
    covered:   by digest, the facts about those that noes of others cover, with these noes
    strangers: the facts about all others
    """

    wanted: Sequence[Normalised | None]
    found: Mapping[bytes, FoundFacts]
    covered: Mapping[bytes, Facts]
    strangers: Facts

    def about(self, digest: bytes) -> Facts:
        """All facts about one of the addresses, for the rules."""
        if facts := self.covered.get(digest):
            return facts
        one = self.found.get(digest)
        return one.facts if one else self.strangers


def check(addresses: Iterable[str], mailing: Mailing, *, now: datetime) -> list[Verdict]:
    """One verdict for each address, in their order.

    addresses: in any spelling; a text that is not an address of the mailing's channel gets Outcome.INVALID, and an
               unknown address is decided by the category's default
    now:       aware

    Writes nothing. An error of the database is raised: no answer means no send (law 7).
    """
    return verdicts(gather(addresses, mailing, now=now), mailing, now=now)


def gather(addresses: Iterable[str], mailing: Mailing, *, now: datetime) -> GatheredFacts:
    """The facts that `check` decides by; parameters as of `check`."""
    wanted = [_normalised(text, mailing.channel) for text in addresses]
    digests = list({one.digest for one in wanted if one})
    known = Address.objects.filter(channel=mailing.channel, digest__any_of=digests)
    found = own.facts_about(known, mailing, now=now)
    strangers = own.of_strangers(mailing)
    covered = _covered([one for one in wanted if one], found, strangers, mailing)
    return GatheredFacts(wanted, found, covered, strangers)


def verdicts(gathered: GatheredFacts, mailing: Mailing, *, now: datetime) -> list[Verdict]:
    """The verdicts by facts that were gathered for the same mailing, in the order of its addresses."""
    ruling, pace = ruling_at(now), pace_of(mailing, now)
    judged = cache(lambda facts: (*ruling(facts)[:3], *pace(facts)))
    said = []
    for address in gathered.wanted:
        if address is None:
            said.append(_INVALID)
        else:
            one = gathered.found.get(address.digest)
            ids = (one.address_id, one.contact_id) if one else ()
            said.append(Verdict(*judged(gathered.about(address.digest)), address, *ids))
    return said


def ruling_at(now: datetime) -> Callable[[Facts], Verdict]:
    """rules.may_send at this moment (aware), cached by facts."""
    local_now = timezone.localtime(now)
    return cache(lambda facts: rules.may_send(facts, now=local_now))


def pace_of(mailing: Mailing, now: datetime) -> Callable[[Facts], Pace]:
    """Verdict.next_day and last_day by facts; both None unless it is marketing of a category, as a frequency holds for
    that alone."""
    today = timezone.localtime(now).date()

    @cache
    def pace(facts: Facts) -> Pace:
        if mailing.category is None or mailing.purpose != Purpose.MARKETING:
            return None, None
        frequency = facts.chosen.frequency
        return rules.next_sending_day(frequency, today), rules.last_day_before(frequency, today)

    return pace


def _covered(
    wanted: Sequence[Normalised], found: Mapping[bytes, FoundFacts], strangers: Facts, mailing: Mailing
) -> dict[bytes, Facts]:
    """GatheredFacts.covered, for addresses that are one."""
    category, category_id = mailing.category, mailing.category_id
    covers = covering.covers((one.value for one in wanted), channel=mailing.channel, category=category)
    theirs = {one.digest: cover for one in wanted if (cover := covers.of(one.value))} if covers else {}
    known = {digest: found[digest] for digest in theirs if digest in found}
    yes = covering.own_yes([one.address_id for one in known.values()], category) if category else {}
    facts = {}
    for digest, cover in theirs.items():
        one = known.get(digest)
        yes_at = yes.get((one.address_id, category_id)) if one and category_id else None
        facts[digest] = cover.over(one.facts if one else strangers, category_id=category_id, yes_at=yes_at)
    return facts


def _normalised(text: str, channel: Channel) -> Normalised | None:
    try:
        return normalise(text, channel=channel)
    except InvalidAddress:
        return None
