"""The verdict on everybody at once: for a file of any length, about whoever has something to say."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import NamedTuple, TypeVar

from ..addresses import Normalised, domains, gmail_digest
from ..choices import Outcome
from ..facts import covering, own
from ..facts.covering import Cover, Covers
from ..facts.own import FoundFacts
from ..mailing import Mailing
from ..rules import Facts, Rule, Verdict
from .checking import Pace, pace_of, ruling_at

K = TypeVar("K")
#: Of an address that somebody names, what is still said of it.
Once = Callable[[str], Verdict | None]
#: Of so many people a file's worth of verdicts is held in memory: 50 MB, about.
MOST = 250_000


class BulkVerdicts(NamedTuple):
    """The verdict on everybody at one moment (outcome, rule and until), by the digest of the address. Whoever is not
    named gets `others`.

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
        """The verdict on this address, as `check` gives it, with outcome, rule and until alone."""
        own = self.named.get(address.digest, self.others)
        cover = self.cover(address.value, address.digest)
        # In the order of the table: what holds for every message stands above the person's own no.
        goes_before = cover and (own.outcome != Outcome.SUPPRESSED or cover.rule == Rule.BLOCKED)
        return cover if cover and goes_before else own

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


def everybody(mailing: Mailing, *, now: datetime, most: int = MOST) -> BulkVerdicts | None:
    """As `check`, for every address there could be, known or not; ask the answer with BulkVerdicts.of.

    None if there are facts about more than `most` addresses: they would take too much memory, so `check` them in parts.
    """
    outspoken = own.who_said_something(mailing.category, mailing.channel)
    found = own.facts_about(outspoken, mailing, now=now, most=most)
    if len(found) > most:
        return None
    covers = covering.covers(None, channel=mailing.channel, category=mailing.category)
    ruling = ruling_at(now)
    settled, nameless = _settle(found, covers, mailing, ruling)
    others = ruling(own.of_strangers(mailing))
    judged = ((digest, ruling(one.facts)) for digest, one in found.items())
    named = {digest: one for digest, one in judged if one != others}
    shared = _shared(found, pace_of(mailing, now), may_send=lambda facts: ruling(facts).may_send)
    return BulkVerdicts(named, others, shared, *_of_all(covers, mailing, ruling), settled, nameless)


def _settle(
    found: dict[bytes, FoundFacts], covers: Covers, mailing: Mailing, ruling: Callable[[Facts], Verdict]
) -> tuple[frozenset[bytes], dict[bytes, Once]]:
    """Those who said yes themselves since; what still counts of the covers is in their own facts then, or is found out
    when somebody names their address."""
    settled: set[bytes] = set()
    nameless: dict[bytes, Once] = {}
    for digest, cover, yes_at in covering.later_yes(covers, mailing.category):
        if not mailing.category or not (one := found.get(digest)):
            continue
        if cover is None:
            nameless[digest] = _once_named(covers, one.facts, ruling, category_id=mailing.category.pk, yes_at=yes_at)
            continue
        facts = cover.over(one.facts, category_id=mailing.category.pk, yes_at=yes_at)
        found[digest] = one._replace(facts=facts)
        settled.add(digest)
    return frozenset(settled), nameless


def _once_named(
    covers: Covers, facts: Facts, ruling: Callable[[Facts], Verdict], *, category_id: int, yes_at: datetime
) -> Once:
    """Says of an address what its covers still mean; None where that is nothing."""

    def of(value: str) -> Verdict | None:
        cover = covers.of(value)
        covered = cover.over(facts, category_id=category_id, yes_at=yes_at) if cover else facts
        return ruling(covered) if covered != facts else None

    return of


def _of_all(
    covers: Covers, mailing: Mailing, ruling: Callable[[Facts], Verdict]
) -> tuple[dict[str, Verdict], dict[bytes, Verdict]]:
    """The verdicts that covers alone lead to, where that is not to send."""
    nothing_else = Facts(purpose=mailing.purpose)

    def judged(some: Mapping[K, Cover]) -> dict[K, Verdict]:
        said = (
            (key, ruling(one.over(nothing_else, category_id=mailing.category_id, yes_at=None)))
            for key, one in some.items()
        )
        return {key: one for key, one in said if not one.may_send}

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
