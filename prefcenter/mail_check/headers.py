"""Checks the header fields that one-click needs (H1, H3), the lengths of lines (H9) and the form of List-Id (H10)."""

import re

from prefcenter.mail_check.message import Header, Message, shown
from prefcenter.mail_check.points import Level, Point, failed, passed, skipped, warned

LIST_UNSUBSCRIBE = b"List-Unsubscribe"
LIST_UNSUBSCRIBE_POST = b"List-Unsubscribe-Post"
_WANTED_VALUE = b"List-Unsubscribe=One-Click"
_WANTED = "List-Unsubscribe-Post: List-Unsubscribe=One-Click"
# RFC 8058, section 5: "List-Unsubscribe-Post:" 0*1WSP postarg CRLF. Case matters in no header's name.
_EXACT = re.compile(rb"(?i:List-Unsubscribe-Post):[ \t]?List-Unsubscribe=One-Click")
# RFC 5322, section 2.1.1, both without the CRLF.
LONGEST_LINE = 998
LONGEST_BETTER_LINE = 78
#: Octets within the brackets (RFC 2919, section 2).
LONGEST_LIST_ID = 255
_QUOTED = rb'"(?:[^"\\]|\\.)*"'
_FORM = re.compile(rb"((?:" + _QUOTED + rb'|[^"<])*)<([^<>]*)>')
# RFC 5322, section 3.2.3; in the display name also octets over 127, as RFC 6532 allows them.
_ATEXT = rb"A-Za-z0-9!#$%&'*+/=?^_`{|}~-"
_WORDS = re.compile(rb"[ \t." + _ATEXT + rb"\x80-\xff]*")
_IDENTIFIER = re.compile(rb"[" + _ATEXT + rb"]+(?:\.[" + _ATEXT + rb"]+)+")


def header_points(message: Message) -> list[Point]:
    """H1, H3, H9 and H10. H9 twice: MUST for all lines, SHOULD for header lines."""
    return [
        _one_of_each(message),
        _exact_post(message.named(LIST_UNSUBSCRIBE_POST)),
        _no_overlong_line(message),
        _short_header_lines(message),
        _proper_list_id(message.named(b"List-Id")),
    ]


def _one_of_each(message: Message) -> Point:
    counts = {name: len(message.named(name)) for name in (LIST_UNSUBSCRIBE, LIST_UNSUBSCRIBE_POST)}
    complaints = [_complaint(name, count) for name, count in counts.items() if count != 1]
    if complaints:
        return failed("H1", f"{' and '.join(complaints)}; send exactly one of each.")
    return passed("H1", "There is one List-Unsubscribe and one List-Unsubscribe-Post header.")


def _complaint(name: bytes, count: int) -> str:
    word = name.decode("ascii")
    return f"{word} occurs {count} times" if count else f"{word} is missing"


def _exact_post(headers: list[Header]) -> Point:
    if not headers:
        return skipped("H3", "There is no List-Unsubscribe-Post header to check.")
    for header in headers:
        if len(header.lines) > 1 or not _EXACT.fullmatch(header.lines[0]):
            return failed("H3", f'The List-Unsubscribe-Post line {_flaw(header)}; send exactly "{_WANTED}".')
    return passed("H3", f'The line reads exactly "{_WANTED}".')


def _flaw(header: Header) -> str:
    if len(header.lines) > 1:
        return f"is folded over {len(header.lines)} lines"
    if b"=?" in header.value:
        return "is encoded (=?...?=)"
    if b"(" in header.value:
        return "contains a comment"
    if header.value == _WANTED_VALUE:
        return "contains white space where there must be none"
    return f'says "{shown(header.value)}"'


def _no_overlong_line(message: Message) -> Point:
    overlong = [number for number, line in enumerate(message.lines, start=1) if len(line) > LONGEST_LINE]
    if not overlong:
        return passed("H9", f"No line is longer than {LONGEST_LINE} octets.")
    return failed(
        "H9",
        f"{_count(len(overlong), 'line')} longer than {LONGEST_LINE} octets (first: line {overlong[0]}); "
        "mail servers break such lines and the signature with them, so send the text as quoted-printable.",
    )


def _short_header_lines(message: Message) -> Point:
    long = [header.name for header in message.headers for line in header.lines if _should_be_folded(line)]
    if not long:
        text = f"No header line that can be folded is longer than {LONGEST_BETTER_LINE} octets."
        return passed("H9", text, level=Level.SHOULD)
    first = shown(long[0]) or "one without a name"
    text = f"{_count(len(long), 'header line')} longer than {LONGEST_BETTER_LINE} octets (first: {first})"
    return warned("H9", f"{text}; fold at white space.", level=Level.SHOULD)


def _should_be_folded(line: bytes) -> bool:
    # RFC 5322, section 2.2.3 folds at white space, and a link or a Message-ID has none within: a warning
    # about it would ask for what cannot be done.
    _, _, content = line.partition(b": ")
    return len(line) > LONGEST_BETTER_LINE and len((content or line).split()) > 1


def _count(number: int, noun: str) -> str:
    return f"One {noun} is" if number == 1 else f"{number} {noun}s are"


def _proper_list_id(headers: list[Header]) -> Point:
    """One-click works without it, so the point is a SHOULD."""
    if not headers:
        text = "List-Id is missing; one-click works without it, but filters and reports use it, so add one."
        return warned("H10", text, level=Level.SHOULD)
    if flaw := _flaw_of_list_id(headers):
        return failed("H10", flaw, level=Level.SHOULD)
    return passed("H10", "There is one List-Id header, and it is valid.", level=Level.SHOULD)


def _flaw_of_list_id(headers: list[Header]) -> str:
    if len(headers) > 1:
        return f"List-Id occurs {len(headers)} times; send exactly one."
    if b"(" in _without_quoted(headers[0].value):
        return "List-Id contains a comment, which RFC 2919 doesn’t allow; leave it out."
    match = _FORM.fullmatch(headers[0].value)
    if not (match and _WORDS.fullmatch(_without_quoted(match[1])) and _IDENTIFIER.fullmatch(match[2])):
        return "List-Id does not have the form Name <category.list-domain>; use this form."
    if len(match[2]) > LONGEST_LIST_ID:
        return f"The List-Id in the brackets has {len(match[2])} octets; keep it within {LONGEST_LIST_ID}."
    return ""


def _without_quoted(value: bytes) -> bytes:
    return re.sub(_QUOTED, b"", value)
