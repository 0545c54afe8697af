"""The headers that make mail clients show their own Unsubscribe button. It builds them; it sends nothing."""

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
LONGEST_LIST_ID = 255
LONGEST_LOCAL_PART = 64
#: Where the token comes; no mailbox has it.
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
        names = ("List-Unsubscribe", "List-Unsubscribe-Post", "List-Id")
        return [(name, value) for name, value in zip(names, self, strict=True) if value]


def list_unsubscribe(token: str) -> str:
    """The one https URI first, the mailto variant second (RFC 2369: most preferred first)."""
    return list_unsubscribes([token])[0]


def list_unsubscribes(tokens: Iterable[str]) -> list[str]:
    """The List-Unsubscribe of each token, in their order. Raises InsecureBaseUrl."""
    before = f"<{links.url('')}"
    if not conf.mailto():
        return [f"{before}{token}>" for token in tokens]
    between, after = f"<mailto:{mailto_address(_HERE)}>".split(_HERE)
    return [f"{before}{token}>, {between}{token}{after}" for token in tokens]


def mailto_address(token: str) -> str:
    """The mailbox that takes the token in its local part, because clients drop the subject (requirement H12)."""
    local, _, domain = conf.mailto().partition("@")
    return f"{local}+{token}@{domain}"


def list_id(slug: str, name: str) -> str:
    """`Name <category.list-domain>` (RFC 2919). Only the name may change: filters rest on the identifier."""
    identifier = f"<{slug}.{conf.list_domain()}>"
    phrase = _phrase(name)
    whole = f"{phrase} {identifier}"
    return whole if name.isprintable() and len(whole) <= LONGEST_LIST_ID else identifier


def _phrase(name: str) -> str:
    """An RFC 5322 phrase: plain words as they are, others quoted, and beyond ASCII an RFC 2047 encoded-word."""
    if not name.isascii():
        return Header(name, "utf-8", maxlinelen=75).encode(linesep="")
    return name if _WORDS.fullmatch(name) else f'"{quote(name)}"'
