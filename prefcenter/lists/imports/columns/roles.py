"""How the columns of one table are read: which of them say something of the contact, and which may."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prefcenter.lists import reader
from prefcenter.lists.reader import Table
from unsubscribe import channels
from unsubscribe.addresses import redact
from unsubscribe.choices import Channel

from .. import own
from ..formats import LIST, OWN, TABLE, FileFormat
from . import answers, cells, consent, headings, hubspot, vocabulary
from .answers import Answers, ColumnAnswer
from .consent import ReadCell, Says
from .date_columns import DateColumn

_LANGUAGE = ("language", "lang", "locale", "mclanguage", "preferredlanguage")
_CHANNEL = tuple(map(reader.folded, ("channel", "Kanal", "canal", "チャネル", "チャンネル", "القناة")))
#: What channels are called.
_CALLED = {
    **{name: one for one in Channel for name in channels.of(one).also_called},
    **{one.value: one for one in Channel},
}
#: What else the exports of these systems hold, by the beginning of a format's key: folded headings; a * is any ending.
_BESIDE = {
    "mailchimp": "memberrating optintime optinip confirmtime confirmip latitude longitude gmtoff dstoff timezone cc "
    "region lastchanged leid euid notes tags unsubtime unsubcampaigntitle unsubcampaignid unsubreason "
    "unsubreasonother cleantime cleancampaigntitle cleancampaignid",
    "mailgun": "name vars tags error",
    "sendgrid": "reason status ip",
    "postmark": "origin createdat",
    "klaviyo": "klaviyoid emailmarketing* emailsuppress* smsmarketing* smssuppress* pushmarketing* whatsappmarketing* "
    "source tags dateadded",
}


@dataclass(frozen=True)
class Column:
    """All columns with one name."""

    #: headings.name_of.
    name: str
    #: As the first stands in the file.
    heading: str
    indexes: Sequence[int]
    #: How its cells are read by its name; None if that is not known.
    known: ReadCell | None = None
    #: What was said of it, which goes before, but where `is_own`; None: nothing.
    means: ColumnAnswer | None = None
    #: Whether it is about consent by its heading.
    is_asked_by_name: bool = False
    #: Whether it names another channel.
    is_elsewhere: bool = False
    #: Whether a recognised system always has it; then what was said only fills in what is not known.
    is_own: bool = False

    @property
    def is_known(self) -> bool:
        return self.known is not None

    @property
    def is_state(self) -> bool:
        """Whether a reason chosen by hand answers for its unknown words."""
        return (self.known in (consent.state, consent.of_code) or self.is_free) and self.means is None

    @property
    def is_free(self) -> bool:
        """Whether it may hold free text beside words of a yes or a no."""
        return self.known is consent.by_word or self.known is consent.of_title

    @property
    def tells(self) -> bool:
        """Whether its cells say something of the contact, by its name or by what was said of it."""
        return self.known is not None or self.means is not None

    @property
    def may_be_asked(self) -> bool:
        """Whether its values may raise a question."""
        if self.means is not None:
            return True
        if self.known is None:
            return headings.may_tell(self.heading)
        return self.known is not _nothing

    def is_named(self, cell: str) -> bool:
        """Whether this folded cell was answered by itself."""
        return self.means is not None and cell in self.means.values

    def read(self, cell: str) -> Says:
        """What a cell says; UNKNOWN has to be asked about."""
        said = None if self.means is None else self.means.says(cells.folded(cell))
        if said is not None and not self.is_own:
            return said
        known = consent.UNKNOWN if self.known is None else self.known(cell)
        return said if said is not None and known == consent.UNKNOWN else known


def places(columns: Sequence[str]) -> dict[str, list[int]]:
    """The indexes of the columns, by headings.name_of; those without a name are left out."""
    found: dict[str, list[int]] = {}
    for index, name in enumerate(map(headings.name_of, columns)):
        if name:
            found.setdefault(name, []).append(index)
    return found


class Columns:
    """What a row says, by all of its columns.

    channel: a column that names another one is not asked about beside one that doesn't
    ours:    names of columns that are not looked at

    asked:        the columns whose values may raise a question
    exported:     those of a recognised system that say something
    dates:        those that say when, the format's own first
    of_addresses: the keys of those with further addresses of the same contact
    headings:     the headings by `answers.key`; `of_table` are all of them, in order
    """

    def __init__(
        self,
        table: Table,
        form: FileFormat,
        said: Answers,
        *,
        channel: Channel = Channel.EMAIL,
        ours: frozenset[str] = frozenset(),
    ) -> None:
        self._form, self.answers, self.of_table = form, said, table.columns
        self._days_later = table.days_later
        self._is_exported = form.key not in {LIST.key, TABLE.key}
        indexes = places(table.columns)
        self.headings = {answers.key(table.columns[found[0]]): table.columns[found[0]] for found in indexes.values()}
        self.dates = self._dates(table.columns, indexes)
        self.channel = next((indexes[name][0] for name in _CHANNEL if self._is_read(name, indexes)), None)
        self._places = reader.places_of(table.columns, table.address_index, channel=channel)
        self.language = next((indexes[name][0] for name in _LANGUAGE if name in indexes), None)
        self._is_of_types = hubspot.is_of_types(indexes)
        told = [name for name in form.telling if name in indexes and self._is_own(name)]
        self.exported = [self._own_column(name, table.columns, indexes) for name in told]
        self._exported = [(index, one.read) for one in self.exported for index in one.indexes]
        columns = [
            self._column(name, table.columns[found[0]], found, channel)
            for name, found in self._rest(indexes, table.address_index, ours).items()
        ]
        self._told = [(index, one.read) for one in columns if one.tells for index in one.indexes]
        rest = [] if form is OWN else columns  # that one is read line by line as what it says
        self.of_addresses = self._of_addresses(table, channel)
        self.asked = _about_here([one for one in (*self.exported, *rest) if one.may_be_asked])

    @property
    def is_own(self) -> bool:
        """Whether it is this site's own export."""
        return self._form is OWN

    @property
    def is_of_noes(self) -> bool:
        """Whether all rows say no by the name of the file."""
        return self._form.is_of_noes

    @property
    def is_silent(self) -> bool:
        """Whether no row says anything but what the file as a whole does."""
        return not (self._exported or self._told)

    @property
    def in_effect(self) -> dict[str, Any]:
        """What is known of these columns by answers, as ImportRun.answers stores it."""
        found = {name: self.answers.of(name) for name in self.headings}
        return {name: means.as_json for name, means in found.items() if means}

    @property
    def in_words(self) -> dict[str, str]:
        """The same for people, by the headings (without addresses)."""
        return {redact(self.headings[name]): answers.in_words(means) for name, means in self.in_effect.items()}

    def channel_of(self, fields: Sequence[str]) -> Channel | None:
        """The channel that a row names; None if it names none, or one that is not known."""
        return None if self.channel is None else _CALLED.get(vocabulary.plain(cells.folded(fields[self.channel])))

    def address_on(self, channel: Channel, fields: Sequence[str]) -> str:
        """The cell with the address of the row on another channel; "" if there is none."""
        return fields[self._places[channel]].strip() if channel in self._places else ""

    def said(self, fields: Sequence[str]) -> Says:
        """What a row says: a no in any column goes before a yes in another. NOTHING if neither is there."""
        said = consent.weightiest([read(fields[index]) for index, read in self._exported])
        if said == consent.NOTHING and self._is_exported:
            said = self._form.always
        if self._told:
            said = consent.weightiest([said, *(read(fields[index]) for index, read in self._told)])
        return self._form.always if said == consent.NOTHING else said

    def _dates(self, columns: Sequence[str], indexes: Mapping[str, list[int]]) -> list[DateColumn]:
        """The columns that say when, the format's own before others."""
        of_it = [index for name in self._form.at for index in indexes.get(name, ())]
        rest = [] if self._form is OWN else [place for place in range(len(columns)) if place not in of_it]
        found = (self._date_column(columns[place], place, is_of_it=place in of_it) for place in (*of_it, *rest))
        return [one for one in found if one]

    def _date_column(self, heading: str, place: int, *, is_of_it: bool) -> DateColumn | None:
        """The column as one that says when; None if it isn't."""
        name = answers.key(heading)
        means = self.answers.of(name) or ColumnAnswer()
        is_dates = is_of_it or headings.no_since(heading) is not None
        is_no = headings.name_of(heading) in consent.IS_NO
        if not name or means.is_alone or not (is_dates or is_no or means.says_no_if_filled):
            return None
        has_serials = is_dates or is_no or headings.is_of_days(heading)
        read = own.moment_of if self._form is OWN else None
        return DateColumn(name, heading, place, means, is_dates, has_serials, read, self._days_later)

    def _of_addresses(self, table: Table, channel: Channel) -> frozenset[str]:
        places = reader.others(table.columns, table.address_index, channel=channel)
        said = (name for name in self.headings if (self.answers.of(name) or ColumnAnswer()).is_address)
        return frozenset([*(answers.key(table.columns[place]) for place in places), *said])

    def _is_read(self, name: str, indexes: Mapping[str, list[int]]) -> bool:
        means = self.answers.of(answers.key(name)) or ColumnAnswer()
        return name in indexes and not means.is_ignored

    def _is_own(self, name: str) -> bool:
        """Whether a column of a recognised system is read as known: whatever was kept of such a heading, unless it was
        said for this import what the values mean."""
        if self._form is OWN:
            return True
        means = self.answers.said.get(answers.key(name)) or ColumnAnswer()
        is_said = means.is_ignored or (bool(means.values) and name != self._form.filled)
        return self._is_exported and not is_said

    def _own_column(self, name: str, columns: Sequence[str], indexes: Mapping[str, list[int]]) -> Column:
        heading = columns[indexes[name][0]]
        means = self.answers.of(answers.key(heading))
        means = means if means is not None and means.values else None
        return Column(name, heading, indexes[name], self._form.reading(name), means, is_own=name != self._form.filled)

    def _rest(self, indexes: Mapping[str, list[int]], address_index: int, ours: frozenset[str]) -> dict[str, list[int]]:
        found = {}
        for name, all_of_it in indexes.items():
            there = [index for index in all_of_it if index != address_index]
            if there and name not in ours and not self._is_beside(name):
                found[name] = there
        return found

    def _is_beside(self, name: str) -> bool:
        """Whether the recognised system always has a column of this name."""
        if not self._is_own(name):
            return False
        form = self._form
        own = {*form.columns.split(), *form.telling, *form.at}
        beside = _BESIDE.get(form.key.partition("_")[0], "").split()
        return name in own or name in beside or any(map(name.startswith, _beginnings(beside)))

    def _column(self, name: str, heading: str, indexes: Sequence[int], channel: Channel) -> Column:
        means = self.answers.of(answers.key(name))
        if means is not None and means.is_ignored:
            return Column(name, heading, indexes, known=_nothing)
        since = headings.no_since(heading)
        known = consent.is_no(since) if since else consent.TELLING.get(name) or hubspot.telling(name)
        if known is None and self._is_of_types and headings.may_tell(heading):
            known = hubspot.left_a_type
        has_values = means is not None and bool(means.values)
        speaks = known is None and headings.speaks(heading) and headings.may_tell(heading)
        is_elsewhere = known is None and headings.is_of_another(heading, channel)
        return Column(name, heading, indexes, known, means if has_values else None, speaks, is_elsewhere)


def _about_here(columns: Sequence[Column]) -> list[Column]:
    """Without columns about another channel, unless something was said of them or no other is about consent."""
    here = [one for one in columns if one.means is not None or not one.is_elsewhere]
    return here if any(one.tells or one.is_asked_by_name for one in here) else list(columns)


def _beginnings(names: Iterable[str]) -> list[str]:
    return [name[:-1] for name in names if name.endswith("*")]


def _nothing(cell: str) -> Says:
    return consent.NOTHING
