"""Checks how long the lines are (H9)."""

from prefcenter.mail_check.message import Message, shown
from prefcenter.mail_check.points import Level, Point, failed, passed, warned

# RFC 5322, section 2.1.1, both without the CRLF.
LONGEST_LINE = 998
LONGEST_BETTER_LINE = 78


def length_points(message: Message) -> list[Point]:
    """H9, twice: MUST for all lines, SHOULD for header lines."""
    return [_no_overlong_line(message), _short_header_lines(message)]


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
