"""What a cell holds, whatever its column: nothing, a yes or a no, a date, a number, an address, or other text."""

import re
import unicodedata

from prefcenter.lists.reader import hashes
from unsubscribe import addresses
from unsubscribe.addresses import redact
from unsubscribe.choices import Channel

_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]")

_EMPTY = "null (null) <null> none nil nan nat n/a na #n/a - -- '- – — \\n undefined empty (empty) blank (blank) [] {}"
_YES = "yes true 1 1.0 y t on x ✓ ✔ ☑ ✅ checked ja j wahr oui o vrai si sí s verdadero sim verdadeiro "
_YES += "はい ○ 可 有 あり 希望 希望する 済 نعم"
_NO = "no false 0 0.0 n f off ✗ ✘ ☐ ❌ unchecked nein falsch non faux falso não nao "
_NO += "いいえ × 不可 無 なし 不要 希望しない 未 否 لا"
#: What databases, spreadsheets and programming languages write where there is no value.
EMPTY = frozenset(["", *_EMPTY.split()])
#: In the seven languages of the site, as boxes are ticked, and as programs write it.
YES, NO = frozenset(_YES.split()), frozenset(_NO.split())
_NO_DATE = re.compile(r"0{1,4}[-/.]0{1,2}[-/.]0{1,4}\b.*|0001-01-01\b.*|1970-01-01(?:[t ]00:00(?::00)?(?:\.0+)?\S*)?")
_DATE = re.compile(
    r"\d{4}\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}|\d{1,2}[-/.]\s?\d{1,2}[-/.]\s?\d{2,4}"
    r"|\d{1,2}\.?[ -](?:de )?[^\W\d]{3,9}\.?,?[ -](?:de )?(?:19|20)\d\d|[^\W\d]{3,9}\.? \d{1,2},? (?:19|20)\d\d"
)
_DATE_IN_DIGITS = re.compile(r"(?:19|20)\d{6}(?:t?\d{6}z?)?|\d{9,10}(?:\.\d+)?|\d{13}")
#: Of 1990 to 2063, as `dates.serial` reads it.
_SERIAL_DATE = re.compile(r"(?:3[3-9]|4\d|5\d)\d{3}(?:[.,]\d+)?")
#: Years before email marketing, or far ahead: placeholders of some systems, or birthdays.
_TOO_FAR = re.compile(
    r"(?:\d{1,2}[-/. ]+(?:\d{1,2}|[^\W\d]+)[-/. ]+)?(?:0\d{3}|1[0-8]\d\d|19[0-8]\d|2[1-9]\d\d|[3-9]\d{3})(?![\d:]).*"
)
_NUMBER = re.compile(r"[-+(]?\d[\d\s.,()/-]*%?")
_LONGEST_DATE = 80
_SMS = Channel.SMS


def folded(cell: str) -> str:
    """The cell without what its writers differ in: letter case, width, invisible characters, space around it."""
    if not cell.isascii():
        cell = _INVISIBLE.sub("", unicodedata.normalize("NFKC", cell))
    return cell.strip().casefold()


def is_empty(cell: str) -> bool:
    """Whether a folded cell holds nothing; a date of zeros is nothing (MySQL, Go and .NET write it for NULL)."""
    return cell in EMPTY or _NO_DATE.fullmatch(cell) is not None


def is_date(cell: str) -> bool:
    """Whether a folded cell names a day, in whichever order; dates.moment need not be able to read it."""
    if not cell or len(cell) > _LONGEST_DATE or _NO_DATE.fullmatch(cell) or _TOO_FAR.fullmatch(cell):
        return False
    return _DATE_IN_DIGITS.fullmatch(cell) is not None or _DATE.search(cell) is not None


def is_serial(cell: str) -> bool:
    """Whether a folded cell may be a date as spreadsheets count it; for columns that are known to be dates."""
    return _SERIAL_DATE.fullmatch(cell) is not None


def is_address(cell: str) -> bool:
    """Whether a folded cell holds an email address, a phone number or a hash of an address, so that no answer is kept
    with it. A date or a short number is none."""
    if redact(cell) != cell or hashes.ANY.fullmatch(cell.strip()):
        return True
    return is_number(cell.strip().removeprefix("tel:").removeprefix("+")) and addresses.values(
        [cell], channel=_SMS
    ) != [""]


def is_number(cell: str) -> bool:
    """Whether a folded cell is a number, also with separators, a sign or a percent sign."""
    return _NUMBER.fullmatch(cell) is not None
