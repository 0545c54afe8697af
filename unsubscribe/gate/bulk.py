"""The verdicts on all addresses at once, for files of any length: only addresses with facts take memory."""

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
#: By a normalised address, the verdict that its covers still give; None where they give none.
Once = Callable[[str], Verdict | None]
#: About how many addresses verdicts are held in memory: some 50 MB.
MOST = 250_000


class BulkVerdicts(NamedTuple):
    """The verdicts on all addresses at one moment: outcome, rule and until alone. Ask `of`.

    named:     by the digest of an address
    others:    on every address that is not in `named`
    shared:    by digest, for addresses that may be sent to and whose contact chose a frequency and has several of them:
               the contact's id, and the day on which the contact may be sent to again once one of them was
    domains:   by domain, on all its addresses, those in `named` included
    mailboxes: by the digest of a Gmail mailbox, likewise
    settled:   digests of addresses whose covers are in `named` already: `domains` and `mailboxes` do not count for them
    nameless:  by digest, for addresses that said yes since and of which only the digest is known: the verdict once the
               address is given
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
        """Whether `cover` has to be asked for each address."""
        return bool(self.domains or self.mailboxes)

    def of(self, address: Normalised) -> Verdict:
        """The verdict on this address, as `check` gives it: outcome, rule and until alone."""
        own = self.named.get(address.digest, self.others)
        cover = self.cover(address.value, address.digest)
        # In the order of the table: what holds for every message stands above the person's own no.
        goes_before = cover and (own.outcome != Outcome.SUPPRESSED or cover.rule == Rule.BLOCKED)
        return cover if cover and goes_before else own

    def cover(self, value: str, digest: bytes) -> Verdict | None:
        """The verdict by the domain or the mailbox, if it counts for this address; the address's own may come first
        (of)."""
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

    now: aware

    None if there are facts about more than `most` addresses, to save memory: then `check` the file in parts.
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
    """BulkVerdicts.settled and .nameless: addresses that said yes after a no that covers them. What still counts of
    their covers is added to their facts in `found`."""
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
    """The function for BulkVerdicts.nameless."""

    def of(value: str) -> Verdict | None:
        cover = covers.of(value)
        covered = cover.over(facts, category_id=category_id, yes_at=yes_at) if cover else facts
        return ruling(covered) if covered != facts else None

    return of


def _of_all(
    covers: Covers, mailing: Mailing, ruling: Callable[[Facts], Verdict]
) -> tuple[dict[str, Verdict], dict[bytes, Verdict]]:
    """BulkVerdicts.domains and .mailboxes: the verdicts by covers alone, where they are not to send."""
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
