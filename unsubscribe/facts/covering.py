"""Noes that cover other addresses: of a domain as a whole, or of a Gmail mailbox under another spelling.

They are added to the facts about each address (Cover.over), by which the rules decide. The number of queries does not
grow with the addresses: one for the domains, one for the mailboxes if UNSUBSCRIBE_GMAIL_SPELLINGS is on and, if either
found something, one for what contacts said yes to since.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple, TypeVar

from django.db.models import FilteredRelation, Max, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest

from .. import addresses, conf, rules
from ..addresses import domains
from ..choices import Channel, EventKind, PreferenceState, SuppressionReason
from ..models import Address, Category, ConsentEvent, DomainSuppression
from ..rules import Facts
from . import own

K = TypeVar("K")
#: By the ids of an address and a category: when the contact last opted in to it by that address, in person.
Yes = Mapping[tuple[int, int], datetime]


class StandingNoes(NamedTuple):
    """What covers some addresses.

    noes:    pairs of the ids of an address and a category that is off for it until the contact says yes
    blocked: the ids of addresses to which nothing is sent, transactional messages included
    """

    noes: frozenset[tuple[int, int]] = frozenset()
    blocked: frozenset[int] = frozenset()


class Cover(NamedTuple):
    """The noes of others that cover an address. All times are aware.

    suppressed: by the reason of a suppression, when it was last said
    left:       by the id of a category, when somebody last unsubscribed from it
    only_kept:  of a contact who opted in again to these categories alone (Contact.only_chosen): when it was created,
                and their ids
    """

    suppressed: Mapping[SuppressionReason, datetime] = {}
    left: Mapping[int, datetime] = {}
    only_kept: tuple[datetime, frozenset[int]] | None = None

    def over(self, facts: Facts, *, category_id: int | None, yes_at: datetime | None) -> Facts:
        """The facts with these noes added, for a message of this category. `yes_at`: when the contact last opted in to
        it, which overcomes earlier noes that a contact can lift."""
        facts = facts._replace(suppressed=facts.suppressed | self.reasons(yes_at))
        left_at = self.left_at(category_id)
        if left_at and (yes_at is None or yes_at <= left_at):
            facts = facts._replace(chosen=facts.chosen._replace(state=PreferenceState.UNSUBSCRIBED))
        return facts

    def reasons(self, yes_at: datetime | None) -> frozenset[SuppressionReason]:
        """The suppressions that count: those of rules.OWN_NO not where a yes came later."""
        return frozenset(
            reason
            for reason, since in self.suppressed.items()
            if reason not in rules.OWN_NO or yes_at is None or yes_at <= since
        )

    def left_at(self, category_id: int | None) -> datetime | None:
        """When this category was last left; for a message without a category, when any was."""
        found = list(self.left.values()) if category_id is None else [self.left.get(category_id)]
        if self.only_kept and category_id not in self.only_kept[1]:
            found.append(self.only_kept[0])
        return max((one for one in found if one), default=None)

    def is_no(self, category_id: int, yes_at: datetime | None) -> bool:
        """Whether the category is off by these noes, and the contact could switch it on."""
        left_at = self.left_at(category_id)
        return bool(self.reasons(yes_at) & rules.OWN_NO) or bool(left_at and (yes_at is None or yes_at <= left_at))


class Covers(NamedTuple):
    """What covers addresses: by domain, and by the digest of a Gmail mailbox (addresses.gmail_digest)."""

    domains: Mapping[str, Cover] = {}
    mailboxes: Mapping[bytes, Cover] = {}

    def __bool__(self) -> bool:
        return bool(self.domains or self.mailboxes)

    def of(self, value: str) -> Cover | None:
        """What covers this normalised address; None for nothing."""
        found = [self.domains.get(domains.of(value))]
        if self.mailboxes and (mailbox := addresses.gmail_digest(value)):
            found.append(self.mailboxes.get(mailbox))
        some = [one for one in found if one]
        return _joined(some) if some else None


def covers(values: Iterable[str] | None, *, channel: Channel, category: Category | None = None) -> Covers:
    """What covers these normalised addresses, on email only.

    values:   None for any address at all
    category: of which noes count; None for all
    """
    if channel != Channel.EMAIL:
        return Covers()
    if values is None:
        everybody = own.who_said_something(category, channel).filter(gmail_digest__isnull=False)
        return Covers(_of_domains(DomainSuppression.objects.all()), _of_mailboxes(everybody, category))
    some = [value for value in values if value]
    named = sorted({domains.of(value) for value in some})
    mailboxes = (
        list({one for value in some if (one := addresses.gmail_digest(value))}) if conf.gmail_spellings() else []
    )
    theirs = Address.objects.filter(channel=channel, gmail_digest__any_of=mailboxes)
    return Covers(
        _of_domains(DomainSuppression.objects.filter(domain__any_of=named)) if named else {},
        _of_mailboxes(theirs, category) if mailboxes else {},
    )


def own_yes(address_ids: Collection[int], category: Category | None = None) -> Yes:
    """When these addresses last said yes to the category, or to each; by OWN_VOICE alone (rules)."""
    if not address_ids:
        return {}
    contacts = Address.objects.filter(id__any_of=list(address_ids)).values("contact_id")
    said = _yes(category).filter(contact__in=contacts, address__any_of=list(address_ids))
    rows = said.order_by().values_list("address_id", "category_id").annotate(Max("at"))
    return {(address_id, category_id): at for address_id, category_id, at in rows}


def standing(values: Mapping[int, str], category_ids: Collection[int]) -> StandingNoes:
    """What covers these normalised email addresses, given by their ids, in these categories."""
    found = covers(values.values(), channel=Channel.EMAIL)
    theirs = {id_: cover for id_, value in values.items() if (cover := found.of(value))} if found else {}
    yes = own_yes(theirs)
    keys = ((id_, category_id) for id_ in theirs for category_id in category_ids)
    return StandingNoes(
        frozenset(key for key in keys if theirs[key[0]].is_no(key[1], yes.get(key))),
        frozenset(id_ for id_, cover in theirs.items() if cover.reasons(None) & rules.BLOCKS_EVERYTHING),
    )


def later_yes(covers: Covers, category: Category | None) -> Iterator[tuple[bytes, Cover | None, datetime]]:
    """For each address whose contact said yes to the category after the earliest of these noes: its digest, its cover
    and the time of the yes. The cover is None where only the digest is known: any may apply."""
    if category is None:
        return
    every = [*covers.domains.values(), *covers.mailboxes.values()]
    said = [at for one in every for at in (*one.suppressed.values(), one.left_at(category.pk)) if at]
    if not said:
        return
    rows = _yes(category).filter(at__gt=min(said)).order_by().values_list("address__digest", "address__value")
    for digest, value, at in rows.annotate(Max("at")).iterator():
        cover = covers.of(value) if value else None
        if cover or not value:
            yield bytes(digest), cover, at


def _yes(category: Category | None) -> QuerySet[ConsentEvent]:
    said = ConsentEvent.objects.filter(kind=EventKind.OPT_IN, source__in=rules.OWN_VOICE, category__isnull=False)
    return said.filter(category=category) if category else said


def _joined(some: Collection[Cover]) -> Cover:
    """Several covers as one: of the same no the later time, and only the categories that all of them kept."""
    if len(some) == 1:
        return next(iter(some))
    kept = [one.only_kept for one in some if one.only_kept]
    return Cover(
        _latest(one.suppressed for one in some),
        _latest(one.left for one in some),
        (max(at for at, _ in kept), frozenset.intersection(*(ids for _, ids in kept))) if kept else None,
    )


def _latest(some: Iterable[Mapping[K, datetime]]) -> dict[K, datetime]:
    found: dict[K, datetime] = {}
    for one in some:
        for key, at in one.items():
            found[key] = max(at, found.get(key, at))
    return found


def _last(said_at: str, since: str) -> Greatest:
    """When a no that was said again was said last (law 12); a file may have brought an older one."""
    return Greatest(Coalesce(said_at, since), since)


def _of_domains(rows: QuerySet[DomainSuppression]) -> dict[str, Cover]:
    found: dict[str, dict[SuppressionReason, datetime]] = defaultdict(dict)
    last = _last("said_at", "since")
    for domain, reason, since in rows.filter(lifted_at=None).values_list("domain", "reason", last):
        found[domain][SuppressionReason(reason)] = since
    return {domain: Cover(reasons) for domain, reasons in found.items()}


def _of_mailboxes(rows: QuerySet[Address], category: Category | None) -> dict[bytes, Cover]:
    """The covers by Gmail mailbox, from all of its addresses; empty unless UNSUBSCRIBE_GMAIL_SPELLINGS is on."""
    if not conf.gmail_spellings():
        return {}
    preference = Q(contact__preferences__channel=Channel.EMAIL)
    if category:
        preference &= Q(contact__preferences__category=category)
    rows = rows.annotate(
        preference=FilteredRelation("contact__preferences", condition=preference),
        block=FilteredRelation("suppressions", condition=Q(suppressions__lifted_at=None)),
    )
    is_no = Q(block__isnull=False) | Q(preference__state=PreferenceState.UNSUBSCRIBED) | Q(contact__only_chosen=True)
    found: dict[bytes, dict[int, list[Cover]]] = defaultdict(lambda: defaultdict(list))
    left_at = _last("preference__said_at", "preference__changed_at")
    said = (
        "preference__category_id",
        "preference__state",
        left_at,
        "block__reason",
        _last("block__said_at", "block__since"),
    )
    contact = ("contact_id", "contact__only_chosen", "contact__created_at")
    for mailbox, contact_id, only_chosen, learnt_at, *no in rows.filter(is_no).values_list(
        "gmail_digest", *contact, *said
    ):
        found[bytes(mailbox)][contact_id].append(_cover(*no, learnt_at=learnt_at if only_chosen else None))
    return {mailbox: _joined([_of_one(some) for some in by_contact.values()]) for mailbox, by_contact in found.items()}


def _cover(
    category_id: int | None,
    state: str | None,
    changed_at: datetime | None,
    reason: str | None,
    since: datetime | None,
    *,
    learnt_at: datetime | None,
) -> Cover:
    """The cover by one row of the query."""
    suppressed = {SuppressionReason(reason): since} if reason and since else {}
    left = {category_id: changed_at} if category_id and changed_at and state == PreferenceState.UNSUBSCRIBED else {}
    kept = frozenset({category_id} if category_id and state == PreferenceState.SUBSCRIBED else ())
    return Cover(suppressed, left, (learnt_at, kept) if learnt_at else None)


def _of_one(rows: Collection[Cover]) -> Cover:
    """The cover by all rows of one contact, which kept every category that any of them names."""
    kept = [one.only_kept for one in rows if one.only_kept]
    joined = _joined(rows)
    return joined._replace(only_kept=(kept[0][0], frozenset().union(*(ids for _, ids in kept)))) if kept else joined
