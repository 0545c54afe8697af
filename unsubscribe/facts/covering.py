"""Noes that were said of more than one address: of a domain as a whole, or of a Gmail mailbox under another spelling.

They are added to what is known of each address itself; what they mean is for the rules. It takes the same queries for
many as for one: for the domains, for the mailboxes if UNSUBSCRIBE_GMAIL_SPELLINGS is on, and, where either found
something, for the yes that people said since.
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
#: By the ids of an address and a category, when the person last said yes to it from there.
Yes = Mapping[tuple[int, int], datetime]


class StandingNoes(NamedTuple):
    """The noes to some addresses that a yes of the person would overcome, as ids of address and category; and which of
    the addresses are blocked for good, so that not even a receipt reaches them."""

    noes: frozenset[tuple[int, int]] = frozenset()
    blocked: frozenset[int] = frozenset()


class Cover(NamedTuple):
    """What others' noes say of an address.

    blocks:    each reason, and since when
    left:      by the id of a category, when it was left
    only_kept: somebody came back to these categories alone, having said no to everything; and when they were learnt
    """

    blocks: Mapping[SuppressionReason, datetime] = {}
    left: Mapping[int, datetime] = {}
    only_kept: tuple[datetime, frozenset[int]] | None = None

    def over(self, facts: Facts, *, category_id: int | None, yes_at: datetime | None) -> Facts:
        """The facts with these noes. A later yes of the person's own wins over what is theirs to take back."""
        facts = facts._replace(suppressed=facts.suppressed | self.reasons(yes_at))
        left_at = self.left_at(category_id)
        if left_at and (yes_at is None or yes_at <= left_at):
            facts = facts._replace(chosen=facts.chosen._replace(state=PreferenceState.UNSUBSCRIBED))
        return facts

    def reasons(self, yes_at: datetime | None) -> frozenset[SuppressionReason]:
        return frozenset(
            reason
            for reason, since in self.blocks.items()
            if reason not in rules.OWN_NO or yes_at is None or yes_at <= since
        )

    def left_at(self, category_id: int | None) -> datetime | None:
        """A message that names no category could be of any kind that was left."""
        found = list(self.left.values()) if category_id is None else [self.left.get(category_id)]
        if self.only_kept and category_id not in self.only_kept[1]:
            found.append(self.only_kept[0])
        return max((one for one in found if one), default=None)

    def is_no(self, category_id: int, yes_at: datetime | None) -> bool:
        """Whether the person themselves would say of this that it is off, and could switch it on."""
        left_at = self.left_at(category_id)
        return bool(self.reasons(yes_at) & rules.OWN_NO) or bool(left_at and (yes_at is None or yes_at <= left_at))


class Covers(NamedTuple):
    """By domain, and by the digest of a Gmail mailbox."""

    domains: Mapping[str, Cover] = {}
    mailboxes: Mapping[bytes, Cover] = {}

    def __bool__(self) -> bool:
        return bool(self.domains or self.mailboxes)

    def of(self, value: str) -> Cover | None:
        """What covers this normalised address."""
        found = [self.domains.get(domains.of(value))]
        if self.mailboxes and (mailbox := addresses.gmail_digest(value)):
            found.append(self.mailboxes.get(mailbox))
        some = [one for one in found if one]
        return _joined(some) if some else None


def covers(values: Iterable[str] | None, *, channel: Channel, category: Category | None = None) -> Covers:
    """What covers any of these normalised addresses, or of None any address at all; of one category, or of all."""
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
    """To that category, or to any."""
    if not address_ids:
        return {}
    contacts = Address.objects.filter(id__any_of=list(address_ids)).values("contact_id")
    said = _yes(category).filter(contact__in=contacts, address__any_of=list(address_ids))
    rows = said.order_by().values_list("address_id", "category_id").annotate(Max("at"))
    return {(address_id, category_id): at for address_id, category_id, at in rows}


def standing(values: Mapping[int, str], category_ids: Collection[int]) -> StandingNoes:
    """What stands to these normalised email addresses, by their ids."""
    found = covers(values.values(), channel=Channel.EMAIL)
    theirs = {id_: cover for id_, value in values.items() if (cover := found.of(value))} if found else {}
    yes = own_yes(theirs)
    keys = ((id_, category_id) for id_ in theirs for category_id in category_ids)
    return StandingNoes(
        frozenset(key for key in keys if theirs[key[0]].is_no(key[1], yes.get(key))),
        frozenset(id_ for id_, cover in theirs.items() if cover.reasons(None) & rules.BLOCKS_EVERYTHING),
    )


def later_yes(covers: Covers, category: Category | None) -> Iterator[tuple[bytes, Cover | None, datetime]]:
    """Of everybody at once: the digest, cover and own yes of whoever said yes to the category after the first of these
    noes was said. None is the cover of an address of which only the digest is known: it may have any."""
    if category is None:
        return
    every = [*covers.domains.values(), *covers.mailboxes.values()]
    said = [at for one in every for at in (*one.blocks.values(), one.left_at(category.pk)) if at]
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
    """All of them; of two alike the later one."""
    if len(some) == 1:
        return next(iter(some))
    kept = [one.only_kept for one in some if one.only_kept]
    return Cover(
        _latest(one.blocks for one in some),
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
    return {domain: Cover(blocks) for domain, blocks in found.items()}


def _of_mailboxes(rows: QuerySet[Address], category: Category | None) -> dict[bytes, Cover]:
    """From every address of a mailbox, also the one that is asked about: its own noes count in any case."""
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
    """What one row says."""
    blocks = {SuppressionReason(reason): since} if reason and since else {}
    left = {category_id: changed_at} if category_id and changed_at and state == PreferenceState.UNSUBSCRIBED else {}
    kept = frozenset({category_id} if category_id and state == PreferenceState.SUBSCRIBED else ())
    return Cover(blocks, left, (learnt_at, kept) if learnt_at else None)


def _of_one(rows: Collection[Cover]) -> Cover:
    """Of one contact's rows: there what was kept in any of them was kept."""
    kept = [one.only_kept for one in rows if one.only_kept]
    joined = _joined(rows)
    return joined._replace(only_kept=(kept[0][0], frozenset().union(*(ids for _, ids in kept)))) if kept else joined
