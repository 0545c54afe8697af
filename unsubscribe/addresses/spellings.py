"""Finds the address in what people and programs write: in brackets, after a name, with invisible characters.

addresses.normalise checks it. It asks here only about texts that are not an address as they stand, so that no change
here can change the digest of an address that is stored.
"""

import re
import unicodedata
from urllib.parse import unquote

import idna

from ..errors import InvalidAddress

# What Unicode calls default-ignorable, and the format characters besides: zero-width, soft hyphen, marks of direction,
# variation selectors, tags.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffc\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_PUNCTUATION = {code: to for code, to in _FULL_WIDTH.items() if not chr(to).isalnum()}
_PUNCTUATION |= {0xFE6B: ord("@"), 0x3002: ord("."), 0xFF61: ord("."), 0xFE52: ord(".")}
#: No-break spaces, which get into addresses that are copied from elsewhere.
_HOLDING = "\u00a0\u2007\u202f"
_GLUE = re.compile(rf"(?<=\S)[{_HOLDING}](?=\S)")
_MAIL_SCHEME = re.compile(r"\s*(?:(mailto)|smtp|e-?mail)\s*:(?://)?", re.IGNORECASE)
_PHONE_SCHEME = re.compile(r"\s*(?:tel|sms|smsto|callto|whatsapp)\s*:(?://)?", re.IGNORECASE)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"(\s*@)?')
_BRACKETED = re.compile(r"<([^<>]*)>|\[([^\[\]]*@[^\[\]]*)\]")
_NEVER_CLOSED = re.compile(r"\A[^@<]*(?<!\S)<")
_AROUND_AT = re.compile(r"\s*@\s*")
_TYPOGRAPHIC = "“”„‟«»‹›‘’‚‛"
_BEFORE, _AFTER = f" ,;:<[({_TYPOGRAPHIC}", f" .,;:>])'{_TYPOGRAPHIC}"
#: How many layers of brackets, quotes and schemes are taken off.
_LAYERS = 6


def bare_email(text: str) -> str:
    """The part of `text` that is its email address, if it has one: `a@b` of `Name <a@b>` or `mailto:a%40b?subject=x`.

    The result is still to be checked. Raises InvalidAddress for a text with two addresses or more than six layers.
    Takes time in proportion to the text.
    """
    text = visible(text)
    for _ in range(_LAYERS):
        inner = _trimmed(_out_of_comments(_out_of_brackets(_out_of_quotes(_without_scheme(text)))))
        if inner == text:
            return _joined(text)
        text = inner
    raise InvalidAddress


def bare_phone(text: str) -> str:
    """The number in `text`, in ASCII, without a `tel:` before it and quotes or brackets around it; to be checked."""
    text = _INVISIBLE.sub("", text).translate(_FULL_WIDTH)
    return _PHONE_SCHEME.sub("", text, count=1).strip(f"\"' ,;<>[]{_TYPOGRAPHIC}\t\r\n\u00a0")


def without_invisible(text: str) -> str:
    """`text` without invisible characters."""
    return _INVISIBLE.sub("", text)


def visible(text: str) -> str:
    """`text` without invisible characters, and in ASCII where it is full-width: punctuation, or with a ＠ all of it."""
    text = without_invisible(text)
    return text.translate(_FULL_WIDTH | _PUNCTUATION if "＠" in text else _PUNCTUATION)


def _without_scheme(text: str) -> str:
    """`text` without a `mailto:` or the like before it; of a mailto URI the decoded address alone (RFC 6068)."""
    found = _MAIL_SCHEME.match(text)
    if not found:
        return text
    rest = text[found.end() :]
    if not found[1]:
        return rest
    try:
        return visible(unquote(rest.partition("?")[0], errors="strict"))
    except UnicodeDecodeError:
        raise InvalidAddress from None


def _out_of_quotes(text: str) -> str:
    """`text` without a quoted name, or without quotes around all of it; quotes right before the @ stay."""
    if text.count('"') == 1:
        return text.replace('"', " ")
    for found in _QUOTED.finditer(text):
        outside = text[: found.start()] + text[found.end(1) + 1 :]
        if "@" in found[1] and "@" not in outside:
            return re.sub(r"\\(.)", r"\1", found[1])
    return _QUOTED.sub(lambda found: found[0] if found[2] else " ", text)


def _out_of_brackets(text: str) -> str:
    """Of `Name <a@b>` the address. Raises InvalidAddress if the name is another address."""
    held = [one[1] or one[2] or "" for one in _BRACKETED.finditer(text)]
    if not held:
        return _NEVER_CLOSED.sub("", text, count=1)
    if len(held) > 1:
        raise InvalidAddress
    name = _BRACKETED.sub(" ", text)
    if "@" in name and name.strip(f"{_BEFORE}{_AFTER}").lower() != _without_scheme(held[0]).strip().lower():
        raise InvalidAddress
    return held[0]


def _out_of_comments(text: str) -> str:
    """`text` without comments in parentheses (RFC 5322, section 3.2.2), or of them the one that the address is in."""
    if "(" not in text and ")" not in text:
        return text
    outside: list[str] = []
    inside: list[str] = []
    depth = 0
    for letter in text:
        if letter == ")" and depth:
            depth -= 1
        for part in (inside, outside) if letter in "()" else (inside if depth else outside,):
            part.append(" " if letter in "()" else letter)
        depth += letter == "("
        if depth > _LAYERS:
            raise InvalidAddress
    return "".join(inside if "@" in inside and "@" not in outside else outside)


def _trimmed(text: str) -> str:
    text = text.strip()
    while len(text) > 2 and text[0] == text[-1] == "'":
        text = text[1:-1]
    return text.lstrip(_BEFORE).rstrip(_AFTER)


def _joined(text: str) -> str:
    """`text` without spaces at the @, and without no-break spaces within its words."""
    local, at, domain = _AROUND_AT.sub("@", text).rpartition("@")
    if not local[:1].isupper() or local.isupper():  # a name and an address, of which the boundary is unknown
        local = _GLUE.sub("", local)
    host, dot, rest = domain.partition(".")  # before its first dot no domain is whole
    return f"{local}{at}{_GLUE.sub('', host + dot)}{rest.lstrip(_HOLDING)}"


def ascii_domain(domain: str) -> str:
    """The domain in A-labels (RFC 5890). IDNA 2008 has no symbols, but domains with symbols exist, and mail goes to
    what UTS 46 makes of them: `xn--ls8h.example`. Raises IDNAError or UnicodeError."""
    try:
        return idna.encode(domain, uts46=True).decode().lower()
    except idna.InvalidCodepoint:
        if len(domain) > 253:
            raise
        labels = idna.uts46_remap(domain, std3_rules=False, transitional=False).split(".")
        return ".".join(map(_ascii_label, labels)).lower()


def _ascii_label(label: str) -> str:
    kinds = {unicodedata.category(letter)[0] for letter in label if not letter.isascii()}
    if label.isascii():
        return label
    if "S" not in kinds or not kinds <= set("LMS") or label.startswith("xn--"):
        return idna.alabel(label).decode()
    return f"xn--{label.encode('punycode').decode()}"
