"""Counts opt-outs, opt-downs, pauses, complaints, undos and returns, by step of a period and by source. Five
queries."""

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

#: A kind of LEAVING, and the source.
KindAndSource = tuple[EventKind, Source]
_KINDS_AND_SOURCES: list[KindAndSource] = [(kind, source) for kind in LEAVING for source in Source]
_COUNT = Func(template="COUNT(*)", output_field=BigIntegerField())
#: By which one count is multiplied, to get two in one number: their rows are in no index, and so are read once.
_BACK = 2**32
_COUNT_BOTH = Func(
    conditions.which_more(undone=1, back=_BACK),
    template="COALESCE(SUM(%(expressions)s), 0)",
    output_field=BigIntegerField(),
)


class EventCounts(NamedTuple):
    """The numbers of consent events in one span.

    by_source:   of the kinds in LEAVING, by kind and source
    by_provider: conditions.COMPLAINT_BY_PROVIDER
    by_api:      conditions.COMPLAINT_BY_API
    undone:      conditions.UNDONE
    back:        conditions.BACK
    """

    by_source: dict[KindAndSource, int]
    by_provider: int
    by_api: int
    undone: int
    back: int

    def of(self, *kinds: EventKind, source: Source | None = None) -> int:
        """The number of events of these kinds (of LEAVING), by one source or by all."""
        wanted = [(kind, one) for kind in kinds for one in (Source if source is None else (source,))]
        return sum(self.by_source[one] for one in wanted)

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
    """What was counted for a selection.

    steps:         in the order of the period's buckets
    before:        in the span that the period is compared with
    kept:          how many saves on a page chose fewer messages
    came_to_leave: how many saves on a page chose fewer messages or none
    """

    steps: Sequence[tuple[Bucket, EventCounts]]
    total: EventCounts
    before: EventCounts
    kept: int
    came_to_leave: int


def count(selection: Selection) -> Counted:
    """Counts the events of the selection."""
    period = selection.period
    before, *steps = _counts(selection, [period.before, *(one.span for one in period.buckets)])
    kept, left = _visits(selection)
    return Counted(list(zip(period.buckets, steps, strict=True)), _sum(steps), before, kept, kept + left)


def ever() -> bool:
    """Whether the ledger has any events."""
    return ConsentEvent.objects.exists()


def _sum(steps: Sequence[EventCounts]) -> EventCounts:
    by_source = {which: sum(one.by_source[which] for one in steps) for which in _KINDS_AND_SOURCES}
    return EventCounts(by_source, *(sum(getattr(one, name) for one in steps) for name in EventCounts._fields[1:]))


def _visits(selection: Selection) -> tuple[int, int]:
    """How many saves on a page chose fewer messages, and how many none. The events of one save have one time, and times
    are in the index; looking up contacts would take as long as the rest of the page."""
    on_page = selection.events().filter(during(selection.period.span), source=Source.PAGE)
    stayed_off = {line.at for line in selection.stayed_off(selection.period.span) if line.source == Source.PAGE}
    kept, left = on_page.filter(kind__in=LESS), on_page.filter(kind=EventKind.OPT_OUT)
    return _times(kept), _times(left) - len(stayed_off)


def _times(lines: QuerySet[ConsentEvent]) -> int:
    """The number of different times."""
    return int(lines.order_by().aggregate(moments=Count("at", distinct=True))["moments"])


def _counts(selection: Selection, spans: Sequence[Span]) -> list[EventCounts]:
    in_span = Q(at__gte=RawSQL("span.since", []), at__lt=RawSQL("span.until", []))
    lines = selection.events().filter(in_span)
    by_source = [lines.filter(kind=kind, source=source).values(lines=_COUNT) for kind, source in _KINDS_AND_SOURCES]
    complained = [
        lines.filter(one).values(lines=_COUNT)
        for one in (conditions.COMPLAINT_BY_PROVIDER, conditions.COMPLAINT_BY_API)
    ]
    in_index = _ask(spans, *by_source, complained[0])
    more = lines.filter(conditions.MORE).values(lines=_COUNT_BOTH)
    looked_at = _ask(spans, more, complained[1])
    stayed_off = map(selection.stayed_off, spans)
    return [_put(*parts) for parts in zip(in_index, looked_at, stayed_off, strict=True)]


def _put(in_index: Sequence[int], looked_at: Sequence[int], stayed_off: Sequence[StayedOff]) -> EventCounts:
    *lines, by_provider = in_index
    both, by_api = looked_at
    back, undone = divmod(int(both), _BACK)
    by_source = Counter(dict(zip(_KINDS_AND_SOURCES, lines, strict=True)))
    by_source.subtract((EventKind.OPT_OUT, line.source) for line in stayed_off)
    return EventCounts(by_source, by_provider, by_api, undone, back)


def _ask(spans: Sequence[Span], *questions: Any) -> list[tuple[int, ...]]:
    """A row for each span, a column for each question, counted along the index ledger_by_kind.

    A GROUP BY would sort a million events on SQLite, and compute the days of their times in Python.
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
