"""Finds the token in the text that a link or a mailbox's name has where its token should be: mail programs and gateways
glue characters on and break lines in it.

Which reading is right is decided by the signature (`links`). Look-alikes (O and 0) are not tried.
"""

import re
from collections.abc import Iterator
from itertools import product
from urllib.parse import unquote

#: How many characters are looked at.
_LONGEST = 1000
#: How often percent-encoding is undone: gateways encode what was encoded already ("%2520").
_TIMES = 3
_QUOTED_PRINTABLE = re.compile(r"(?:=[0-9A-Fa-f]{2})+")
_LETTER_OR_DIGIT = re.compile(r"[A-Za-z0-9]")
#: Before a token: spaces, "<", quotes, "=3D".
_BEFORE = re.compile(r"[^A-Za-z0-9]*")
#: Zero-width spaces and joiners, soft hyphens, marks of direction, variation selectors, fillers, controls.
_INVISIBLE = (
    r"\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
)
#: Regular expressions for what may stand around the letter of a link's purpose in its path, after a line break or
#: encoding there; before it there may be several slashes.
BEFORE_KIND, BEHIND_KIND = rf"(?:[/=\s{_INVISIBLE}]*)", rf"(?:[=\s{_INVISIBLE}]*)"
#: What may stand within a token: invisible characters, and a line break with the quoted-printable "=" before it
#: (RFC 2045, section 6.7), which browsers leave when they take line breaks out of a URL, and the indent or ">" of the
#: next line.
_GAP = rf"(?:[ \t]*[\r\n][\s>]*|[=\s{_INVISIBLE}])*"
_CHUNK = re.compile(rf"([A-Za-z0-9]+){_GAP}")
_OLD_CHUNK = re.compile(rf"([A-Za-z0-9_-]+){_GAP}")
#: RFC 2047 writes a space as "_", and some programs read every "_" so; others write it as "+" again.
_SPACE_THAT_WAS = re.compile(r"(?<=[A-Za-z0-9_-])[ +]+(?=[A-Za-z0-9_-])")
_OLD_LENGTH = 40
#: How many "-" and "_" at the end of an old token may have been cut off as punctuation.
_MOST_LOST = 2


def token(text: str, *, length: int) -> str:
    """The letters and digits that `text` begins with, gaps left out, if they are exactly `length`; else "".

    They end at the first character that no token has; what follows is ignored.
    """
    runs = (_run(bare, _CHUNK, length) for bare in _bares(text))
    return next((run for run in runs if len(run) == length), "")


def old_tokens(text: str) -> list[str]:
    """The tokens of the first format (40 characters of base64url) that `text` may begin with, nine at most.

    Such a token may have lost a last "-" or "_", and its "_" may have become spaces.
    """
    bare, undecoded = _bares(text)
    texts = (bare, _SPACE_THAT_WAS.sub(lambda found: "_" * len(found[0]), bare))
    readings = [whole for one in texts for whole in _completed(_run(one, _OLD_CHUNK, _OLD_LENGTH))]
    as_it_stands = _run(undecoded, _OLD_CHUNK, _OLD_LENGTH)
    return list(dict.fromkeys([*readings, *([as_it_stands] if len(as_it_stands) == _OLD_LENGTH else [])]))


def _bares(text: str) -> Iterator[str]:
    """`text` from where its token begins: first with quoted-printable decoded, then as it is, because what follows a
    "=" may be the rest of the token."""
    text = text[:_LONGEST]
    for _ in range(_TIMES):
        text = unquote(text)
    for one in (_QUOTED_PRINTABLE.sub(_decoded, text), text):
        yield one[_BEFORE.match(one).end() :]  # type: ignore[union-attr]  # it matches everything


def _decoded(found: re.Match[str]) -> str:
    """The text that was quoted-printable UTF-8; unchanged if it has letters or digits, where the "=" was glued on."""
    try:
        decoded = bytes.fromhex(found[0].replace("=", "")).decode()
    except UnicodeDecodeError:
        return found[0]
    return found[0] if _LETTER_OR_DIGIT.search(decoded) else decoded


def _run(text: str, chunk: re.Pattern[str], length: int) -> str:
    """The chunks at the beginning, gaps left out, while they are no longer than `length` together."""
    run, place = "", 0
    while found := chunk.match(text, place):
        longer = run + found[1]
        if len(longer) > length and longer[length] not in "-_":
            break
        run, place = longer[:length], found.end()
    return run


def _completed(run: str) -> Iterator[str]:
    lost = _OLD_LENGTH - len(run)
    if lost <= _MOST_LOST:
        yield from (run + "".join(end) for end in product("-_", repeat=lost))
