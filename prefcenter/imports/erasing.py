"""What imports still hold of somebody who is erased: uploads that wait to be confirmed, and names of files."""

import re
from collections.abc import Sequence
from datetime import datetime

from prefcenter.models import ImportRun, ImportState

from . import files, runs

_STOPPED = "Somebody in this file was erased. Please hand it in again without them."
_CHUNK = 2**20
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")
_BETWEEN_DIGITS = re.compile(rb"[\s().\-/\x00]")


def forget(addresses: Sequence[str], *, now: datetime) -> None:
    """Ends what waits for a confirmation with one of these addresses in its file, and deletes that file. What is being
    imported goes on, past whoever is erased, and its file goes at the end."""
    waiting = ImportRun.objects.filter(state__in=[ImportState.CHECKING, ImportState.READY]).exclude(stored_as="")
    for run in waiting.defer("problems", "foreseen"):
        if _names(run.stored_as, addresses):
            rows = ImportRun.objects.filter(id=run.pk, state__in=[ImportState.CHECKING, ImportState.READY])
            runs.close(rows, ImportState.STOPPED, stored_as=run.stored_as, now=now, error=_STOPPED)
    for address in addresses:
        for text in {address, address.partition("@")[0], address.lstrip("+")}:
            ImportRun.objects.filter(file_name__icontains=text).update(file_name="•••")


def _names(stored_as: str, addresses: Sequence[str]) -> bool:
    """Whether it may: what is no text cannot be searched, and counts as if it did."""
    wanted = [one.encode(encoding) for one in addresses for encoding in _ENCODINGS]
    digits = [one.lstrip("+").encode() for one in addresses if one.startswith("+")]
    before = b""
    try:
        with files.read(stored_as) as stream:
            while chunk := stream.read(_CHUNK):
                text = before + chunk.lower()
                bare = _BETWEEN_DIGITS.sub(b"", text) if digits else b""
                if text.startswith(b"pk\x03\x04") or any(one in text for one in wanted):
                    return True
                if any(one in bare for one in digits):
                    return True
                before = text[-2000:]
    except files.UploadMissing:
        return False
    return False
