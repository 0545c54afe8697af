"""The watermark: up to which id the ledger is settled, so that no event can appear below it any more. Takes no locks.

An id is drawn before its event is committed, so an event may appear below others that were read already. SQLite has one
writer at a time, and the watermark is the newest event. On PostgreSQL it is the last id drawn, once every transaction
that was writing to the ledger at that moment has ended.
"""

import time
from typing import NamedTuple

from django.db import connection
from django.db.models import Max

from ..models import ConsentEvent

_PAUSE = 0.01


class Watermark(NamedTuple):
    """through: no event has a higher id yet
    settled: no event can be committed with this id or a lower one any more; 0 where a transaction took too long to tell
    """

    through: int
    settled: int


def last_id() -> int:
    """The highest id that an event ever had; on PostgreSQL also one that was drawn and rolled back."""
    newest = ConsentEvent.objects.aggregate(Max("id"))["id__max"] or 0
    return max(newest, _last_drawn()) if connection.vendor == "postgresql" else newest


def of_ledger(patience: float) -> Watermark:
    """The watermark now, waiting at most `patience` seconds for transactions that are writing to the ledger.

    The last id is read before the writers are: one that begins later draws a higher id.
    """
    drawn = _last_drawn() if connection.vendor == "postgresql" else None
    newest = ConsentEvent.objects.aggregate(Max("id"))["id__max"] or 0
    if drawn is None:
        return Watermark(newest, newest)
    return Watermark(max(newest, drawn), drawn if _writers_end_within(patience) else 0)


def _last_drawn() -> int:
    with connection.cursor() as cursor:
        table = connection.ops.quote_name(ConsentEvent._meta.db_table)
        cursor.execute("SELECT pg_sequence_last_value(pg_get_serial_sequence(%s, 'id')::regclass)", [table])
        return cursor.fetchone()[0] or 0


def _writers_end_within(seconds: float) -> bool:
    """Whether all that are writing to the ledger now commit or roll back within that time."""
    deadline = time.monotonic() + seconds
    writers = _writers()
    while writers and time.monotonic() < deadline:
        time.sleep(_PAUSE)
        writers &= _writers()
    return not writers


def _writers() -> set[str]:
    """The other transactions that have written to the ledger. An INSERT takes this lock before it draws an id, and
    holds it until its event is visible to all."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT virtualtransaction FROM pg_locks WHERE relation = %s::regclass AND mode = 'RowExclusiveLock'"
            " AND granted AND pid IS DISTINCT FROM pg_backend_pid()"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [connection.ops.quote_name(ConsentEvent._meta.db_table)],
        )
        return {row[0] for row in cursor.fetchall()}
