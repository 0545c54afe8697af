"""Turns a binary stream into lines of text, block by block."""

import codecs
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain, repeat
from typing import BinaryIO, NamedTuple

from .errors import NotATableError

#: Bytes that are read at a time; by the first of them encoding and kind are recognised.
BLOCK = 64 * 1024
#: Characters. A longer line is cut, so that a file without line breaks cannot fill the memory.
LINE_LIMIT = 256 * 1024

_BYTES_KEPT = 4 * LINE_LIMIT  # at most four bytes are a character, so what was cut is still over the limit
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_ARCHIVES = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b")  # xlsx and ods, xls, gzip
_OTHER_FORMATS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF", b"<!", b"<?", b"<html")
_JSON = re.compile(r"\s*(?:\{|\[\s*[\[{\"\]])")
# One byte order mark opens a file; more of them come of files that were joined, and open a line.
_JOINED = re.compile(b"(?:\\A|(?<=[\r\n]))(?:" + codecs.BOM_UTF8 + b")+")
# Of a Japanese text, words of two and more of its letters; beside ASCII there is nothing else.
_JAPANESE_WORD = re.compile(r"[^\x00-\x7f\uff61-\uff9f]{2,}")
_CONTROLS = bytes({*range(32), 127} - set(b"\t\n\v\f\r"))


class Text(NamedTuple):
    """The text in a stream. Of `lines` and `pieces`, which read the same stream, only one can be used."""

    #: As Python names it.
    encoding: str
    #: By its first characters.
    is_json: bool
    #: With their ends: LF, CRLF or CR; too long ones are cut, but stay longer than LINE_LIMIT.
    lines: Iterator[str]
    #: As they come, nothing is cut.
    pieces: Iterator[str]


def read_text(stream: BinaryIO) -> Text:
    """The text in a stream, in UTF-8, UTF-16, Shift JIS or Windows-1252. Raises NotATableError for what is no text."""
    sample = _sample(stream)
    mark = next((mark for mark in _MARKS if sample.startswith(mark)), b"")
    sample = sample.removeprefix(mark)
    encoding = _MARKS.get(mark) or _utf16_without_mark(sample) or _eight_bit(sample)
    wide = encoding.startswith("utf-16")
    if sample.lstrip().startswith(_ARCHIVES + _OTHER_FORMATS) or (not wide and _is_binary(sample)):
        raise NotATableError
    blocks: Iterator[bytes] = chain([sample], _blocks(stream))
    narrow = encoding if encoding in {"cp1252", "cp932"} else "utf-8"
    is_json = bool(_JSON.match(sample.decode(encoding if wide else narrow, "replace").lstrip("\ufeff")))
    if wide:
        blocks = (text.encode() for text in codecs.iterdecode(blocks, encoding, "replace"))
    lines = chain.from_iterable(_lines(block, narrow) for block in _whole_lines(blocks))
    return Text(encoding, is_json, lines, codecs.iterdecode(blocks, narrow, "replace"))


def _sample(stream: BinaryIO) -> bytes:
    sample = bytearray()
    while len(sample) < BLOCK and (part := stream.read(BLOCK - len(sample))):  # a pipe may give less
        sample += part
    return bytes(sample)


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    while block := stream.read(BLOCK):
        yield block


def _utf16_without_mark(sample: bytes) -> str | None:
    """UTF-16 in either order if every second of the first bytes is zero, as in ASCII, with which a heading begins."""
    even, odd = sample[:8:2], sample[1:8:2]
    if len(sample) < 4 or all(even) == all(odd) or (any(even) and any(odd)):
        return None
    return "utf-16-le" if all(even) else "utf-16-be"


def _eight_bit(sample: bytes) -> str:
    """UTF-8 if most lines outside ASCII are valid in it (a stray one is decoded by itself), else Shift JIS, which Excel
    in Japan writes, or Windows-1252."""
    telling = [line for line in sample.splitlines(keepends=True) if not line.isascii()]
    if 2 * sum(_is(line, "utf-8") for line in telling) >= len(telling):
        return "utf-8"
    return "cp932" if all(_is(line, "cp932") for line in telling) and _is_japanese(b"".join(telling)) else "cp1252"


def _is(line: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(line)  # it allows the sample to end within a character
    except UnicodeDecodeError:
        return False
    return True


def _is_japanese(text: bytes) -> bool:
    """Whether most of what is not ASCII are words of common Japanese letters, which in Shift JIS begin with a byte that
    is punctuation in Windows-1252. Accents read as Shift JIS are single letters, half-width ones, or rare ones."""
    decoded = text.decode("cp932", "ignore")
    words = "".join(_JAPANESE_WORD.findall(decoded))
    common = sum(0x81 <= letter.encode("cp932", "ignore")[:1].ljust(1)[0] <= 0x9F for letter in words)
    return common * 10 > 7 * sum(not letter.isascii() for letter in decoded)


def _is_binary(sample: bytes) -> bool:
    """Whether there are more control characters than a text holds by accident; of compressed data they are a tenth."""
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    return controls > max(16, len(sample) / 20)


def _whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same as blocks that end where a line ends. A CR at the end of a block waits, because an LF may follow."""
    rest = b""
    for block in blocks:
        text = rest + block
        end = max(text.rfind(b"\n"), text.rfind(b"\r", 0, -1)) + 1
        if end:
            yield text[:end]
        rest = text[end:]
        if len(rest) > _BYTES_KEPT and not rest.endswith(b"\r"):
            rest = rest[:_BYTES_KEPT]
    yield rest


def _lines(block: bytes, encoding: str) -> list[str]:
    if not block.isascii() and codecs.BOM_UTF8 in block:
        block = _JOINED.sub(b"", block)
    lines = block.splitlines(keepends=True)
    try:
        return list(map(str, lines, repeat(encoding)))
    except UnicodeDecodeError:
        return [_decoded(line, encoding) for line in lines]


def _decoded(line: bytes, encoding: str) -> str:
    for candidate in (encoding, "cp1252"):
        with suppress(UnicodeDecodeError):
            return line.decode(candidate)
    return line.decode("latin-1")  # it knows every byte
