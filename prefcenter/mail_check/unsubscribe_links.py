"""Checks the links in List-Unsubscribe (H2, H7, H8). Whether one answers: endpoint.py."""

import re
from urllib.parse import urlsplit

from prefcenter.mail_check.headers import LIST_UNSUBSCRIBE
from prefcenter.mail_check.message import Header, Message, shown
from prefcenter.mail_check.points import Level, Point, failed, passed, skipped, warned

# From 78 on, brackets included, Django 6's mail generator encodes a link (measured on 5.2 and 6.1).
LONGEST_BRACKETED_LINK = 77
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_BRACKETS_OR_COMMENT = re.compile(rb"(<[^<>]*>)|\((?:[^()\\]|\\.)*\)")
# RFC 3986, section 2: a URI consists of printable ASCII, and angle brackets are not among its characters.
_LINK = rb"<[!-;=?-~]+>"
_LINKS = re.compile(rb"[ \t]*" + _LINK + rb"(?:[ \t]*,[ \t]*" + _LINK + rb")*[ \t]*")
_BROKEN_LINK = re.compile(rb"<[^<>]*[ \t][^<>]*>")
_ENCODED_WORD = re.compile(rb"=\?[^?\s]+\?[bq]\?[^?\s]*\?=", re.IGNORECASE)


def link_points(message: Message) -> list[Point]:
    """H2, H7, and H8 twice: MUST not be encoded, SHOULD be short."""
    headers = message.named(LIST_UNSUBSCRIBE)
    if not headers:
        return [skipped(id_, "There is no List-Unsubscribe header to check.") for id_ in ("H2", "H7", "H8")]
    links = _links(headers)
    return [_one_https(links), _proper_list(headers), _not_encoded(headers), _short(links)]


def one_click_link(message: Message) -> str | None:
    """The only web link of List-Unsubscribe, if it is https or plain http to this machine; None without such a one."""
    web = _web(_links(message.named(LIST_UNSUBSCRIBE)))
    if len(web) == 1 and (_is_https(web[0]) or _is_local_http(web[0])):
        return web[0].decode("ascii")
    return None


def _links(headers: list[Header]) -> list[bytes]:
    brackets = [text for header in headers for text in re.findall(rb"<([^<>]*)>", _without_comments(header))]
    # RFC 2369, section 2: clients ignore white space within the brackets. H7 reports it.
    return [re.sub(rb"[ \t]+", b"", text) for text in brackets]


def _without_comments(header: Header) -> bytes:
    # RFC 2369, section 2 allows comments beside the brackets; within them a parenthesis belongs to the URI.
    return _BRACKETS_OR_COMMENT.sub(lambda match: match[1] or b" ", header.value)


def _web(links: list[bytes]) -> list[bytes]:
    return [link for link in links if link.lower().startswith((b"https:", b"http:"))]


def _host(link: bytes) -> str | None:
    try:
        parts = urlsplit(link.decode("ascii"))
        return parts.hostname if parts.port != 0 else None
    except ValueError:  # octets outside ASCII, a port that is no number, half an IPv6 address
        return None


def _is_https(link: bytes) -> bool:
    return link.lower().startswith(b"https:") and bool(_host(link))


def _is_local_http(link: bytes) -> bool:
    return link.lower().startswith(b"http:") and _host(link) in LOCAL_HOSTS


def _one_https(links: list[bytes]) -> Point:
    web = _web(links)
    if not web:
        return failed("H2", "No <https:...> link can be read in List-Unsubscribe; put exactly one there.")
    if len(web) > 1:
        return failed("H2", f"List-Unsubscribe has {len(web)} web links; leave exactly one, which is https.")
    if _is_https(web[0]):
        return passed("H2", f"There is exactly one https link: {shown(web[0])}")
    if _is_local_http(web[0]):
        return warned("H2", "The link is plain http to this machine, for development only; send https links.")
    return failed("H2", f"The only web link is not a proper https link ({shown(web[0])}); use an https link.")


def _proper_list(headers: list[Header]) -> Point:
    values = [_without_comments(header) for header in headers]
    if any(_BROKEN_LINK.search(value) for value in values):
        return failed("H7", "There is white space within a link's brackets; keep each <link> in one piece.")
    if not all(_LINKS.fullmatch(value) for value in values):
        return failed("H7", "List-Unsubscribe does not read <link>, <link>; use this form and nothing else.")
    if any(not _may_end(line) for header in headers for line in header.lines[:-1]):
        # Once unfolded it is a proper list (RFC 5322, section 2.2.3), so that only careless clients stumble.
        text = "List-Unsubscribe is folded elsewhere than after a comma; to be safe, fold it only there."
        return warned("H7", text, level=Level.SHOULD)
    return passed("H7", "List-Unsubscribe is a proper list of links in angle brackets.")


def _may_end(line: bytes) -> bool:
    # After the comma between two links, or before the first: Python's own mail generator folds there.
    return line.rstrip(b" \t").endswith(b",") or line.rstrip(b" \t").lower() == LIST_UNSUBSCRIBE.lower() + b":"


def _not_encoded(headers: list[Header]) -> Point:
    if any(_ENCODED_WORD.search(header.value) for header in headers):
        return failed(
            "H8",
            "List-Unsubscribe is encoded (=?...?=), so that no client can read the link; keep each <link> "
            f"within {LONGEST_BRACKETED_LINK} characters, or keep the mail software from changing the header.",
        )
    return passed("H8", "List-Unsubscribe is not encoded.")


def _short(links: list[bytes]) -> Point:
    longest = max((len(link) + len("<>") for link in links), default=0)
    if not longest:
        return skipped("H8", "There is no link to measure.", level=Level.SHOULD)
    found = f"The longest <link> has {longest} characters"
    if longest > LONGEST_BRACKETED_LINK:
        advice = f"some mail programs encode those over {LONGEST_BRACKETED_LINK}, so a shorter one is safer"
        return warned("H8", f"{found}; {advice}.", level=Level.SHOULD)
    return passed("H8", f"{found}, within {LONGEST_BRACKETED_LINK}.", level=Level.SHOULD)
