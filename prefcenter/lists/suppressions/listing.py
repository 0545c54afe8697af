"""Reads opt-outs: a page of the newest, or all of them address by address."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain, groupby, islice
from math import inf
from operator import attrgetter
from typing import Any, NamedTuple

from django.db.models import F

from unsubscribe import addresses
from unsubscribe.choices import Channel, Source
from unsubscribe.models import Address, Campaign

from .query import OF_A_CATEGORY, REASONS, SuppressionQuery
from .sets import OptOutSet, parts

#: How many opt-outs a list shows and counts; further ones are in the file.
MOST = 10_000
#: Addresses that are looked at in one go.
WINDOW = 10_000
_SOURCES = dict(Source.choices)


class ListedOptOut(NamedTuple):
    """One opt-out of one address."""

    address_id: int
    contact_id: int
    #: A Channel.
    channel: str
    #: The address; "" where the contact was erased or only a hash was ever known.
    value: str
    #: A key of REASONS.
    reason: str
    #: A Source; None or "" where it isn't known.
    source: str | None
    #: The campaign as the staff read it; "" for none.
    campaign: str
    #: When it began, aware; None for NOT_CHOSEN.
    at: datetime | None
    #: None for what is of a category alone.
    suppression_id: int | None

    @property
    def masked(self) -> str:
        """The address as pages show it."""
        return addresses.mask(self.value, channel=self.channel)

    @property
    def is_of_a_category(self) -> bool:
        """Whether it is about the category that was asked for, and not a suppression."""
        return self.reason in OF_A_CATEGORY

    @property
    def reason_in_words(self) -> str:
        return REASONS[self.reason]

    @property
    def source_in_words(self) -> str:
        return _SOURCES.get(self.source or "", "")

    @property
    def channel_in_words(self) -> str:
        return str(Channel(self.channel).label)


class Newest:
    """The newest opt-outs, MOST at most, for a list with pages.

    count:  how many there are in the list
    is_cut: whether there are more
    """

    def __init__(self, asked: SuppressionQuery) -> None:
        self.parts = parts(asked)
        counted = 0
        for part in self.parts:
            counted += part.rows.order_by()[: MOST + 1 - counted].count()
        self.is_cut = counted > MOST
        self.count = min(counted, MOST)

    def rows(self, start: int, stop: int) -> list[ListedOptOut]:
        """Those from `start` up to `stop`, newest first; what has no moment comes last."""
        numbered = list(enumerate(self.parts))
        dated = heapq.merge(*(_dated(part, number, stop) for number, part in numbered if part.moment), reverse=True)
        undated = (_undated(part, number, stop) for number, part in numbered if not part.moment)
        # The undated are looked for only where the dated come to an end.
        in_order = chain(((number, pk) for _, number, pk in dated), chain.from_iterable(undated))
        keys = list(islice(in_order, start, stop))
        found = {
            (number, row[0]): row[1:]
            for number, part in enumerate(self.parts)
            if (ids := [pk for which, pk in keys if which == number])
            for row in part.rows.filter(pk__any_of=ids).values_list("pk", *part.fields)
        }
        return _named([found[key] for key in keys if key in found])


def _dated(part: OptOutSet, number: int, stop: int) -> Iterator[tuple[datetime, int, int]]:
    """Moment, number of the part and key of its `stop` newest rows: they can be sorted without reading more of them."""
    for at, pk in part.rows.order_by(F(part.moment).desc(), "-pk").values_list(part.moment, "pk")[:stop]:
        yield at, number, pk


def _undated(part: OptOutSet, number: int, stop: int) -> Iterator[tuple[int, int]]:
    for pk in part.rows.order_by("-pk").values_list("pk", flat=True)[:stop]:
        yield number, pk


def by_address(asked: SuppressionQuery) -> Iterator[list[ListedOptOut]]:
    """For each address all its opt-outs, one or more, oldest first; the addresses in the order of their ids.

    By a query for each set and WINDOW of addresses, so that no cursor and no transaction stays open during a download.
    Addresses learnt meanwhile are not among them.
    """
    keys = Address.objects.order_by("pk").values_list("pk", flat=True)
    lowest, highest = keys.first() or 1, keys.last() or 0
    sets = parts(asked)
    for start in range(lowest - 1, highest, WINDOW):
        rows: list[Any] = []
        for part in sets:
            stretch = {f"{part.address}__gt": start, f"{part.address}__lte": start + WINDOW}
            rows += part.rows.filter(**stretch).values_list(*part.fields)
        named = sorted(_named(rows), key=_by_address)
        for _, same in groupby(named, key=attrgetter("address_id")):
            yield list(same)


def _by_address(one: ListedOptOut) -> tuple[int, float, str]:
    """What has no moment comes last."""
    return one.address_id, one.at.timestamp() if one.at else inf, one.reason


def _named(rows: Iterable[Sequence[Any]]) -> list[ListedOptOut]:
    """Rows of OptOutSet.fields as opt-outs, with the names of their campaigns."""
    rows = list(rows)
    ids = sorted({campaign_id for *_, campaign_id, _, _ in rows if campaign_id})
    names: defaultdict[int | None, str] = defaultdict(str)
    if ids:
        names.update({one.pk: str(one) for one in Campaign.objects.filter(pk__any_of=ids)})
    return [ListedOptOut._make((*said, names[campaign], at, id_)) for *said, campaign, at, id_ in rows]
