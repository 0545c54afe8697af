"""The ledger's lines about one contact, as a record holds them: each with its hash and the seal that covers it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from unsubscribe import addresses
from unsubscribe.choices import Channel, EventKind, Source
from unsubscribe.ledger.seals import encoding
from unsubscribe.ledger.seals.encoding import COLUMNS
from unsubscribe.models import ConsentEvent

from . import seals, wording
from .canonical import Facts
from .errors import Unreadable
from .seals import SealCover

#: What people may have typed. The doors leave no address in it; a paper that leaves the site is looked through again.
_TYPED = ("wording", "actor", "note")
_TEXTS = ("kind", "source", "channel", *_TYPED)
_NAMES = ("category__name", "campaign__name", "address__value", "address__channel", "address__digest")


def of(contact_id: int, *, mails: Mapping[int, Sequence[Facts]] | None = None) -> list[Facts]:
    """Oldest first. `mails` are those that confirm a line, by its id. Raises Unreadable."""
    events = ConsentEvent.objects.filter(contact_id=contact_id).order_by("id")
    try:
        rows = list(events.values("id", *COLUMNS, *_NAMES))
        hashes = {row["id"]: _hash(row) for row in rows}
    except encoding.CANNOT_BE_READ as error:
        raise Unreadable from error
    # SQLite takes bytes for a text.
    if not all(isinstance(row[name], str) for row in rows for name in _TEXTS):
        raise Unreadable
    if not all(isinstance(row["address__digest"], bytes | memoryview) for row in rows):
        raise Unreadable
    covers = seals.covers(hashes)
    mails = mails or {}
    return [_line(row, hashes[row["id"]], covers[row["id"]], mails.get(row["id"], [])) for row in rows]


def _hash(row: Facts) -> bytes:
    return encoding.hash_of_event(row["address__digest"], *(row[name] for name in COLUMNS))


def moment(when: datetime | None) -> str | None:
    """RFC 3339 in UTC, to the microsecond: what is hashed is no coarser."""
    return when.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z") if when else None


def day(when: date | None) -> str | None:
    return when.isoformat() if when else None


def _line(row: Facts, hash_: bytes, cover: SealCover, mails: Sequence[Facts]) -> Facts:
    event = {name: row[name] for name in COLUMNS} | {name: addresses.redact(row[name]) for name in _TYPED}
    return {
        "id": row["id"],
        "event": event | {"at": moment(row["at"]), "address_digest": row["address__digest"].hex()},
        "is_redacted": any(event[name] != row[name] for name in _TYPED),
        "words": _words(row),
        "hash": hash_.hex(),
        "standing": str(cover.standing),
        "seal": cover.seal,
        "mails": [{"id": one["id"], "status": one["status"]} for one in mails],
    }


def _words(row: Facts) -> dict[str, Any]:
    before, after, category = row["before"], row["after"], row["category__name"]
    return {
        "kind": wording.label(EventKind, row["kind"]),
        "what": wording.what(row["kind"], before, after, category=category or "", channel=row["channel"]),
        "source": wording.label(Source, row["source"]),
        "channel": wording.label(Channel, row["channel"]),
        "address": addresses.mask(row["address__value"], channel=row["address__channel"]),
        "category": category,
        "campaign": row["campaign__name"],
        "before": wording.facts(before),
        "after": wording.facts(after),
    }
