"""How many opted out, took less, undid it or came back, step by step, and by which door. Five queries, unsorted."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import BigIntegerField, Count, Func, Q, QuerySet
from django.db.models.expressions import RawSQL

from unsubscribe.choices import EventKind, Source
from unsubscribe.models import ConsentEvent

from . import conditions
from .conditions import LEAVING, LESS
from .period import Bucket, Span
from .selection import Selection, StayedOff, during

Door = tuple[EventKind, Source]
_DOORS: list[Door] = [(kind, source) for kind in LEAVING for source in Source]
_COUNT = Func(template="COUNT(*)", output_field=BigIntegerField())
#: Two counts in one number: what these lines say stands in no index, so they are looked at once.
_BACK = 2**32
_COUNT_BOTH = Func(
    conditions.which_more(undone=1, back=_BACK),
    template="COALESCE(SUM(%(expressions)s), 0)",
    output_field=BigIntegerField(),
)


class Wishes(NamedTuple):
    """Lines of the ledger in one span. `doors`: those of LEAVING by kind and door."""

    doors: dict[Door, int]
    by_provider: int
    by_api: int
    undone: int
    back: int

    def of(self, *kinds: EventKind, source: Source | None = None) -> int:
        wanted = [(kind, one) for kind in kinds for one in (Source if source is None else (source,))]
        return sum(self.doors[door] for door in wanted)

    @property
    def opt_outs(self) -> int:
        return self.of(EventKind.OPT_OUT)

    @property
    def opt_downs(self) -> int:
        return self.of(EventKind.OPT_DOWN)

    @property
    def pauses(self) -> int:
        return self.of(EventKind.PAUSE)

    @property
    def complaints(self) -> int:
        return self.by_provider + self.by_api

    @property
    def total(self) -> int:
        return self.of(*LEAVING) + self.complaints + self.undone + self.back


class Counted(NamedTuple):
    """`steps` in the order of the period's buckets; `before` the span that it is compared with.

    `came_to_leave`: how often somebody did, through a page, where less is offered; `kept`: how often they took that.
    """

    steps: Sequence[tuple[Bucket, Wishes]]
    total: Wishes
    before: Wishes
    kept: int
    came_to_leave: int


def count(selection: Selection) -> Counted:
    period = selection.period
    before, *steps = _wishes(selection, [period.before, *(one.span for one in period.buckets)])
    kept, left = _visits(selection)
    return Counted(list(zip(period.buckets, steps, strict=True)), _sum(steps), before, kept, kept + left)


def ever() -> bool:
    """Whether the ledger holds anything at all."""
    return ConsentEvent.objects.exists()


def _sum(steps: Sequence[Wishes]) -> Wishes:
    doors = {door: sum(one.doors[door] for one in steps) for door in _DOORS}
    return Wishes(doors, *(sum(getattr(one, name) for one in steps) for name in Wishes._fields[1:]))


def _visits(selection: Selection) -> tuple[int, int]:
    """How often somebody took less on a page, and how often somebody left there. The lines of one save bear one time,
    which stands in the index; whose they are does not, and to look it up takes as long as the rest of the page."""
    on_page = selection.events().filter(during(selection.period.span), source=Source.PAGE)
    stayed_off = {line.at for line in selection.stayed_off(selection.period.span) if line.source == Source.PAGE}
    kept, left = on_page.filter(kind__in=LESS), on_page.filter(kind=EventKind.OPT_OUT)
    return _moments(kept), _moments(left) - len(stayed_off)


def _moments(lines: QuerySet[ConsentEvent]) -> int:
    return int(lines.order_by().aggregate(moments=Count("at", distinct=True))["moments"])


def _wishes(selection: Selection, spans: Sequence[Span]) -> list[Wishes]:
    in_span = Q(at__gte=RawSQL("span.since", []), at__lt=RawSQL("span.until", []))
    lines = selection.events().filter(in_span)
    by_door = [lines.filter(kind=kind, source=source).values(lines=_COUNT) for kind, source in _DOORS]
    complained = [
        lines.filter(one).values(lines=_COUNT)
        for one in (conditions.COMPLAINT_BY_PROVIDER, conditions.COMPLAINT_BY_API)
    ]
    in_index = _ask(spans, *by_door, complained[0])
    more = lines.filter(conditions.MORE).values(lines=_COUNT_BOTH)
    looked_at = _ask(spans, more, complained[1])
    stayed_off = map(selection.stayed_off, spans)
    return [_put(*parts) for parts in zip(in_index, looked_at, stayed_off, strict=True)]


def _put(in_index: Sequence[int], looked_at: Sequence[int], stayed_off: Sequence[StayedOff]) -> Wishes:
    *lines, by_provider = in_index
    both, by_api = looked_at
    back, undone = divmod(int(both), _BACK)
    doors = Counter(dict(zip(_DOORS, lines, strict=True)))
    doors.subtract((EventKind.OPT_OUT, line.source) for line in stayed_off)
    return Wishes(doors, by_provider, by_api, undone, back)


def _ask(spans: Sequence[Span], *questions: Any) -> list[tuple[int, ...]]:
    """A row for each span, a column for each question. Each counts its own stretches of the index ledger_by_kind.

    A GROUP BY would sort a million lines on SQLite, and cut their times into days in Python.
    """
    columns = [one.query.sql_with_params() for one in questions]
    values, bounds = _values(spans)
    sql = f"WITH span(place, since, until) AS (VALUES {values}) SELECT {', '.join(f'({sql})' for sql, _ in columns)}"
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} FROM span ORDER BY place", [*bounds, *(one for _, params in columns for one in params)])
        rows: list[tuple[int, ...]] = cursor.fetchall()
    return rows


def _values(spans: Sequence[Span]) -> tuple[str, list[Any]]:
    row = "(%s, %s, %s)" if connection.vendor == "sqlite" else "(%s, %s::timestamptz, %s::timestamptz)"
    bounds = [value for place, span in enumerate(spans) for value in (place, *map(_stored, span))]
    return ", ".join([row] * len(spans)), bounds


def _stored(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)
