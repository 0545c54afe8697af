"""Takes the no's of a file, and says beforehand what that would change. A yes is not imported: it lifts nothing."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from ... import rules
from ...choices import Channel, EventKind, PreferenceState, SuppressionReason
from ...ledger.events import suppressed
from ...links import Target
from ...models import Address, Preference, Suppression
from ..joining import own_noes
from ..joining.sharing import share
from ..known import known
from ..origin import Origin
from ..wanted import Wanted
from . import sql
from .dialects import Row
from .narrowing import NOTHING, Narrowed, narrow
from .staging import StagingTable, staged


class ImportedNo(NamedTuple):
    """Somebody's no, as a file has it. `value` is the normalised address, "" where only its hash is known; `at` when
    they said it, if the file says so; aware, and a moment to come counts as now."""

    digest: bytes
    value: str = ""
    at: datetime | None = None


class ImportedCounts(NamedTuple):
    """Of how many addresses something was written; it was so already; the person said yes later than `at`, so that it
    was left as it is. Each address counts once, however often the file has it."""

    new: int
    already: int
    overtaken: int


class _Wish(NamedTuple):
    channel: Channel
    reason: SuppressionReason
    category_id: int | None
    campaign_id: int | None
    everywhere: bool
    origin: Origin

    @property
    def scope(self) -> sql.Statements:
        if self.category_id is not None:
            return sql.CATEGORY
        return sql.EVERYWHERE if self.everywhere else sql.ADDRESS

    def narrowed(self, staging: StagingTable, rows: Sequence[Row]) -> Narrowed:
        """A yes to one thing speaks against the person's own no, and against no bounce."""
        if self.category_id is not None or self.reason not in rules.OWN_NO or not _has_times(rows):
            return NOTHING
        return narrow(staging.take_out(sql.rows.drop_narrowed), rows, channel=self.channel, everywhere=self.everywhere)

    def share(self, staging: StagingTable) -> None:
        """A no to all of the channel holds for the addresses that were joined."""
        if self.scope is sql.ADDRESS and self.reason in rules.OWN_NO:
            share(staging.address_ids(sql.rows.OF_SEVERAL), self.reason, self.origin)

    def keep_own_noes(self, address_ids: Sequence[int]) -> None:
        if address_ids and self.category_id is not None:
            rows = Address.objects.filter(id__any_of=address_ids).select_related("contact").order_by("id")
            no = {"state": PreferenceState.UNSUBSCRIBED}
            said = [Wanted(one.pk, self.category_id, no, self.channel, self.campaign_id) for one in rows]
            own_noes.keep(said, {one.pk: one for one in rows}, self.origin)

    @property
    def params(self) -> dict[str, Any]:
        is_opt_out = self.reason == SuppressionReason.UNSUBSCRIBED_ALL
        return {
            "channel": str(self.channel),
            "reason": str(self.reason),
            "category_id": self.category_id,
            "campaign_id": self.campaign_id,
            "kind": str(EventKind.OPT_OUT if is_opt_out else EventKind.SUPPRESS),
            "before": json.dumps(suppressed()),
            "after": json.dumps(suppressed(self.reason)),
            **self.origin._asdict(),
            "source": str(self.origin.source),
            "everywhere": self.everywhere,
            "model": (Suppression if self.category_id is None else Preference)._meta.model_name,
            "overtaking": rules.OWN_NO if self.reason in rules.OWN_NO else {self.reason},
        }


