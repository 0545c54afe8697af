"""The rows of one call, in temporary tables (sql/) for as long as the call takes. It runs statements and decides
nothing."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from ... import rules
from ...choices import SuppressionReason
from . import dialects
from .dialects import Dialect, Row
from .sql import Statement, rows


class StagingTable:
    def __init__(self, cursor: Any, dialect: Dialect, params: dict[str, Any]) -> None:
        self.cursor = cursor
        self.dialect = dialect
        self.params = params

    def run(self, statement: Statement | None, **params: Any) -> int:
        """How many rows it changed; none, where a scope has no such statement."""
        if statement is None:
            return 0
        self.cursor.execute(statement(self.dialect), self.params | params)
        return int(self.cursor.rowcount)

    def match(self, *, reserve: bool) -> None:
        self.run(rows.match, reserve=reserve)

    def take_out(self, statement: Statement) -> list[bytes]:
        """The digests of the rows that it took out of `matched`."""
        self.cursor.execute(statement(self.dialect), self.params)
        return [bytes(digest) for (digest,) in self.cursor.fetchall()]

    def count(self) -> Sequence[int]:
        """See rows.COUNT."""
        self.cursor.execute(rows.COUNT)
        counts: Sequence[int] = self.cursor.fetchone()
        return counts

    def open_rows(self) -> int:
        """Of how many rows something is to be written."""
        new, known, _ = self.count()
        return int(new + known)

    def address_ids(self, select: str) -> list[int]:
        """`select`: rows.OF_SEVERAL or rows.BESIDE."""
        self.cursor.execute(select)
        return [id_ for (id_,) in self.cursor.fetchall()]

    def learn(self, *, mark_set: Statement | None = None) -> int:
        """Matches the rows, and makes contacts of who is unknown; with `mark_set`, who was known is locked. How many
        were new.

        Whoever was learnt or moved by somebody else in the meantime would have to be locked out of order. So it is all
        taken back, and in the next round they are known like everybody else.
        """
        while True:
            with transaction.atomic():
                self.match(reserve=True)
                self.run(mark_set)
                new, _, known = self.count()
                to_lock = mark_set if known else None
                if (to_lock is None or self._locked(to_lock)) and (not new or self._learnt(new)):
                    return new
                transaction.set_rollback(True)

    def _locked(self, mark_set: Statement) -> bool:
        if not self.dialect.has_other_writers:
            return True
        self.run(rows.lock)
        self.run(mark_set)  # what is true now, and no longer changes
        return not self.run(rows.moved)

    def _learnt(self, new: int) -> bool:
        self.run(rows.learn_contacts)
        return self.run(rows.learn_addresses) == new


@contextmanager
def staged(
    some: Sequence[Row],
    *,
    now: datetime,
    language: str = "",
    only_chosen: bool = False,
    overtaking: Iterable[SuppressionReason] = (),
    **params: Any,
) -> Iterator[StagingTable]:
    """Within one transaction, that of whoever calls if there is one. The statements may name all of these parameters.

    `some`: each address once, in the order of the digests. `overtaking`: the end of a suppression for one of these
    reasons overtakes an older no.
    """
    dialect = dialects.current()
    params |= {
        "now": connection.ops.adapt_datetimefield_value(now),
        "language": language,
        "only_chosen": only_chosen,
        "overtaking": dialect.array(sorted(map(str, overtaking))),
        "own_voice": dialect.array(sorted(map(str, rules.OWN_VOICE))),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        dialect.load(cursor, some)
        yield StagingTable(cursor, dialect, params)
        cursor.execute("DROP TABLE IF EXISTS again")
        cursor.execute("DROP TABLE matched")
        cursor.execute("DROP TABLE staged")
