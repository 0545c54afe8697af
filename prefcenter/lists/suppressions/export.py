"""One file of opt-outs: how many lines it has, what it leaves out, its rows. Whoever calls checks the permission."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Left

from prefcenter.lists import spreadsheets
from unsubscribe.choices import Channel
from unsubscribe.models import Address

from .formats import EXPORT_FORMATS, ExportFormat, Holds, Row
from .listing import ListedOptOut, by_address
from .query import SuppressionQuery
from .sets import addresses, parts

_IS_EMAIL = Q(channel=Channel.EMAIL)
_IS_KNOWN = ~Q(value="")


class LeftOut(NamedTuple):
    """How many addresses a file cannot hold, by the reason for it."""

    #: Email addresses that were erased, or of which only a hash was ever known.
    without_address: int = 0
    #: Email addresses that a spreadsheet would take for a formula.
    like_a_formula: int = 0
    on_other_channels: int = 0

    @property
    def in_words(self) -> list[str]:
        """A number and a reason for each that is not 0."""
        said = {
            "without a stored address (erased, or only a hash was ever known)": self.without_address,
            "that start like a formula (export the file “by-hand” for these)": self.like_a_formula,
            "that are not email addresses": self.on_other_channels,
        }
        return [f"{count:,} {which}" for which, count in said.items() if count]


@dataclass(frozen=True)
class File:
    """A file that can be written."""

    #: Narrowed to the reasons that the format is for.
    asked: SuppressionQuery
    #: A key of EXPORT_FORMATS.
    kind: str
    #: The number of lines below the header.
    count: int
    left_out: LeftOut

    @property
    def format(self) -> ExportFormat:
        return EXPORT_FORMATS[self.kind]

    def name(self, today: date) -> str:
        """The file's name without its suffix, with the category, and how many addresses it leaves out."""
        category = f"-{self.asked.category.slug}" if self.asked.category else ""
        missing = sum(self.left_out)
        return f"opt-outs{category}-{self.kind}-{today:%Y-%m-%d}" + (f"-without-{missing}" if missing else "")

    def rows(self) -> Iterator[Row]:
        """The lines below the header, in `format.header`; read as they are asked for, ten thousand addresses at a time.
        What changes meanwhile may make them more or fewer than `count`."""
        for found in by_address(self.asked):
            if _is_held(self.format, found[0]):
                yield from self.format.rows(self.asked, found)

    def in_words(self) -> str:
        """For the admin's log: what it is, without addresses."""
        about = f" from {self.asked.category.slug}" if self.asked.category else ""
        missing = (
            f", without {sum(self.left_out):,} addresses that can’t be exported in this format"
            if sum(self.left_out)
            else ""
        )
        return f"Exported {self.count:,} opt-outs{about} as {self.kind}{missing}."


def prepare(asked: SuppressionQuery, kind: str) -> File:
    """Counts what a file will hold. `kind`: a key of EXPORT_FORMATS."""
    format_ = EXPORT_FORMATS[kind]
    asked = replace(asked, reasons=asked.reasons & format_.reasons)
    if format_.holds == Holds.OPT_OUTS:
        return File(asked, kind, sum(part.rows.count() for part in parts(asked)), LeftOut())
    return _count(asked, kind, addresses(asked).annotate(begins=Left("value", 1)))


def _count(asked: SuppressionQuery, kind: str, found: QuerySet[Address]) -> File:
    is_formula = Q(begins__in=spreadsheets.BEGINS_A_FORMULA)
    said = found.aggregate(
        all=Count("pk"),
        other=Count("pk", filter=~_IS_EMAIL),
        unknown=Count("pk", filter=_IS_EMAIL & ~_IS_KNOWN),
        formula=Count("pk", filter=_IS_EMAIL & _IS_KNOWN & is_formula),
    )
    holds = EXPORT_FORMATS[kind].holds
    if holds == Holds.REST:
        return File(asked, kind, said["formula"], LeftOut())
    formula = said["formula"] if holds == Holds.UPLOAD else 0
    left_out = LeftOut(said["unknown"], formula, said["other"])
    return File(asked, kind, said["all"] - sum(left_out), left_out)


def _is_held(format_: ExportFormat, one: ListedOptOut) -> bool:
    if format_.holds == Holds.OPT_OUTS:
        return True
    if one.channel != Channel.EMAIL or not one.value:
        return False
    is_formula = one.value.startswith(spreadsheets.BEGINS_A_FORMULA)
    return is_formula if format_.holds == Holds.REST else not (is_formula and format_.holds == Holds.UPLOAD)
