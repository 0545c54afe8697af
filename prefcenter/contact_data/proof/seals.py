"""Which seal covers which event, and whether the event still matches it."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from unsubscribe.ledger.seals import encoding
from unsubscribe.models import Seal

from .errors import Unreadable

#: Of how many events seals are in memory at a time: 8 MB.
MOST_LINES = 200_000
#: The columns of a seal in a record: all but the hashes of its events.
_LINK = ("number", "version", "at", "count", "settled", "through", "previous", "hash")


class SealState(StrEnum):
    """How an event stands to the seals; in a record, `standing`."""

    #: Its seal is intact and has its hash.
    SEALED = "sealed"
    #: It is newer than the seals.
    OPEN = "open"
    #: Its seal, or it, was changed.
    TOUCHED = "touched"
    #: No seal names it, although all events up to it are sealed.
    MISSED = "missed"
    #: Its seal has a version that is not known here.
    UNKNOWN = "unknown"


class SealCover(NamedTuple):
    """What covers an event. `seal`: the number of the seal that names it, None where none does."""

    standing: SealState
    seal: int | None = None


def covers(hashes: Mapping[int, bytes]) -> dict[int, SealCover]:
    """By id, what covers each of these events, given with their hashes as they are now. Raises Unreadable."""
    found: dict[int, SealCover] = {}
    try:
        for seal in _naming(sorted(hashes)):
            standings = _compared(seal, hashes)
            found |= {id_: SealCover(standing, seal.number) for id_, standing in standings.items()}
    except encoding.CANNOT_BE_READ as error:
        raise Unreadable from error
    newest = Seal.objects.order_by("number").values_list("settled", flat=True).last()
    return {id_: found.get(id_) or _uncovered(id_, settled=newest or 0) for id_ in hashes}


def links(numbers: Iterable[int]) -> list[dict[str, Any]]:
    """The columns _LINK of these seals and of the newest one, in their order; missing ones are left out. Raises
    Unreadable."""
    newest = Seal.objects.order_by("number").values_list("number", flat=True).last()
    wanted = sorted({*numbers, *([newest] if newest else [])})
    try:
        return list(Seal.objects.filter(number__any_of=wanted).order_by("number").values(*_LINK))
    except encoding.CANNOT_BE_READ as error:
        raise Unreadable from error


def _compared(seal: Seal, hashes: Mapping[int, bytes]) -> dict[int, SealState]:
    """The state of each of these events that the seal names."""
    named = {one.id: one.hash for one in encoding.unpack(bytes(seal.entries)) if one.id in hashes}
    if seal.version != encoding.VERSION:
        return dict.fromkeys(named, SealState.UNKNOWN)
    is_intact = encoding.hash_of(seal) == bytes(seal.hash)
    return {
        id_: SealState.SEALED if is_intact and hashes[id_] == hash_ else SealState.TOUCHED
        for id_, hash_ in named.items()
    }


def _uncovered(id_: int, *, settled: int) -> SealCover:
    return SealCover(SealState.MISSED if id_ <= settled else SealState.OPEN)


def _naming(ids: Sequence[int]) -> Iterator[Seal]:
    """The seals that may name one of these events, sorted by id."""
    for numbers in _batches(ids):
        yield from list(Seal.objects.filter(number__any_of=numbers).order_by("number"))


def _batches(ids: Sequence[int]) -> Iterator[list[int]]:
    """The numbers of those seals, in batches of MOST_LINES events. A seal's events have ids above what was settled
    before it, up to its `through`."""
    numbers, lines, before = list[int](), 0, 0
    rows = Seal.objects.filter(through__gte=ids[0] if ids else 0).order_by("number")
    for number, settled, through, count in rows.values_list("number", "settled", "through", "count") if ids else ():
        first = bisect_right(ids, before)
        if first < len(ids) and ids[first] <= through:
            if numbers and lines + count > MOST_LINES:
                yield numbers
                numbers, lines = [], 0
            numbers.append(number)
            lines += count
        before = settled
    if numbers:
        yield numbers
