"""Up to which line the ledger is settled: where nothing can appear any more. It takes no lock anybody could wait for.

An id is drawn before its line is committed, so a line may appear below others that have long been read. On SQLite
writers come one after the other, and the newest line is the watermark. On PostgreSQL it is the last id drawn, once
everybody who was writing to the ledger at that moment has ended.
"""

import time
from typing import NamedTuple

from django.db import connection
from django.db.models import Max

from ..models import ConsentEvent

_PAUSE = 0.01


class Watermark(NamedTuple):
    """Lines are there `through` this id; up to `settled` none can come any more. 0: somebody writes for long."""

    through: int
    settled: int


def last_id() -> int:
    """No line has, or had, a higher id: it was the last to be drawn, even if its line was given up."""
    newest = ConsentEvent.objects.aggregate(Max("id"))["id__max"] or 0
    return max(newest, _last_drawn()) if connection.vendor == "postgresql" else newest


def of_ledger(patience: float) -> Watermark:
    """Waits at most `patience` seconds for those who are writing right now.

    In this order: what is drawn, then who is writing. Who begins to write later draws a higher id.
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
    """Whether those who are writing to the ledger now have committed, or given up, in that time."""
    deadline = time.monotonic() + seconds
    writers = _writers()
    while writers and time.monotonic() < deadline:
        time.sleep(_PAUSE)
        writers &= _writers()
    return not writers


def _writers() -> set[str]:
    """The other transactions that have written to the ledger. An INSERT takes this lock before it draws an id, and
    gives it back when all can see its line."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT virtualtransaction FROM pg_locks WHERE relation = %s::regclass AND mode = 'RowExclusiveLock'"
            " AND granted AND pid IS DISTINCT FROM pg_backend_pid()"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [connection.ops.quote_name(ConsentEvent._meta.db_table)],
        )
        return {row[0] for row in cursor.fetchall()}
