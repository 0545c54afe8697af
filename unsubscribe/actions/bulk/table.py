"""The rows of one call, in the database for as long as the call takes. It walks the steps and decides nothing."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from ... import rules
from ...choices import SuppressionReason
from . import on_postgresql, on_sqlite
from .alike import SAID_BESIDE, SAID_BY_ONE_OF_SEVERAL
from .steps import Row, Steps

_STEPS = {"postgresql": on_postgresql.STEPS, "sqlite": on_sqlite.STEPS}


class StagingTable:
    def __init__(self, cursor: Any, steps: Steps, params: dict[str, Any]) -> None:
        self.cursor = cursor
        self.steps = steps
        self.params = params

    def run(self, step: str, **params: Any) -> int:
        """How many rows it changed."""
        if not step:
            return 0
        self.cursor.execute(step, self.params | params)
        return int(self.cursor.rowcount)

    def taken_out(self, step: str) -> list[bytes]:
        """The digests of the rows that it took out of `found`."""
        self.cursor.execute(step, self.params)
        return [bytes(digest) for (digest,) in self.cursor.fetchall()]

    def tally(self) -> Sequence[int]:
        self.cursor.execute(self.steps.tally)
        return self.cursor.fetchone()

    def remaining(self) -> int:
        """How many rows are not marked."""
        unknown, open_, _ = self.tally()
        return int(unknown + open_)

    def said_by_one_of_several(self) -> list[int]:
        """The addresses at whose contact one was joined to another."""
        self.cursor.execute(SAID_BY_ONE_OF_SEVERAL)
        return [id_ for (id_,) in self.cursor.fetchall()]

    def said_beside(self) -> list[int]:
        """The addresses that came to their contact beside another one, and are pending."""
        self.cursor.execute(SAID_BESIDE)
        return [id_ for (id_,) in self.cursor.fetchall()]

    def learn(self, *, mark_so: str = "") -> int:
        """Everybody is known then; with `mark_so`, who was known is locked. How many were new.

        Whoever was learnt or moved by somebody else in the meantime would have to be locked out of order. So it is all
        taken back, and in the next round they are known like everybody else.
        """
        while True:
            with transaction.atomic():
                self.run(self.steps.find, reserve=True)
                self.run(mark_so)
                new, _, known = self.tally()
                to_lock = mark_so and known
                if (not to_lock or self._locked(mark_so)) and (not new or self._learnt(new)):
                    return new
                transaction.set_rollback(True)

    def _locked(self, mark_so: str) -> bool:
        self.run(self.steps.lock)
        self.run(mark_so)  # what is true now, and no longer changes
        return not self.run(self.steps.moved)

    def _learnt(self, new: int) -> bool:
        self.run(self.steps.learn_contacts)
        return self.run(self.steps.learn_addresses) == new


@contextmanager
def table(
    rows: Sequence[Row],
    *,
    now: datetime,
    language: str = "",
    only_chosen: bool = False,
    overtaking: Iterable[SuppressionReason] = (),
    **params: Any,
) -> Iterator[StagingTable]:
    """Within one transaction, that of whoever calls if there is one. The steps may name all of these parameters.

    `overtaking`: the end of a block for one of these reasons overtakes an older no.
    """
    steps = _STEPS[connection.vendor]
    params |= {
        "now": connection.ops.adapt_datetimefield_value(now),
        "language": language,
        "only_chosen": only_chosen,
        "overtaking": steps.words(overtaking),
        "own_voice": steps.words(rules.OWN_VOICE),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        steps.load(cursor, rows)
        yield StagingTable(cursor, steps, params)
        cursor.execute("DROP TABLE IF EXISTS again")
        cursor.execute("DROP TABLE found")
        cursor.execute("DROP TABLE said")
