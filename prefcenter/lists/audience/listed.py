"""What a list itself says of its contacts, read as imports read it; a no in it counts (law 13)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from prefcenter.lists.imports import ColumnAnswer, Misfit, formats
from prefcenter.lists.imports.columns import answers, consent, validating
from prefcenter.lists.imports.columns.answers import Answers
from prefcenter.lists.imports.columns.asking import Asking
from prefcenter.lists.imports.columns.other_addresses import OtherAddresses
from prefcenter.lists.imports.columns.questions import ColumnQuestion, QuestionKind
from prefcenter.lists.imports.columns.roles import Columns
from prefcenter.lists.imports.formats import FileFormat
from prefcenter.lists.reader import Row, Table
from unsubscribe.choices import Channel, Purpose, SuppressionReason

from .answering import COLUMNS

#: The reasons that hold for transactional mailings too (law 7).
_BLOCKS_ALL = {SuppressionReason.HARD_BOUNCE, SuppressionReason.MANUAL}
_NOTHING_SAID: Mapping[str, ColumnAnswer] = {}


class ListColumns:
    """Reads what the rows of one list say.

    count:      how many rows said no so far
    looks_like: the label of the export of opt-outs that has the same usual columns ("email, created") as this list, so
                that its rows may be opt-outs or not; "" if there is none. Its rows are not read as noes
    """

    def __init__(
        self,
        table: Table,
        *,
        purpose: Purpose,
        now: datetime,
        channel: Channel = Channel.EMAIL,
        said: Mapping[str, ColumnAnswer] = _NOTHING_SAID,
    ) -> None:
        """Reads no row of `table`.

        purpose: of the mailing; a transactional one is stopped only by what stops it at the gate
        now:     aware
        said:    what columns mean, by `answers.key` of their headings; it goes before what was kept

        Raises Misfit where `said` does not fit the table.
        """
        self._purpose = purpose
        form, self.looks_like = _certain(formats.recognise(table.columns, file_name="", titles=table.titles))
        ours = frozenset(name.replace("_", "") for name in COLUMNS)
        known = Answers(answers.kept(), said)
        self._columns = Columns(table, form, known, channel=channel, ours=ours)
        validating.columns_of(table, self._columns, said)
        self._asking = Asking(self._columns, now=now, channel=channel, is_for_contacts=True)
        self._others = OtherAddresses(table, self._columns, channel=channel, is_for_contacts=True)
        self._passed_over = Counter[str]()
        self._is_silent = self._columns.is_silent and not form.always.reason
        self.count = 0

    def noes(self, rows: Sequence[Row]) -> list[bool]:
        """Whether each of these rows says no; [] if no row of the list can. To be given all rows, in order."""
        if self._asking.has_columns:
            self._asking.add(rows)
        self._others.note(rows)
        self._passed_over.update(self._others.found().passed_over)
        if self._is_silent:
            return []
        found = [row.problem is None and self._is_no(self._columns.said(row.fields)) for row in rows]
        self.count += sum(found)
        return found

    @property
    def questions(self) -> list[ColumnQuestion]:
        """The open questions about columns that may say no, by the rows so far."""
        return [one for one in self._asking.questions if one.is_open and one.kind == QuestionKind.VALUES]

    @property
    def passed_over(self) -> dict[str, int]:
        """How many addresses further columns hold, by their headings, in the rows so far. They are not answered."""
        noticed = {one.column.heading: one.addresses for one in self._asking.with_addresses}
        return noticed | self._passed_over

    @property
    def misfit(self) -> str:
        """After all rows: what of `said` doesn't fit them, as a sentence; "" if it fits."""
        try:
            validating.values_of(self._asking, self._columns.answers)
        except Misfit as error:
            return str(error)
        return ""

    def _is_no(self, says: consent.Says) -> bool:
        if self._purpose == Purpose.TRANSACTIONAL:
            return says.reason in _BLOCKS_ALL
        return says.reason is not None


def _certain(form: FileFormat) -> tuple[FileFormat, str]:
    """The format and ""; or, for one that is recognised by usual headings alone, a table and the format's label."""
    if form.telling or not form.always.reason or form.key == formats.LIST.key:
        return form, ""
    return formats.ANY_TABLE, form.label
