"""Writes a year like the demo's past, only larger: more happens at the same moment, so that verbs take many at once."""

from datetime import datetime
from typing import NamedTuple

from django.db import connection

from prefcenter.demo import history
from prefcenter.demo.history import OnProgress, Plan, Written

from . import categories

#: Of the indexes, in kB. With SQLite's own 2 MB it reads and writes the same pages over and over.
SQLITE_CACHE = 500_000
#: So often a day something happens. Each time costs one call of each verb.
TIMES_A_DAY = 2


class Size(NamedTuple):
    events: int = 1_000_000
    contacts: int = 250_000
    days: int = 365


def write(size: Size, *, seed: int, now: datetime, on_progress: OnProgress = lambda percent: None) -> Written:
    """So many days that end `now` (aware): that many contacts, and that many events but for a handful. The same seed,
    the same year. It is there as a whole, or not at all."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA cache_size = -{SQLITE_CACHE}")
    categories.make_missing()
    at_once = max(1, size.events // size.days // TIMES_A_DAY)
    plan = Plan(size.contacts, size.events, size.days, at_once=at_once, are_left=True)
    made = history.write(plan, seed=seed, now=now, on_progress=on_progress)
    with connection.cursor() as cursor:
        # A million rows that the planner knows nothing of would make every figure a lottery.
        cursor.execute("VACUUM ANALYZE" if _may_vacuum() else "ANALYZE")
    return made


def _may_vacuum() -> bool:
    return connection.vendor == "postgresql" and not connection.in_atomic_block
