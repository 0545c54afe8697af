"""Checks the form of List-Id (H10, RFC 2919). One-click works without it, so the point is a SHOULD."""

import re

from prefcenter.mail_check.message import Header, Message
from prefcenter.mail_check.points import Level, Point, failed, passed, warned

#: Octets within the brackets (RFC 2919, section 2).
LONGEST_LIST_ID = 255
_QUOTED = rb'"(?:[^"\\]|\\.)*"'
_FORM = re.compile(rb"((?:" + _QUOTED + rb'|[^"<])*)<([^<>]*)>')
# RFC 5322, section 3.2.3; in the display name also octets over 127, as RFC 6532 allows them.
_ATEXT = rb"A-Za-z0-9!#$%&'*+/=?^_`{|}~-"
_WORDS = re.compile(rb"[ \t." + _ATEXT + rb"\x80-\xff]*")
_IDENTIFIER = re.compile(rb"[" + _ATEXT + rb"]+(?:\.[" + _ATEXT + rb"]+)+")


def list_id_points(message: Message) -> list[Point]:
    """H10."""
    headers = message.named(b"List-Id")
    if not headers:
        text = "List-Id is missing; one-click works without it, but filters and reports use it, so add one."
        return [warned("H10", text, level=Level.SHOULD)]
    flaw = _flaw(headers)
    if flaw:
        return [failed("H10", flaw, level=Level.SHOULD)]
    return [passed("H10", "There is one List-Id header, and it is valid.", level=Level.SHOULD)]


def _flaw(headers: list[Header]) -> str:
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
