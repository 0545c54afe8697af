"""What is hashed, to the byte, the same on PostgreSQL and SQLite. A change of the bytes is a new VERSION."""

import json
import struct
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from django.db import DataError
from django.db.models import OuterRef, Subquery

from ...models import Address, ConsentEvent, Seal

#: Of the bytes; stored in each seal.
VERSION = 1
#: In place of the hash before the first seal.
NOTHING = bytes(32)
#: In place of the hash of an event that cannot be read.
UNREADABLE = bytes(32)
#: What reading such an event raises: SQLite stores any text in a column for a time or JSON.
CANNOT_BE_READ = (ValueError, TypeError, AttributeError, DataError)

#: What is hashed of an event, after the digest of its address.
COLUMNS = (
    *("at", "kind", "source", "contact_id", "address_id", "channel", "category_id", "campaign_id"),
    *("before", "after", "wording", "actor", "note"),
)
#: Of the event's address: it outlives an erasure and never changes. None for an address that was deleted.
_DIGEST = Subquery(Address.objects.filter(id=OuterRef("address_id")).values("digest"))
_ENTRY = struct.Struct(">q32s")
_HEAD = struct.Struct(">6q32s")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SealedEvent(NamedTuple):
    """An event as a seal keeps it. The id is not in the hash, so that an event that was moved is recognised."""

    id: int
    hash: bytes


def hashes(ids: Sequence[int]) -> dict[int, bytes]:
    """The hash of each of these events that exists, by id; UNREADABLE for one that cannot be read."""
    lines = ConsentEvent.objects.filter(id__any_of=ids).annotate(address_digest=_DIGEST)
    rows = lines.values_list("id", "address_digest", *COLUMNS)
    try:
        return {row[0]: hash_of_event(*row[1:]) for row in rows}
    except CANNOT_BE_READ:
        if len(ids) == 1:
            return {ids[0]: UNREADABLE}
    middle = len(ids) // 2
    return hashes(ids[:middle]) | hashes(ids[middle:])


def hash_of_event(digest: bytes | memoryview | None, at: datetime, *columns: Any) -> bytes:
    """SHA-256 over the digest of its address and COLUMNS, in their order. The note goes in as a hash of its own, so
    that it could be blanked and the rest still be proved."""
    *others, note = columns
    whose = "" if digest is None else digest.hex()
    line = [VERSION, whose, _microseconds(at), *others, sha256(_json(note)).hexdigest()]
    return sha256(b"unsubscribe consent event\n" + _json(line)).digest()


def pack(entries: Iterable[SealedEvent]) -> bytes:
    """As Seal.entries stores them: 40 bytes each."""
    return b"".join(_ENTRY.pack(*entry) for entry in entries)


def unpack(packed: bytes) -> Iterator[SealedEvent]:
    """Seal.entries read back; an incomplete one at the end is left out."""
    whole = len(packed) - len(packed) % _ENTRY.size
    return (SealedEvent(*entry) for entry in _ENTRY.iter_unpack(memoryview(packed)[:whole]))


def hash_of(seal: Seal) -> bytes:
    """SHA-256 over all other columns of the seal, with the hash of the seal before and every event in them."""
    numbers = (seal.version, seal.number, _microseconds(seal.at), seal.count, seal.settled, seal.through)
    head = _HEAD.pack(*numbers, bytes(seal.previous))
    return sha256(b"unsubscribe seal\n" + head + bytes(seal.entries)).digest()


def _json(value: Any) -> bytes:
    """ASCII, keys sorted, no spaces. A value that is not JSON, as SQLite may store in any column, goes in as text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str).encode()


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)
