"""Splits a raw message into lines and header fields, unchanged.

Not by Python's email package: it unfolds and decodes, and folding and encoding are what is checked.
"""

import re
from dataclasses import dataclass

_FIELD_NAME = re.compile(rb"([!-9;-~]+)[ \t]*:")
# RFC 5322, section 3.6 requires From and Date. The others tell a fragment of a message from, say, YAML.
_TELLTALE = frozenset({b"from", b"date", b"to", b"subject", b"message-id", b"received", b"list-unsubscribe"})
_NOT_A_MESSAGE = "is not an email message: it does not begin with header lines such as From and Date"
_BOM = b"\xef\xbb\xbf"


class NotAMessageError(Exception):
    """These octets are no message. The text says what is wrong, as the rest of a sentence that begins with the file."""


@dataclass(frozen=True)
class Header:
    """One header field."""

    #: In lower case; b"" for a line without a name.
    name: bytes
    #: As sent, without their line ends.
    lines: tuple[bytes, ...]

    @property
    def value(self) -> bytes:
        """What follows the colon, unfolded (RFC 5322, section 2.2.3), without white space around it."""
        return b"".join(self.lines).partition(b":")[2].strip(b" \t")


@dataclass(frozen=True)
class Message:
    """A message as sent."""

    #: All its octets, without a byte order mark.
    raw: bytes
    #: All its lines, without their line ends.
    lines: tuple[bytes, ...]
    #: Its header fields, in order.
    headers: tuple[Header, ...]

    def named(self, name: bytes) -> list[Header]:
        """The header fields of this name, in whichever letter case (RFC 5322, section 1.2.2), in order."""
        return [header for header in self.headers if header.name == name.lower()]


def read(raw: bytes) -> Message:
    """The message in these octets; its lines end with CRLF or LF, and an mbox's "From " line may stand before it.

    Raises NotAMessageError for what is empty, or has no header fields as messages have them.
    """
    if not raw.strip():
        raise NotAMessageError("is empty")
    raw = raw.removeprefix(_BOM)
    # At CRLF and LF only, as DKIM verifiers do: bytes.splitlines would also split at a lone CR.
    lines = tuple(re.split(rb"\r?\n", raw))
    headers = _headers(_header_lines(lines))
    if not _TELLTALE & {header.name for header in headers}:
        raise NotAMessageError(_NOT_A_MESSAGE)
    return Message(raw, lines, headers)


def shown(octets: bytes, *, limit: int = 100) -> str:
    """These octets as text for a terminal, with everything that is not printable escaped, and cut at `limit`."""
    text = octets.decode("ascii", "backslashreplace")
    safe = "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in text)
    return safe if len(safe) <= limit else f"{safe[:limit]}..."


def _header_lines(lines: tuple[bytes, ...]) -> tuple[bytes, ...]:
    header = lines[: lines.index(b"")] if b"" in lines else lines
    # An mbox file puts "From sender date" before the header; it is not a part of the message.
    if header and header[0].startswith(b"From "):
        header = header[1:]
    if not header or not _FIELD_NAME.match(header[0]) or any(b"\0" in line for line in header):
        raise NotAMessageError(_NOT_A_MESSAGE)
    return header


def _headers(lines: tuple[bytes, ...]) -> tuple[Header, ...]:
    fields: list[list[bytes]] = []
    for line in lines:
        if line[:1] in (b" ", b"\t"):
            fields[-1].append(line)
        else:
            fields.append([line])
    return tuple(Header(_name(field[0]), tuple(field)) for field in fields)


def _name(line: bytes) -> bytes:
    # A line without a name is kept, under no name: its length counts all the same.
    match = _FIELD_NAME.match(line)
    return match[1].lower() if match else b""
