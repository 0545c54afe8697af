"""The consent events of one contact as a record holds them: each with its hash and the seal that covers it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from unsubscribe import addresses
from unsubscribe.choices import Channel, EventKind, Source
from unsubscribe.ledger.seals import encoding
from unsubscribe.ledger.seals.encoding import COLUMNS
from unsubscribe.models import ConsentEvent

from ..event_wording import label
from . import seals, wording
from .canonical import Facts
from .errors import Unreadable
from .seals import SealCover

#: The columns with typed text. They are stored without addresses, and redacted once more before they leave the site.
_TYPED = ("wording", "actor", "note")
_TEXTS = ("kind", "source", "channel", *_TYPED)
_NAMES = ("category__name", "campaign__name", "address__value", "address__channel", "address__digest")


def of(contact_id: int, *, mails: Mapping[int, Sequence[Facts]] | None = None) -> list[Facts]:
    """The entries of the record's `lines`, oldest first. `mails`: by an event's id, the entries of the record's `mails`
    that confirm it. Raises Unreadable."""
    events = ConsentEvent.objects.filter(contact_id=contact_id).order_by("id")
    try:
        rows = list(events.values("id", *COLUMNS, *_NAMES))
        hashes = {row["id"]: _hash(row) for row in rows}
    except encoding.CANNOT_BE_READ as error:
        raise Unreadable from error
    # SQLite stores bytes in a text column.
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
    """An aware time as RFC 3339 in UTC, to the microsecond, as it is hashed."""
    return when.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z") if when else None


def day(when: date | None) -> str | None:
    """A day as YYYY-MM-DD."""
    return when.isoformat() if when else None


def _line(row: Facts, hash_: bytes, cover: SealCover, mails: Sequence[Facts]) -> Facts:
    event = {name: row[name] for name in COLUMNS} | {name: addresses.redact(row[name]) for name in _TYPED}
    return {
        "id": row["id"],
        #: The columns that are hashed (encoding.COLUMNS), `at` as `moment` has it, and the address's digest in hex.
        "event": event | {"at": moment(row["at"]), "address_digest": row["address__digest"].hex()},
        #: Whether an address was removed from a text, so that `event` no longer has this hash.
        "is_redacted": any(event[name] != row[name] for name in _TYPED),
        #: The same for readers, in English.
        "words": _words(row),
        #: As its seal hashes it, in hex (encoding.hash_of_event).
        "hash": hash_.hex(),
        #: A SealState.
        "standing": str(cover.standing),
        #: The number of the seal that names it; None where none does.
        "seal": cover.seal,
        #: The emails that confirmed it: their ids and statuses at the time.
        "mails": [{"id": one["id"], "status": one["status"]} for one in mails],
    }


def _words(row: Facts) -> dict[str, Any]:
    before, after, category = row["before"], row["after"], row["category__name"]
    return {
        "kind": label(EventKind, row["kind"]),
        "what": wording.what(row["kind"], before, after, category=category or "", channel=row["channel"]),
        "source": label(Source, row["source"]),
        "channel": label(Channel, row["channel"]),
        "address": addresses.mask(row["address__value"], channel=row["address__channel"]),
        "category": category,
        "campaign": row["campaign__name"],
        "before": wording.facts(before),
        "after": wording.facts(after),
    }
