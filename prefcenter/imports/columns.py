"""How the columns of one table are read: which of them tell, as it is known or was said, and which may tell."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from prefcenter.tables import Table
from unsubscribe.addresses import redact
from unsubscribe.choices import Channel

from . import answers, cells, headings, hubspot, saying
from .answers import Answers, Means
from .formats import LIST, OWN, TABLE, Format
from .moments import DateOrder
from .saying import Says

Read = Callable[[str], Says]

_LANGUAGE = ("language", "lang", "locale", "mclanguage", "preferredlanguage")
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
    """One heading and where it stands. `known`: how its cells are read as such; None if that is not known.

    `means`: what somebody said; it goes before. `is_asked_by_name`: it speaks of consent, whatever its values.
    `is_elsewhere`: it names another channel.
    """

    name: str
    heading: str
    indexes: Sequence[int]
    known: Read | None = None
    means: Means | None = None
    is_asked_by_name: bool = False
    is_elsewhere: bool = False

    @property
    def is_known(self) -> bool:
        return self.known is not None

    @property
    def tells(self) -> bool:
        return self.known is not None or self.means is not None

    @property
    def may_be_asked(self) -> bool:
        if self.means is not None:
            return True
        if self.known is None:
            return headings.may_tell(self.heading)
        return self.known is not _nothing and self.name not in saying.TEXTS

    def is_named(self, cell: str) -> bool:
        return self.means is not None and cell in self.means.values

    def read(self, cell: str) -> Says:
        """UNKNOWN: it has to be asked about."""
        said = None if self.means is None else self.means.says(cells.folded(cell))
        if said is not None:
            return said
        return saying.UNKNOWN if self.known is None else self.known(cell)


class Moments(NamedTuple):
    """A column that says when somebody said no. `order`: of its dates, as somebody said or all of them show."""

    name: str
    heading: str
    place: int
    order: DateOrder | None


def places(columns: Sequence[str]) -> dict[str, list[int]]:
    """Where the columns of each name stand, by their folded names. A blank heading names none."""
    found: dict[str, list[int]] = {}
    for index, name in enumerate(map(headings.name_of, columns)):
        if name:
            found.setdefault(name, []).append(index)
    return found


class Columns:
    """What a row says, by all of its columns. `channel`: what it is about; a column that names another one is not asked
    about beside one that does not. `others`: headings that are not looked at.

    `asked` are the columns whose values decide whether something has to be asked; `headings` are those of the file.
    """

    def __init__(
        self,
        table: Table,
        form: Format,
        said: Answers,
        *,
        channel: Channel = Channel.EMAIL,
        others: frozenset[str] = frozenset(),
    ) -> None:
        self._form, self.answers = form, said
        self._is_exported = form.key not in {LIST.key, TABLE.key}
        indexes = places(table.columns)
        self.headings = {answers.key(table.columns[found[0]]): table.columns[found[0]] for found in indexes.values()}
        self._filled, self._code = indexes.get(form.filled, []), indexes.get(form.code, [])
        self.moments = self._moments(table.columns, indexes)
        self.channel = next(iter(indexes.get("channel", ())), None)
        self.language = next((indexes[name][0] for name in _LANGUAGE if name in indexes), None)
        self._exported = [(index, saying.TELLING[name]) for name in form.tells for index in self._own(name, indexes)]
        columns = [
            self._column(name, table.columns[found[0]], found, channel)
            for name, found in self._rest(indexes, table.address_index, others).items()
        ]
        self._told = [(index, one.read) for one in columns if one.tells for index in one.indexes]
        self.asked = _about_here([one for one in columns if one.may_be_asked])
        if form is OWN:  # it is read line by line as what it says
            self.asked, self.moments = [], []

    @property
    def is_silent(self) -> bool:
        """No row says anything but what the file as a whole does."""
        return not (self._filled or self._code or self._exported or self._told)

    @property
    def in_effect(self) -> dict[str, Any]:
        """What was said of these columns, as JSON by their keys."""
        found = {name: self.answers.of(name) for name in self.headings}
        return {name: means.as_json for name, means in found.items() if means}

    @property
    def in_words(self) -> dict[str, str]:
        """The same for people, by the headings."""
        return {redact(self.headings[name]): answers.in_words(means) for name, means in self.in_effect.items()}

    def said(self, fields: Sequence[str]) -> Says:
        """A no in any column goes before a yes in another. NOTHING if neither is there."""
        told = [read(fields[index]) for index, read in self._exported]
        told += [saying.of_code(fields[index]) for index in self._code]
        if self._filled and all(cells.is_empty(cells.folded(fields[index])) for index in self._filled):
            told.append(saying.SUBSCRIBED)
        said = saying.weightiest(told)
        if said == saying.NOTHING and self._is_exported:
            said = self._form.always
        if self._told:
            said = saying.weightiest([said, *(read(fields[index]) for index, read in self._told)])
        return self._form.always if said == saying.NOTHING else said

    def _moments(self, columns: Sequence[str], indexes: Mapping[str, list[int]]) -> list[Moments]:
        """The columns that say when, the format's own before others."""
        own = [index for name in self._form.at for index in indexes.get(name, ())]
        others = [index for index, one in enumerate(columns) if index not in own and headings.no_since(one)]
        found = []
        for index in [*own, *others]:
            name = answers.key(columns[index])
            means = self.answers.of(name) or Means()
            if not means.is_ignored:
                order = DateOrder(means.order) if means.order else None
                found.append(Moments(name, columns[index], index, order))
        return found

    def _is_said(self, name: str) -> bool:
        """Whether somebody said for this very import what the values of the column mean."""
        means = self.answers.said.get(answers.key(name))
        return means is not None and (means.is_ignored or bool(means.values))

    def _own(self, name: str, indexes: Mapping[str, list[int]]) -> list[int]:
        """Of a recognised system: its columns are known, whatever was said of such a heading elsewhere."""
        is_ours = self._is_exported and not self._is_said(name)
        return indexes.get(name, []) if is_ours else []

    def _rest(
        self, indexes: Mapping[str, list[int]], address_index: int, others: frozenset[str]
    ) -> dict[str, list[int]]:
        found = {}
        for name, all_of_it in indexes.items():
            there = [index for index in all_of_it if index != address_index]
            if there and name not in others and not self._is_beside(name):
                found[name] = there
        return found

    def _is_beside(self, name: str) -> bool:
        """Whether it is one of the columns that the recognised system always has."""
        if not self._is_exported or self._is_said(name):
            return False
        form = self._form
        own = {*form.columns.split(), *form.tells, *form.at, form.filled, form.code}
        beside = _BESIDE.get(form.key.partition("_")[0], "").split()
        return name in own or name in beside or any(map(name.startswith, _beginnings(beside)))

    def _column(self, name: str, heading: str, indexes: Sequence[int], channel: Channel) -> Column:
        means = self.answers.of(answers.key(name))
        if means is not None and means.is_ignored:
            return Column(name, heading, indexes, known=_nothing)
        since = headings.no_since(heading)
        known = saying.is_no(since) if since else saying.TELLING.get(name) or hubspot.telling(name)
        has_values = means is not None and bool(means.values)
        speaks = known is None and headings.speaks(heading) and headings.may_tell(heading)
        is_elsewhere = known is None and headings.is_of_another(heading, channel)
        return Column(name, heading, indexes, known, means if has_values else None, speaks, is_elsewhere)


def _about_here(columns: Sequence[Column]) -> list[Column]:
    """Without those about another channel that nobody has spoken of; unless no other of them speaks of consent."""
    here = [one for one in columns if one.means is not None or not one.is_elsewhere]
    return here if any(one.tells or one.is_asked_by_name for one in here) else list(columns)


def _beginnings(names: Iterable[str]) -> list[str]:
    return [name[:-1] for name in names if name.endswith("*")]


def _nothing(cell: str) -> Says:
    return saying.NOTHING
