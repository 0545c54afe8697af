"""Turns the rows of a table into what the engine takes; of a row that can't be taken, its line number and why."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import BinaryIO, NamedTuple

from prefcenter.lists import spreadsheets
from prefcenter.lists.reader import NOT_AN_ADDRESS, NoAddressColumnError, Row, Table, hashes, open_table
from prefcenter.models import ImportKind
from prefcenter.web import languages
from unsubscribe import addresses
from unsubscribe.addresses import domains
from unsubscribe.choices import Channel, SuppressionReason
from unsubscribe.errors import InvalidAddress, InvalidDomain, PublicMailDomain

from . import formats, own
from .columns import consent
from .columns.answers import Answers
from .columns.asking import Asking
from .columns.consent import Says
from .columns.other_addresses import OtherAddressCounts, OtherAddresses
from .columns.roles import Columns
from .formats import FileFormat
from .own import OwnLines

#: How many rows are read, imported and recorded together.
ROWS = 10_000
ANOTHER_HASH = "this looks like an MD5 or SHA-1 hash; only SHA-256 hashes can be imported"
NOBODY = "a hash can’t be imported as a contact"
ELSEWHERE = "this line is for another channel: import the file again for that channel"
NO_ADDRESS_THERE = "this line is for another channel, and its address there is not valid"
NOT_A_DOMAIN = "this is not a domain that can be suppressed"
PUBLIC_DOMAIN = "this is a public email provider: its domain is never suppressed as a whole"
NOBODY_THERE = "this is a whole domain, which can’t be imported as a contact"
NO_CATEGORY = "a whole domain can only opt out of everything: import the file again without a category for this line"
SAYS_NO = "the file or its name says that this person opted out: import it as opt-outs"
BELOW_A_WORD = "line {:,} is a heading for the lines below it: move them to a separate file"
NOBODY_SAID = Answers()


class ImportOptions(NamedTuple):
    """What was chosen for a file."""

    kind: ImportKind
    channel: Channel = Channel.EMAIL  # of its addresses
    reason: SuppressionReason | None = None  # of all rows that don't say yes; None: as the file says
    category_id: int | None = None  # what noes are about; None: everything


class ImportRow(NamedTuple):
    """A row that can be taken."""

    digest: bytes  # of the address; b"" of a whole domain
    value: str  # normalised; "" where only the hash is known, `@corp.example` for a whole domain
    reason: SuppressionReason
    at: datetime | None  # when they said no, aware; None: the file doesn't say
    language: str  # of the site; "" for none
    channel: Channel | None = None  # None: as in ImportOptions
    category_id: int | None = None  # the only one that this row is about; None: as in ImportOptions

    @property
    def domain(self) -> str:
        """The domain that is meant as a whole; "" for a row about one address."""
        return "" if self.digest else self.value[1:]


class Bad(NamedTuple):
    """A row that can't be taken."""

    line: int
    problem: str  # for people, without an address
    is_refused: bool  # it is understood, and not taken
    is_unplaced: bool = False  # see own.Refusal


class RowBatch(NamedTuple):
    """Some rows, read. A further address that is taken is a row of its own."""

    rows: int  # how many there were
    last_line: int  # the number of the last
    lines: list[ImportRow]
    bad: list[Bad]
    others: OtherAddressCounts = OtherAddressCounts()  # in these rows


