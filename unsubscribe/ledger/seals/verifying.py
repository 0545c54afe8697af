"""Compares the ledger with its seals and names each event and each seal that was touched."""

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from ...models import ConsentEvent, Seal
from . import encoding
from .encoding import SealedEvent
from .sealing import CHUNK, unsealed

#: How many touched events are compared with each other, to tell those that changed places from those edited.
MOST_TOUCHED = 100_000
#: The lowest id that a row can have: the database draws none below 1, but one may have been inserted there.
_LOWEST = -(2**63)


class FindingKind(StrEnum):
    """What was done; the value is the sentence for it."""

    EDITED = "Event {number} was edited after it was sealed, or moved to another address."
    REMOVED = "Event {number} was removed after it was sealed."
    INSERTED = "Event {number} was inserted later: its number had already been sealed as unused."
    REORDERED = "Event {number} was reordered: its current content was sealed as event {other}."
    UNREADABLE = "Event {number} can't be read: it contains something this software never wrote."
    SEAL_EDITED = "Seal {number} was edited."
    SEAL_UNKNOWN = "Seal {number} has a version that this software doesn't know, so its events were not compared."
    SEALS_MISSING = "Seal {number} is missing: the next existing seal is seal {other}."
    CHAIN_BROKEN = "The chain is broken: seal {number} doesn't follow the seal before it."


class Finding(NamedTuple):
    """What was found, as a sentence by str().

    number: the event's id or the seal's number, as `kind` says
    other:  the second number of the sentence, 0 where it has none
    """

    kind: FindingKind
    number: int
    other: int = 0

    def __str__(self) -> str:
        return self.kind.value.format(number=self.number, other=self.other)


class Summary(NamedTuple):
    """How many events and seals there are, how many events are in no seal yet, and the newest seal; None without
    one."""

    events: int
    seals: int
    unsealed: int
    head: Seal | None


class _Touched(NamedTuple):
    sealed: SealedEvent
    found: bytes | None


def verify(*, progress: Callable[[int], object] = lambda events: None) -> Iterator[Finding]:
    """Yields one Finding for each event or seal that was touched, as FindingKind lists what can be done to one.

    In bounded memory, whatever the ledger's length. `progress` is called with the number of events compared so far.
    Events that are in no seal yet are not compared: see sealing.overdue.
    """
    walk = _Walk(progress)
    for number in list(Seal.objects.order_by("number").values_list("number", flat=True)):
        yield from walk.step(number)
    yield from _told(walk.touched)


def summary() -> Summary:
    """What there is for `verify` to compare, counted."""
    head = Seal.objects.order_by("number").last()
    return Summary(ConsentEvent.objects.count(), Seal.objects.count(), unsealed().count(), head)


def has_seal(hash_: bytes) -> bool:
    """Whether the chain has a seal with this hash (32 bytes), which was kept elsewhere."""
    return Seal.objects.filter(hash=hash_).exists()


class _Walk:
    """Walks the chain seal by seal, in bounded memory."""

    def __init__(self, progress: Callable[[int], object]) -> None:
        self.progress = progress
        self.compared = 0
        self.touched: list[_Touched] = []
        self.expected = 1
        #: The hash that the next seal must have as `previous`; None where the one before it cannot be read.
        self.hash: bytes | None = encoding.NOTHING
        #: Every event up to this id was compared or reported.
        self.closed = _LOWEST
        #: The sealed ids above `closed`.
        self.ahead: set[int] = set()
        #: The seal before was missing or edited, so events up to the next seal's first cannot be told from inserted
        #: ones.
        self.is_blind = False

    def step(self, number: int) -> Iterator[Finding]:
        if number != self.expected:
            yield Finding(FindingKind.SEALS_MISSING, self.expected, number)
            self.hash, self.is_blind = None, True
        self.expected = number + 1
        seal = _load(number)
        if seal is None:
            yield Finding(FindingKind.SEAL_EDITED, number)
            self.hash, self.is_blind = None, True
        elif seal.version != encoding.VERSION:
            yield Finding(FindingKind.SEAL_UNKNOWN, number)
            self.hash, self.is_blind = bytes(seal.hash), True
        else:
            yield from self._check(seal)

    def _check(self, seal: Seal) -> Iterator[Finding]:
        if self.hash not in {None, bytes(seal.previous)}:
            yield Finding(FindingKind.CHAIN_BROKEN, seal.number)
        self.hash = bytes(seal.hash)
        is_intact = encoding.hash_of(seal) == self.hash
        if not is_intact:
            yield Finding(FindingKind.SEAL_EDITED, seal.number)
        entries = list(encoding.unpack(bytes(seal.entries)))
        self._compare(entries)
        if len(self.touched) >= MOST_TOUCHED:
            yield from _told(self.touched)
            self.touched.clear()
        yield from self._inserted(seal, entries, is_intact=is_intact)

    def _compare(self, entries: Sequence[SealedEvent]) -> None:
        for start in range(0, len(entries), CHUNK):
            chunk = entries[start : start + CHUNK]
            found = encoding.hashes([entry.id for entry in chunk])
            for entry in chunk:
                hash_ = found.get(entry.id)
                if hash_ != entry.hash or hash_ == encoding.UNREADABLE:
                    self.touched.append(_Touched(entry, hash_))
            self.compared += len(chunk)
            self.progress(self.compared)

    def _inserted(self, seal: Seal, entries: Sequence[SealedEvent], *, is_intact: bool) -> Iterator[Finding]:
        """The events at ids that this seal declares settled, and that are in no seal."""
        self.ahead.update(entry.id for entry in entries)
        if self.is_blind and entries:
            self.closed = max(self.closed, entries[0].id - 1)
        self.is_blind = not is_intact
        if not is_intact or seal.settled <= self.closed:
            return
        lines = ConsentEvent.objects.filter(id__lte=seal.settled).order_by("id").values_list("id", flat=True)
        after = self.closed
        while ids := list(lines.filter(id__gt=after)[:CHUNK]):
            after = ids[-1]
            yield from (Finding(FindingKind.INSERTED, one) for one in ids if one not in self.ahead)
        self.closed = seal.settled
        self.ahead = {one for one in self.ahead if one > self.closed}


def _load(number: int) -> Seal | None:
    try:
        seal = Seal.objects.get(number=number)
        encoding.hash_of(seal)
    except encoding.CANNOT_BE_READ:
        return None
    return seal


def _told(touched: Sequence[_Touched]) -> Iterator[Finding]:
    """An event that now has the content another was sealed with was reordered; the rest was edited or removed."""
    sealed_as = {one.sealed.hash: one.sealed.id for one in touched}
    for entry, found in touched:
        if found is None:
            yield Finding(FindingKind.REMOVED, entry.id)
        elif found == encoding.UNREADABLE:
            yield Finding(FindingKind.UNREADABLE, entry.id)
        elif found in sealed_as and sealed_as[found] != entry.id:
            yield Finding(FindingKind.REORDERED, entry.id, sealed_as[found])
        else:
            yield Finding(FindingKind.EDITED, entry.id)
