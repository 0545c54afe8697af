"""The text and the HTML of a message as its reader sees them, without what is hidden."""

import email
import re
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage, Message
from html.parser import HTMLParser
from typing import NamedTuple

#: Elements whose content is not shown.
_UNSEEN = frozenset({"head", "style", "script", "template", "title"})
_NONE = r"\s*:\s*0(?:\.0+)?\s*(?:px|pt|em|rem|%)?\s*(?:!important\s*)?(?:;|\Z)"
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all|"
    rf"(?:font-size|opacity|max-height|max-width){_NONE}",
    re.IGNORECASE,
)
#: Elements without an end tag (HTML, section 13.1.2).
_VOID = frozenset(("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"))


class Link(NamedTuple):
    """A link in the body."""

    url: str
    #: What a reader sees of it: in HTML its text, in plain text its line and the one before.
    words: str


class MessagePart(NamedTuple):
    """The plain text or the HTML of a message."""

    #: "text" or "HTML", for sentences.
    name: str
    #: What is shown.
    text: str
    #: Those that are shown.
    links: list[Link]


def read(raw: bytes) -> list[MessagePart]:
    """Each text or HTML part that a mail client may show, in order; attachments and forwarded messages left out."""
    return [part for one in _bodies(raw) if (part := _part(one))]


def _bodies(raw: bytes) -> Iterator[EmailMessage]:
    yield from _texts(email.message_from_bytes(raw, policy=policy.default))


def _texts(part: Message) -> Iterator[EmailMessage]:
    """The parts of type text; not those of a message that is forwarded in this one, which has links of its own."""
    if not isinstance(part, EmailMessage) or part.get_content_disposition() == "attachment":
        return
    if part.get_content_maintype() == "text" and not part.get_filename():
        yield part
    for one in part.iter_parts() if part.is_multipart() and part.get_content_maintype() == "multipart" else ():
        yield from _texts(one)


def _part(body: EmailMessage) -> MessagePart | None:
    payload = body.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return None
    try:
        text = payload.decode(body.get_content_charset() or "utf-8", "replace")
    except (LookupError, UnicodeError):  # a charset that nobody knows, or that is none for bodies
        text = payload.decode("utf-8", "replace")
    if body.get_content_subtype() == "html":
        page = _Page()
        page.feed(text)
        page.close()
        return MessagePart("HTML", " ".join(page.seen), page.links)
    return MessagePart("text", text, _links(text)) if body.get_content_subtype() == "plain" else None


def _links(text: str) -> list[Link]:
    found, before = [], ""
    for line in text.splitlines():
        found += [Link(url, f"{before} {line}") for url in re.findall(r"https?://[^\s<>\"]+", line)]
        before = line if line.strip() else before
    return found


class _Page(HTMLParser):
    """Collects the text that is shown, and the links with shown text or a picture that has an `alt`."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.links: list[Link] = []
        self._open: list[tuple[str, bool]] = []
        self._link: Link | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        is_hidden = tag in _UNSEEN or "hidden" in said or bool(_HIDDEN.search(said.get("style", "")))
        if tag == "a" and said.get("href") and not (is_hidden or self._is_hidden()):
            self._link = Link(said["href"], "")
        if tag == "img" and said.get("alt") and not (is_hidden or self._is_hidden()):
            self.handle_data(said["alt"])
        if tag not in _VOID:
            self._open.append((tag, is_hidden))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._end_link()
        while tag in (name for name, _ in self._open):
            if self._open.pop()[0] == tag:
                break

    def handle_data(self, data: str) -> None:
        if not self._is_hidden():
            self.seen.append(data)
            if self._link:
                self._link = self._link._replace(words=f"{self._link.words} {data}")

    def close(self) -> None:
        super().close()
        self._end_link()

    def _is_hidden(self) -> bool:
        return any(is_hidden for _, is_hidden in self._open)

    def _end_link(self) -> None:
        if self._link and self._link.words.strip():
            self.links.append(self._link)
        self._link = None