@dataclass(frozen=True)
class ImportSource:
    """An opened file. Like the stream beneath it, it can be read once, by `batches` or by `shown_to`."""

    table: Table
    format: FileFormat
    options: ImportOptions
    now: datetime
    columns: Columns
    others: OtherAddresses

    def batches(self, *, skip: int = 0) -> Iterator[RowBatch]:
        """All rows, ROWS at a time, but for the first `skip`, which were imported before."""
        rows, read = self.others.rows(_until_astray(self.table)), self._reader()
        next(islice(rows, skip, skip), None)
        self.others.found()
        while batch := list(islice(rows, ROWS)):
            found = [read(row) for row in batch]
            lines = [one for one in found if isinstance(one, ImportRow)]
            bad = [one for one in found if isinstance(one, Bad)]
            yield RowBatch(len(batch), batch[-1].line, lines, bad, self.others.found())

    def _reader(self) -> Callable[[Row], ImportRow | Bad]:
        reader = OwnReader if self.format is formats.OWN else Reader
        return reader(self.columns, self.options, self.now).read

    def asking(self) -> Asking:
        """What finds the questions about this file, once all rows were shown to it."""
        channel, reason = self.options.channel, self.options.reason
        is_for_contacts = self.options.kind == ImportKind.CONTACTS
        return Asking(self.columns, now=self.now, channel=channel, is_for_contacts=is_for_contacts, reason=reason)

    def shown_to(self, asking: Asking) -> Iterator[int]:
        """Shows all rows to `asking`; yields after each batch how many rows it had."""
        rows = iter(self.table)
        while batch := list(islice(rows, ROWS)):
            asking.add(batch)
            yield len(batch)


def open_source(
    stream: BinaryIO,
    options: ImportOptions,
    *,
    file_name: str,
    now: datetime,
    said: Answers = NOBODY_SAID,
    noticed: Collection[str] = (),
) -> ImportSource:
    """Opens a file. `said`: what columns mean; `noticed`: see OtherAddresses. Raises a TableError, as open_table."""
    table = _open(stream, options)
    form = formats.recognise(table.columns, file_name=file_name, titles=table.titles)
    columns = Columns(table, form, said, channel=options.channel)
    is_for_contacts = options.kind == ImportKind.CONTACTS
    others = OtherAddresses(table, columns, channel=options.channel, is_for_contacts=is_for_contacts, noticed=noticed)
    return ImportSource(table, form, options, now, columns, others)


def _open(stream: BinaryIO, options: ImportOptions) -> Table:
    """The table. This site's own export has one name for addresses of all channels, so it is tried as email too."""
    start = stream.tell() if stream.seekable() else None
    try:
        return open_table(stream, channel=options.channel, or_hash=True)
    except NoAddressColumnError:
        if start is None:
            raise
        stream.seek(start)
        table = open_table(stream, channel=Channel.EMAIL, or_hash=True)
        if not own.is_ours(table.columns):
            raise
        return table


