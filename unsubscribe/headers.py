"""The headers that make mail clients show their own Unsubscribe button (requirements H1 to H3, H7 to H12)."""

import re
from collections.abc import Iterable
from email.header import Header
from email.utils import quote
from typing import NamedTuple

from . import conf, links

#: RFC 8058, section 3.1. One space after the colon, no folding (section 5).
ONE_CLICK = "List-Unsubscribe=One-Click"
#: The longest <URI>, brackets included, that no mail generator turns into an RFC 2047 encoded-word (requirement H8).
LONGEST_URI = 77
#: RFC 2919, section 3, in octets.
LONGEST_LIST_ID = 255
#: RFC 5321, section 4.5.3.1.1, in octets.
LONGEST_LOCAL_PART = 64
#: Stands for the token in a mailto URI that is built once for many; no mailbox has this character.
_HERE = "\0"
_WORDS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")


#: With these a message says what it is to the guarded backend, which takes them out before it is sent.
CATEGORY = "X-Unsubscribe-Category"
CAMPAIGN = "X-Unsubscribe-Campaign"
PURPOSE = "X-Unsubscribe-Purpose"


class Headers(NamedTuple):
    """Those of one message to one recipient (RFC 8058, section 3.1); "" where there is none."""

    list_unsubscribe: str
    list_unsubscribe_post: str
    list_id: str

    def items(self) -> list[tuple[str, str]]:
        """The names and values of those that are not ""."""
        names = ("List-Unsubscribe", "List-Unsubscribe-Post", "List-Id")
        return [(name, value) for name, value in zip(names, self, strict=True) if value]


def list_unsubscribe(token: str) -> str:
    """The value of List-Unsubscribe: the https URI, then the mailto variant if UNSUBSCRIBE_MAILTO is set (RFC 2369:
    most preferred first). Raises InsecureBaseUrl."""
    return list_unsubscribes([token])[0]


def list_unsubscribes(tokens: Iterable[str]) -> list[str]:
    """As list_unsubscribe, for each token, in their order."""
    before = f"<{links.url('')}"
    if not conf.mailto():
        return [f"{before}{token}>" for token in tokens]
    between, after = f"<mailto:{mailto_address(_HERE)}>".split(_HERE)
    return [f"{before}{token}>, {between}{token}{after}" for token in tokens]


def mailto_address(token: str) -> str:
    """UNSUBSCRIBE_MAILTO with the token in its local part, because clients drop the subject (requirement H12)."""
    local, _, domain = conf.mailto().partition("@")
    return f"{local}+{token}@{domain}"


def list_id(slug: str, name: str) -> str:
    """The value of List-Id: `Name <slug.list-domain>` (RFC 2919, requirement H10). A name that cannot be printed or is
    too long is left out."""
    identifier = f"<{slug}.{conf.list_domain()}>"
    phrase = _phrase(name)
    whole = f"{phrase} {identifier}"
    return whole if name.isprintable() and len(whole) <= LONGEST_LIST_ID else identifier


def _phrase(name: str) -> str:
    """An RFC 5322 phrase: plain words as they are, others quoted, and beyond ASCII an RFC 2047 encoded-word."""
    if not name.isascii():
        return Header(name, "utf-8", maxlinelen=75).encode(linesep="")
    return name if _WORDS.fullmatch(name) else f'"{quote(name)}"'
