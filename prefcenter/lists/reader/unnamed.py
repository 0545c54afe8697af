"""Names for the columns of tables that have no line of names: plain lists, and the suppression list of Amazon SES."""

import re
from collections.abc import Sequence

from .columns import WantedColumn, named_index
from .several import Several

_SES_REASONS = frozenset({"bounce", "complaint"})
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ].*|\d{4}-\d\d-\d\d|\d{10}(?:\.\d+)?")
_SES_OUTPUT = "SUPPRESSEDDESTINATIONSUMMARIES"


def names(first: Sequence[str], wanted: WantedColumn, several: Several) -> list[str] | None:
    """What to call the columns of a table whose first line is `first`; None if that is a line of names, or if it is not
    known what the columns are."""
    if named_index(first, wanted) is not None:
        return None
    if wanted.address.search(first[0]) and not any(map(str.strip, first[1:])):
        return [wanted.heading, *first[1:]]
    if several.parts_lists and several.is_list(first):
        return [wanted.heading]
    return _of_ses(first, several)


def _of_ses(first: Sequence[str], several: Several) -> list[str] | None:
    """The names of the columns of an SES account's suppression list: an address, BOUNCE or COMPLAINT, and perhaps since
    when; as for its bulk import (docs.aws.amazon.com/ses, "account-level suppression list") and in the text output of
    `aws sesv2 list-suppressed-destinations`. None if it is none.
    """
    found = [_ses_column(cell.strip(), several) for cell in first]
    if None in found or found.count("EmailAddress") != 1 or found.count("Reason") != 1:
        return None
    return [name or "" for name in found]


def _ses_column(cell: str, several: Several) -> str | None:
    if cell.casefold() in _SES_REASONS:
        return "Reason"
    if _TIME.fullmatch(cell):
        return "LastUpdateTime"
    if not cell or cell == _SES_OUTPUT:
        return ""
    return "EmailAddress" if several.is_email and several.reads(cell) else None