def _until_astray(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows; those below a line that says what they are ("Subscribed", and then addresses) get a problem."""
    problem, word = "", ""
    for row in rows:
        if row.problem is None and "@" not in row.address and _says_something(row):
            problem, word = BELOW_A_WORD.format(row.line), row.address
            yield row
        else:
            yield row._replace(problem=problem, heard=word) if problem and row.problem is None else row


def _says_something(row: Row) -> bool:
    """Whether a word stands where the address should, and nothing beside it."""
    is_alone = sum(map(bool, map(str.strip, row.fields))) == 1
    return bool(row.address) and is_alone and consent.by_word(row.address) != consent.NOTHING


def _malformed(row: Row) -> Bad:
    """A row with a problem."""
    says = consent.of_title(row.heard)
    return Bad(row.line, row.problem or "", is_refused=False, is_unplaced=bool(says.reason or says == consent.UNKNOWN))


class OwnReader:
    """Reads the rows of this site's own export (own.py). The reason of the ImportOptions doesn't count there."""

    def __init__(self, columns: Columns, options: ImportOptions, now: datetime) -> None:
        dates = columns.dates[:1]
        self._lines = OwnLines(
            columns.of_table,
            kind=options.kind,
            channel=options.channel,
            meant=columns.exported[0].read,
            dated=lambda cell: next((one.read(cell, now=now) for one in dates), None),
        )

    def read(self, row: Row) -> ImportRow | Bad:
        if row.problem:
            return _malformed(row)
        try:
            said = self._lines.said(row)
            digest, value = _digest(row.address, said.channel)
        except own.Refusal as refusal:
            return Bad(row.line, refusal.problem, refusal.is_refused, refusal.is_unplaced)
        except InvalidAddress:
            return Bad(row.line, NOT_AN_ADDRESS, is_refused=False)
        return ImportRow(digest, value, said.reason, said.at, "", said.channel, said.category_id)


class Reader:
    """Reads the rows of any other file."""

    def __init__(self, columns: Columns, options: ImportOptions, now: datetime) -> None:
        self._columns, self._options, self._now = columns, options, now
        self._says = columns.said
        if columns.is_silent:
            always = columns.said([])
            self._says = lambda fields: always

    def read(self, row: Row) -> ImportRow | Bad:
        """One row, as it is taken, or why it isn't."""
        if row.problem:
            return _malformed(row)
        said, channel = self._says(row.fields), self._columns.channel_of(row.fields)
        if channel and channel != self._options.channel:
            return self._elsewhere(row, said, channel)
        if refusal := self._refusal(said, row):
            return Bad(row.line, refusal, is_refused=True)
        try:
            digest, value = _digest(row.address, self._options.channel)
        except InvalidAddress:
            if domains.is_pattern(row.address, channel=self._options.channel):
                return self._domain(row)
            return Bad(row.line, ANOTHER_HASH if hashes.OTHER.fullmatch(row.address) else NOT_AN_ADDRESS, False)
        if value and domains.is_pattern(value, channel=self._options.channel):
            return self._domain(row)
        return ImportRow(digest, value, self._reason(said), self._moment(row.fields), self._spoken(row.fields))

    def _elsewhere(self, row: Row, said: Says, channel: Channel) -> ImportRow | Bad:
        """A row about another channel, which is taken if it says no and has an address there."""
        address = self._columns.address_on(channel, row.fields)
        if not address or self._options.kind == ImportKind.CONTACTS:
            return Bad(row.line, ELSEWHERE, is_refused=True)
        if refusal := self._refusal(said, row):
            return Bad(row.line, refusal, is_refused=True)
        try:
            digest, value = _digest(address, channel)
        except InvalidAddress:
            return Bad(row.line, NO_ADDRESS_THERE, is_refused=False, is_unplaced=True)
        return ImportRow(digest, value, self._reason(said), self._moment(row.fields), "", channel)

    def _reason(self, said: Says) -> SuppressionReason:
        return self._options.reason or said.reason or consent.UNSUBSCRIBED

    def _domain(self, row: Row) -> ImportRow | Bad:
        """A whole domain (`*@corp.example`), for the reason that was chosen, else unsubscribed_all."""
        if self._options.kind == ImportKind.CONTACTS or self._options.category_id is not None:
            why = NO_CATEGORY if self._options.category_id is not None else NOBODY_THERE
            return Bad(row.line, why, is_refused=True)
        try:
            domain = domains.read(spreadsheets.unescaped(row.address))
        except InvalidDomain:
            return Bad(row.line, NOT_A_DOMAIN, is_refused=False)
        except PublicMailDomain:
            return Bad(row.line, PUBLIC_DOMAIN, is_refused=True)
        reason = self._options.reason or consent.UNSUBSCRIBED
        return ImportRow(b"", f"@{domain}", reason, self._moment(row.fields), "")

    def _refusal(self, said: Says, row: Row) -> str:
        if self._options.kind == ImportKind.CONTACTS:
            return SAYS_NO if said.reason else NOBODY if hashes.SHA256.fullmatch(row.address) else ""
        return "" if self._options.reason and said not in {consent.SUBSCRIBED, consent.IGNORED} else said.refusal

    def _moment(self, fields: list[str]) -> datetime | None:
        """The latest date of the row, so that a yes before it doesn't overtake the no. None, which counts as now, if it
        has none or one can't be read."""
        columns = self._columns.dates
        found = [one.read(fields[one.place], now=self._now) for one in columns]
        if None in found and any(one.is_unread(fields[one.place], now=self._now) for one in columns):
            return None
        return max((one for one in found if one), default=None)

    def _spoken(self, fields: list[str]) -> str:
        if self._columns.language is None:
            return ""
        return languages.spoken(fields[self._columns.language].strip().lower().replace("_", "-"))


def _digest(text: str, channel: Channel) -> tuple[bytes, str]:
    if channel != Channel.PUSH and hashes.SHA256.fullmatch(text):  # some device tokens look the same
        return addresses.digest_of_sha256(bytes.fromhex(text)), ""
    found = addresses.normalise(spreadsheets.unescaped(text), channel=channel)
    return found.digest, found.value
