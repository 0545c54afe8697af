"""May these addresses be written to? It has the facts gathered and asks the rules (law 1); it changes nothing.

Of a set it asks about each; for a file of any length, about whoever has something to say.

No answer means no send: when the database does not answer, the error reaches whoever wanted to send.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import NamedTuple, TypeVar

from django.utils import timezone

from . import rules
from .addresses import Normalised, domains, gmail_digest, normalise
from .choices import Answer, Channel, Purpose
from .errors import ContradictoryPurpose, InvalidAddress, RetiredCategory
from .facts import covering
from .facts import own as gathering
from .facts.covering import Cover, Covers
from .facts.own import FoundFacts
from .models import Address, Campaign, Category
from .rules import Facts, Verdict

K = TypeVar("K")
#: The next and the last day, as a Decision has them.
Pace = tuple[date | None, date | None]
#: Of an address that somebody names, what is still said of it.
Once = Callable[[str], Verdict | None]


class Decision(NamedTuple):
    """The verdict on one address; the ids are None while nobody has learnt the address.

    `next_day`: once this is sent, the first day on which the contact's frequency allows another; None is "any day".
    `last_day`: the last day on which another may have been sent for the frequency to allow this one, likewise.
    """

    address: Normalised | None
    verdict: Verdict
    address_id: int | None = None
    contact_id: int | None = None
    next_day: date | None = None
    last_day: date | None = None

    @property
    def may_send(self) -> bool:
        return self.verdict.answer == Answer.SEND


class Verdicts(NamedTuple):
    """The verdict on everybody at one moment, by the digest of the address. Whoever is not named gets `others`.

    `domains` and `mailboxes` (Gmail's, by their digest): what is said of all addresses there, also of those named and
    not `settled`. So ask `of`, or `cover` for each address as well. `nameless`: who said yes since, and is known by the
    digest alone, is settled once somebody asks with the address.
    `shared`: of the addresses that may be written to, those whose contact chose a frequency and has several of them.
    Once one is written to, the day on which that contact may be again.
    """

    named: dict[bytes, Verdict]
    others: Verdict
    shared: dict[bytes, tuple[int, date]]
    domains: dict[str, Verdict] = {}
    mailboxes: dict[bytes, Verdict] = {}
    settled: frozenset[bytes] = frozenset()
    nameless: Mapping[bytes, Once] = {}

    @property
    def has_covers(self) -> bool:
        return bool(self.domains or self.mailboxes)

    def of(self, address: Normalised) -> Verdict:
        own = self.named.get(address.digest, self.others)
        cover = self.cover(address.value, address.digest)
        return cover if cover and own.answer != Answer.SUPPRESSED else own

    def cover(self, value: str, digest: bytes) -> Verdict | None:
        """What is said of all addresses there, if that counts for this one. Who is suppressed by name stays so."""
        if digest in self.settled:
            return None
        if digest in self.nameless:
            return self.nameless[digest](value)
        found = self.domains.get(domains.of(value))
        if self.mailboxes and (mailbox := gmail_digest(value)):
            found = found or self.mailboxes.get(mailbox)
        return found


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
    once: bool = False,
    now: datetime,
) -> list[Decision]:
    """One decision for each address, in their order, whatever their number in the same few queries.

    Without a category the message is marketing of no named kind, unless `purpose` declares it transactional.
    A `campaign` is not too soon for itself for 48 hours after it was first recorded for a contact, whatever was
    recorded since: that is how a mailing that was asked about, recorded and then sent through the guarded backend
    passes the gate a second time. With `once` it is, for those who chose a frequency and to whom our own backend has
    sent it.
    """
    wanted = [_normalised(text, channel) for text in addresses]
    purpose = purpose_of(category, purpose)
    known = Address.objects.filter(channel=channel, digest__any_of=list({one.digest for one in wanted if one}))
    found = gathering.facts_about(
        known, category=category, channel=channel, purpose=purpose, campaign=campaign, once=once, now=now
    )
    verdict, pace = _judge(now), _pace(category, now)
    strangers = gathering.of_strangers(category, purpose)
    covered = _covered([one for one in wanted if one], found, strangers, category=category, channel=channel)
    decisions = []
    for address in wanted:
        if address is None:
            decisions.append(INVALID)
        elif one := found.get(address.digest):
            facts = covered.get(address.digest, one.facts)
            decisions.append(Decision(address, verdict(facts), one.address_id, one.contact_id, *pace(facts)))
        else:
            decisions.append(Decision(address, verdict(covered.get(address.digest, strangers))))
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
    outspoken = gathering.who_said_something(category, channel)
    found = gathering.facts_about(
        outspoken, category=category, channel=channel, purpose=purpose, campaign=campaign, now=now, most=most
    )
    if len(found) > most:
        return None
    covers = covering.covers(None, channel=channel, category=category)
    verdict = _judge(now)
    settled, nameless = _settle(found, covers, category, verdict)
    others = verdict(gathering.of_strangers(category, purpose))
    judged = ((digest, verdict(one.facts)) for digest, one in found.items())
    named = {digest: one for digest, one in judged if one != others}
    shared = _shared(found, _pace(category, now), may_send=lambda facts: verdict(facts) == _SEND)
    of_all = _of_all(covers, category, purpose, verdict)
    return Verdicts(named, others, shared, *of_all, settled, nameless)


def _covered(
    wanted: Sequence[Normalised],
    found: Mapping[bytes, FoundFacts],
    strangers: Facts,
    *,
    category: Category | None,
    channel: Channel,
) -> dict[bytes, Facts]:
    """The facts about those of whom something was said with others."""
    covers = covering.covers((one.value for one in wanted), channel=channel, category=category)
    theirs = {one.digest: cover for one in wanted if (cover := covers.of(one.value))} if covers else {}
    known = {digest: found[digest] for digest in theirs if digest in found}
    category_id = category.pk if category else None
    yes = covering.own_yes([one.address_id for one in known.values()], category) if category else {}
    facts = {}
    for digest, cover in theirs.items():
        one = known.get(digest)
        yes_at = yes.get((one.address_id, category_id)) if one and category_id else None
        facts[digest] = cover.over(one.facts if one else strangers, category_id=category_id, yes_at=yes_at)
    return facts


def _settle(
    found: dict[bytes, FoundFacts], covers: Covers, category: Category | None, verdict: Callable[[Facts], Verdict]
) -> tuple[frozenset[bytes], dict[bytes, Once]]:
    """Those who said yes themselves since; what still counts of the covers is in their own facts then, or is found out
    when somebody names their address."""
    settled: set[bytes] = set()
    nameless: dict[bytes, Once] = {}
    for digest, cover, yes_at in covering.later_yes(covers, category):
        if not category or not (one := found.get(digest)):
            continue
        if cover is None:
            nameless[digest] = _once_named(covers, one.facts, verdict, category_id=category.pk, yes_at=yes_at)
            continue
        facts = cover.over(one.facts, category_id=category.pk, yes_at=yes_at)
        found[digest] = one._replace(facts=facts)
        settled.add(digest)
    return frozenset(settled), nameless


def _once_named(
    covers: Covers, facts: Facts, verdict: Callable[[Facts], Verdict], *, category_id: int, yes_at: datetime
) -> Once:
    """Says of an address what its covers still mean; None where that is nothing."""

    def of(value: str) -> Verdict | None:
        cover = covers.of(value)
        covered = cover.over(facts, category_id=category_id, yes_at=yes_at) if cover else facts
        return verdict(covered) if covered != facts else None

    return of


def _of_all(
    covers: Covers, category: Category | None, purpose: Purpose, verdict: Callable[[Facts], Verdict]
) -> tuple[dict[str, Verdict], dict[bytes, Verdict]]:
    """The verdicts that covers alone lead to, where that is not to send."""
    category_id = category.pk if category else None
    nothing_else = Facts(purpose=purpose)

    def judged(some: Mapping[K, Cover]) -> dict[K, Verdict]:
        said = (
            (key, verdict(one.over(nothing_else, category_id=category_id, yes_at=None))) for key, one in some.items()
        )
        return {key: one for key, one in said if one != _SEND}

    return judged(covers.domains), judged(covers.mailboxes)


def _shared(
    found: dict[bytes, FoundFacts], pace: Callable[[Facts], Pace], *, may_send: Callable[[Facts], bool]
) -> dict[bytes, tuple[int, date]]:
    paced = {
        digest: (one.contact_id, day)
        for digest, one in found.items()
        if (day := pace(one.facts)[0]) and may_send(one.facts)
    }
    many = Counter(contact_id for contact_id, _ in paced.values())
    return {digest: one for digest, one in paced.items() if many[one[0]] > 1}


def purpose_of(category: Category | None, declared: Purpose | None) -> Purpose:
    """What was declared, else what the category is for; marketing where nobody said anything (law 7).

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


def _pace(category: Category | None, now: datetime) -> Callable[[Facts], Pace]:
    """A frequency was chosen of one category, and holds for marketing only."""
    today = timezone.localtime(now).date()

    @cache
    def pace(facts: Facts) -> Pace:
        if category is None or facts.purpose != Purpose.MARKETING:
            return None, None
        frequency = facts.chosen.frequency
        return rules.next_sending_day(frequency, today), rules.last_day_before(frequency, today)

    return pace
