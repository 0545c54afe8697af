"""Checks that both one-click headers occur once (H1) and how List-Unsubscribe-Post reads (H3)."""

import re

from prefcenter.mail_check.message import Header, Message, shown
from prefcenter.mail_check.points import Point, failed, passed, skipped

LIST_UNSUBSCRIBE = b"List-Unsubscribe"
LIST_UNSUBSCRIBE_POST = b"List-Unsubscribe-Post"
_WANTED_VALUE = b"List-Unsubscribe=One-Click"
_WANTED = "List-Unsubscribe-Post: List-Unsubscribe=One-Click"
# RFC 8058, section 5: "List-Unsubscribe-Post:" 0*1WSP postarg CRLF. Case matters in no header's name.
_EXACT = re.compile(rb"(?i:List-Unsubscribe-Post):[ \t]?List-Unsubscribe=One-Click")


def header_points(message: Message) -> list[Point]:
    """H1 and H3."""
    return [_one_of_each(message), _exact_post(message.named(LIST_UNSUBSCRIBE_POST))]


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
