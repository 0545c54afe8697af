"""Forgets what imports hold of an erased contact: uploads that wait to be confirmed, and names of files."""

import codecs
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import md5, sha1, sha256

from prefcenter.models import ImportRun, ImportState
from unsubscribe.addresses import spellings

from . import files, lifecycle

_STOPPED = "A person in this file was erased. Remove them from the file and upload it again."
_BLANK = "•••"
_CHUNK = 2**20
_OVERLAP = 2000
#: The encodings that an upload is decoded from; in any other, ASCII is found.
_KNOWN = {"utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "cp932"}
#: NUL, because of UTF-16 that was not recognised.
_DROPPED = "\x00 \t\r\n\v\f\"'\u00a0"
_BETWEEN_DIGITS = dict.fromkeys(map(ord, "().-/"))
#: Letters: what is shorter has to be the whole name of the file ("jo"); what is so long is looked for within words too.
LEAST, LONG = 3, 8
#: How many digits at the end of a phone number name it.
LAST_DIGITS = 8
_APART = re.compile(r"[\W_]+")
_CAMEL = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])|(?<=[a-zß-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])")
_DIGITS = re.compile(r"\D")
_ENDING = re.compile(r"\.\w{1,5}\Z")


def forget(addresses: Sequence[str], *, now: datetime) -> None:
    """Stops imports that wait for a check or a confirmation with one of these addresses in their file, deletes those
    files, and blanks names of files that name one.

    addresses: the contact's, normalised, on whatever channel

    An import that is running goes on, passes over erased contacts, and deletes its file at the end.
    """
    waiting = ImportRun.objects.filter(state__in=[ImportState.CHECKING, ImportState.READY]).exclude(stored_as="")
    for run in waiting.defer("problems", "foreseen"):
        if _names(run, addresses):
            rows = ImportRun.objects.filter(id=run.pk, state__in=[ImportState.CHECKING, ImportState.READY])
            lifecycle.close(rows, ImportState.STOPPED, stored_as=run.stored_as, now=now, error=_STOPPED)
    wanted = PersonSpellings(addresses)
    names = ImportRun.objects.exclude(file_name__in=["", _BLANK]).order_by().values_list("file_name", flat=True)
    named = [name for name in names.distinct().iterator() if wanted.is_in(name)]
    ImportRun.objects.filter(file_name__in=named).update(file_name=_BLANK)


def _names(run: ImportRun, addresses: Sequence[str]) -> bool:
    """Whether the upload may name one of the addresses, in any spelling that an import reads, or as a hash. Of a
    spreadsheet it may; of a missing file it doesn't."""
    wanted = {_bare(form) for one in addresses for form in (one, *_hashes(one))}
    digits = {one.lstrip("+") for one in addresses if one.startswith("+")}
    decoder = codecs.getincrementaldecoder(run.encoding if run.encoding in _KNOWN else "utf-8")("replace")
    before = ""
    try:
        with files.read(run.stored_as) as stream:
            while chunk := stream.read(_CHUNK):
                if chunk.startswith(b"PK\x03\x04"):
                    return True
                text = before + _bare(decoder.decode(chunk))
                bare = text.translate(_BETWEEN_DIGITS) if digits else ""
                if any(one in text for one in wanted) or any(one in bare for one in digits):
                    return True
                before = text[-_OVERLAP:]
    except files.UploadMissing:
        return False
    return False


def _bare(text: str) -> str:
    """A text without what doesn't count in or around an address: spaces, quotes, width, letter case."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", spellings.without_invisible(text)).replace("\u3002", ".")
    for one in _DROPPED:
        text = text.replace(one, "")
    return text.lower().replace("%40", "@")


def _hashes(address: str) -> list[str]:
    return [new(address.encode(), usedforsecurity=False).hexdigest() for new in (sha256, sha1, md5)]


class PersonSpellings:
    """The spellings of one contact's addresses, normalised, on whatever channel."""

    def __init__(self, addresses: Iterable[str]) -> None:
        self._words: set[str] = set()
        self._numbers: set[str] = set()
        for address in addresses:
            local, at, _ = address.rpartition("@")
            self._words |= {*map(_folded, (address, local, local.partition("+")[0]) if at else (address,))} - {""}
            if not at and len(digits := _DIGITS.sub("", address)) >= LAST_DIGITS:
                self._numbers.add(digits[-LAST_DIGITS:])

    def is_in(self, file_name: str) -> bool:
        """Whether a file's name names the contact: "ada.lovelace@…" is in "Ada Lovelace.csv", "ada" not in
        "Canada.csv"."""
        text, whole = f" {_folded(file_name)} ", _folded(_ENDING.sub("", file_name))
        digits = _DIGITS.sub("", file_name)
        return any(self._is(word, text, whole) for word in self._words) or any(one in digits for one in self._numbers)

    @staticmethod
    def _is(word: str, text: str, whole: str) -> bool:
        if len(word) < LEAST:
            return word == whole
        return f" {word} " in text or (len(word) >= LONG and word.replace(" ", "") in text.replace(" ", ""))


def _folded(text: str) -> str:
    """The words of a text in lower case, between single spaces; words end also before digits and capitals."""
    text = unicodedata.normalize("NFKC", spellings.without_invisible(text))
    return _APART.sub(" ", _CAMEL.sub(" ", text)).strip().casefold()