def import_opt_outs(
    said: Sequence[ImportedNo],
    origin: Origin,
    *,
    channel: Channel,
    reason: SuppressionReason = SuppressionReason.UNSUBSCRIBED_ALL,
    category_id: int | None = None,
    everywhere: bool = False,
    campaign_id: int | None = None,
) -> ImportedCounts:
    """No more of this category on this channel; without one, a block for `reason` of each address;
    `everywhere`, of every address of their contacts, also those learnt later.

    Whoever is unknown becomes a contact, without a value where only the hash is known; a later file that knows the
    value fills it in. Nobody gets a mail about it. `at` is no time in the ledger: it is compared with what was said
    since, a yes of the person to the same category, or the lifting of a block of the same address. Who said no to
    everything and yes to something later keeps that, and leaves the other categories. Of who was erased it counts as so
    already.
    """
    wish = _wish(category_id, channel, reason, origin, everywhere=everywhere, campaign_id=campaign_id)
    rows = _rows(said, now=origin.now)
    with staged(rows, **wish.params) as staging:
        staging.learn(mark_set=wish.scope.mark_set)
        staging.run(sql.rows.fill)
        beside = staging.address_ids(sql.rows.BESIDE) if category_id is not None else []
        overtaken, narrowed = _left_out(staging, wish, rows)
        _write(staging, wish)
        new = staging.open_rows() + narrowed.write(origin)
        wish.share(staging)
        wish.keep_own_noes(beside)
    return ImportedCounts(new, len(rows) - new - overtaken, overtaken)


def _left_out(staging: StagingTable, wish: _Wish, rows: Sequence[Row]) -> tuple[int, Narrowed]:
    """How many said yes since, and what is left of the no of those who said yes to something; both are taken out."""
    overtaken = staging.run(wish.scope.drop_overtaken) if _has_times(rows) else 0
    narrowed = wish.narrowed(staging, rows)
    staging.run(wish.scope.mark_repeated)
    return overtaken + narrowed.overtaken, narrowed


def _write(staging: StagingTable, wish: _Wish) -> None:
    scope = wish.scope
    note = sql.again.forget_imports if wish.origin.import_id is None else sql.again.note_import
    again = (scope.find_again, sql.again.record_again, note, scope.move_on)
    for statement in (*again, scope.record, scope.change, scope.widen):
        staging.run(statement)


def preview_opt_outs(
    said: Sequence[ImportedNo],
    origin: Origin,
    *,
    channel: Channel,
    reason: SuppressionReason = SuppressionReason.UNSUBSCRIBED_ALL,
    category_id: int | None = None,
    everywhere: bool = False,
    campaign_id: int | None = None,
) -> ImportedCounts:
    """What import_opt_outs would answer. Nothing is written."""
    wish = _wish(category_id, channel, reason, origin, everywhere=everywhere, campaign_id=campaign_id)
    rows = _rows(said, now=origin.now)
    with staged(rows, **wish.params) as staging:
        staging.match(reserve=False)
        staging.run(wish.scope.mark_set)
        overtaken, narrowed = _left_out(staging, wish, rows)
        new = staging.open_rows() + narrowed.new
    return ImportedCounts(new, len(rows) - new - overtaken, overtaken)


def _wish(
    category_id: int | None,
    channel: Channel,
    reason: SuppressionReason,
    origin: Origin,
    *,
    everywhere: bool,
    campaign_id: int | None,
) -> _Wish:
    """About everything, where the category is none that people can choose: too much, rather than too little."""
    if category_id is not None and reason != SuppressionReason.UNSUBSCRIBED_ALL:
        raise ValueError("Only an opt-out is about a category.")
    if category_id is not None and everywhere:
        raise ValueError("Everywhere is about everything, and not about a category.")
    wanted = Target(0, category_id, campaign_id)
    [target] = known([wanted], is_lost=lambda target: target._replace(category_id=None))
    return _Wish(channel, reason, target.category_id, target.campaign_id, everywhere, origin)


def _rows(said: Iterable[ImportedNo], *, now: datetime) -> list[Row]:
    """Each address once: with its value, if one of its rows has it, and as of its last no. One without a time is the
    last; what is said to come is as of now."""
    rows: dict[bytes, Row] = {}
    for position, (digest, value, at) in enumerate(said):
        row = (digest, value, min(at, now) if at else None, position)
        rows[digest] = _joined(rows[digest], row) if digest in rows else row
    return [rows[digest] for digest in sorted(rows)]


def _has_times(rows: Sequence[Row]) -> bool:
    return any(at for _, _, at, _ in rows)


def _joined(earlier: Row, later: Row) -> Row:
    digest, value, at, position = earlier
    at = max(at, later[2]) if at and later[2] else None
    return digest, value or later[1], at, position
