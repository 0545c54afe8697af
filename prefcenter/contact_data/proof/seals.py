"""Which seal covers which line of the ledger, and whether they still fit. It makes no seal, and mends none."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from unsubscribe.ledger.seals import encoding
from unsubscribe.models import Seal

from .errors import Unreadable

#: The seals of so many lines are in memory at a time: 8 MB.
MOST_LINES = 200_000
#: A seal without the hashes of its lines.
_LINK = ("number", "version", "at", "count", "settled", "through", "previous", "hash")


class SealState(StrEnum):
    """How a line stands to the seals. `missed`: no seal names it, although everything up to it was closed."""

    SEALED = "sealed"
    OPEN = "open"
    TOUCHED = "touched"
    MISSED = "missed"
    UNKNOWN = "unknown"


class SealCover(NamedTuple):
    """What covers a line. `seal` is None where no seal names it."""

    standing: SealState
    seal: int | None = None


def covers(hashes: Mapping[int, bytes]) -> dict[int, SealCover]:
    """For each of these lines, by id, with its hash as it is now. Raises Unreadable."""
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
    """These seals and the newest one, as far as they are there. Raises Unreadable."""
    newest = Seal.objects.order_by("number").values_list("number", flat=True).last()
    wanted = sorted({*numbers, *([newest] if newest else [])})
    try:
        return list(Seal.objects.filter(number__any_of=wanted).order_by("number").values(*_LINK))
    except encoding.CANNOT_BE_READ as error:
        raise Unreadable from error


def _compared(seal: Seal, hashes: Mapping[int, bytes]) -> dict[int, SealState]:
    """The lines that this seal names."""
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
    """The seals that may name one of these lines."""
    for numbers in _batches(ids):
        yield from list(Seal.objects.filter(number__any_of=numbers).order_by("number"))


def _batches(ids: Sequence[int]) -> Iterator[list[int]]:
    """A seal names lines from where everything was settled before it, through its highest."""
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
