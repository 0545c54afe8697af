"""Reads this site's own export of opt-outs (lists.suppressions, the tables for people).

Each line is about its own channel. "Left the category" is a no to that category; "Did not choose the category" is no
opt-out, because not choosing is no act.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from django.utils import timezone

from prefcenter.lists import spreadsheets, suppressions
from prefcenter.lists.reader import Row, folded
from prefcenter.lists.suppressions.query import LEFT, NOT_CHOSEN, REASONS
from prefcenter.models import ImportKind
from unsubscribe.addresses import redact
from unsubscribe.choices import Channel, Purpose, SuppressionReason
from unsubscribe.models import Category

from .columns import cells, consent
from .columns.consent import Says
from .columns.dates import DateOrder, moment

#: The names of the columns, folded, by which the export is recognised. The others may have been taken out.
COLUMNS = frozenset(map(folded, suppressions.EXPORT_FORMATS["csv"].header)) - {"source", "campaign", "date", "contact"}
NOT_CHOSEN_SAYS_NOTHING = "they never chose the category, which is not an opt-out"
NO_CONTACTS = "this is an export of opt-outs, not contacts: import it as opt-outs"
NO_ADDRESS = (
    "the address is missing (erased, or only its hash was ever known), so no contact can be found for this line"
)
NO_CHANNEL = "unknown channel “{}”"
NO_REASON = "unknown reason: it is not one that exports of this site contain"
NO_CATEGORY = "there is no category “{}” here: create it first, or rename yours to match the file"
UNNAMED_CATEGORY = "the category that they left is missing"
SEVERAL_CATEGORIES = "several categories are named “{}” here, so it is unclear which one they left"
#: How many letters of an unknown name are shown.
_LONGEST_NAME = 60

_REASONS = {cells.folded(label): reason for reason, label in REASONS.items()}


class OwnLine(NamedTuple):
    """What a line says."""

    channel: Channel
    reason: SuppressionReason
    #: None: everything.
    category_id: int | None
    #: When, aware; None where that is not known.
    at: datetime | None


class Refusal(Exception):
    """Why a line is not taken, as `problem`.

    is_refused:  it is understood, and not taken
    is_unplaced: it says no, but to what or on which channel is not known here
    """

    def __init__(self, problem: str, *, is_refused: bool = False, is_unplaced: bool = False) -> None:
        super().__init__(problem)
        self.problem, self.is_refused, self.is_unplaced = problem, is_refused, is_unplaced


def is_ours(columns: Sequence[str]) -> bool:
    """Whether these headings are those of the export."""
    return set(map(folded, columns)) >= COLUMNS


class OwnLines:
    """Reads the lines of one file; the categories are looked up once.

    kind:    contacts are refused, line by line
    channel: of lines that name none
    meant:   reads a reason that this site doesn't have
    dated:   reads a date
    """

    def __init__(
        self,
        columns: Sequence[str],
        *,
        kind: ImportKind,
        channel: Channel,
        meant: Callable[[str], Says],
        dated: Callable[[str], datetime | None],
    ) -> None:
        self._indexes = {name: index for index, name in reversed(list(enumerate(map(folded, columns))))}
        self._kind, self._channel, self._meant, self._dated = kind, channel, meant, dated

    def said(self, row: Row) -> OwnLine:
        """What a row says. Raises Refusal where it is not taken."""
        if self._kind == ImportKind.CONTACTS:
            raise Refusal(NO_CONTACTS, is_refused=True)
        label = self._cell(row, "reason")
        reason = _REASONS.get(cells.folded(label))
        if reason == NOT_CHOSEN:
            raise Refusal(NOT_CHOSEN_SAYS_NOTHING, is_refused=True)
        if not row.address:
            raise Refusal(NO_ADDRESS, is_refused=True)
        at = self._dated(self._cell(row, "date"))
        if reason is None:
            return self._as_meant(row, self._meant(label), at)
        if reason == LEFT:
            category_id = self._category(row.fields[self._indexes["category"]])
            return OwnLine(self._on(row), SuppressionReason.UNSUBSCRIBED_ALL, category_id, at)
        # A contact that was erased there gets no more marketing from here.
        is_erased = reason == SuppressionReason.ERASED
        block = SuppressionReason.UNSUBSCRIBED_ALL if is_erased else SuppressionReason(reason)
        return OwnLine(self._on(row), block, None, at)

    def _as_meant(self, row: Row, says: Says, at: datetime | None) -> OwnLine:
        """What a row with another reason says, by the answer about it. One that names a category is about it alone."""
        if says == consent.UNKNOWN or says.reason is None:
            raise Refusal(NO_REASON if says == consent.UNKNOWN else says.refusal, is_refused=says != consent.UNKNOWN)
        category = row.fields[self._indexes["category"]]
        is_of_one = says.reason == SuppressionReason.UNSUBSCRIBED_ALL and category.strip()
        return OwnLine(self._on(row), says.reason, self._category(category) if is_of_one else None, at)

    @cached_property
    def _categories(self) -> dict[str, set[int]]:
        found: dict[str, set[int]] = defaultdict(set)
        for one in Category.objects.filter(purpose=Purpose.MARKETING).only("id", "name"):
            for spelling in spreadsheets.spellings(one.name):
                found[spelling].add(one.pk)
        return found

    def _on(self, row: Row) -> Channel:
        channel = cells.folded(self._cell(row, "channel"))
        if channel and channel not in Channel.values:
            raise Refusal(NO_CHANNEL.format(_shown(channel)), is_unplaced=True)
        return Channel(channel) if channel else self._channel

    def _category(self, cell: str) -> int:
        found = self._categories.get(cell.strip(), set())
        if len(found) > 1:
            raise Refusal(SEVERAL_CATEGORIES.format(_shown(cell)), is_unplaced=True)
        if not found:
            raise Refusal(NO_CATEGORY.format(_shown(cell)) if cell.strip() else UNNAMED_CATEGORY, is_unplaced=True)
        return next(iter(found))

    def _cell(self, row: Row, name: str) -> str:
        return row.fields[self._indexes[name]].strip() if name in self._indexes else ""


def _shown(name: str) -> str:
    return redact(name.strip())[:_LONGEST_NAME]


def telling(cell: str) -> Says:
    """What a reason says, whatever the channel and category of its line. UNKNOWN for one that this site lacks."""
    reason = _REASONS.get(cells.folded(cell))
    if reason == NOT_CHOSEN:
        return consent.SUBSCRIBED
    if reason in {LEFT, SuppressionReason.ERASED}:
        return Says(consent.UNSUBSCRIBED)
    return Says(SuppressionReason(reason)) if reason else consent.UNKNOWN


def moment_of(text: str, *, now: datetime, order: DateOrder | None = None) -> datetime | None:
    """A date of the export: the end of its minute in the site's time zone, the later one where the hour comes twice,
    and not later than `now` (aware). What a spreadsheet has rewritten is read by dates.moment; None for no date."""
    try:
        naive = datetime.strptime(text.strip()[:16], "%Y-%m-%d %H:%M")  # noqa: DTZ007  (it is made aware below)
    except ValueError:
        return moment(text, now=now, order=order)
    aware = max(naive.replace(tzinfo=timezone.get_default_timezone(), fold=fold) for fold in (0, 1))
    return min(aware + timedelta(seconds=59, microseconds=999_999), now)
