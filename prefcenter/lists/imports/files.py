"""The folder "imports" of DATA_DIR: uploads, until their run is over, and lists of the lines that reports name.

The folder and the uploads are readable by this account alone, and their names are random or numbers.
"""

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, NamedTuple

from django.conf import settings

from unsubscribe.addresses import digest_of_sha256
from unsubscribe.errors import UnsubscribeError


class UploadMissing(UnsubscribeError):
    """The database knows of the file, this machine's disk doesn't."""

    message = (
        'The uploaded file is not where this worker looks, in the folder "imports" of DATA_DIR. Machines that share '
        "the work must share that folder too. Nothing was imported by this worker; please upload the file again."
    )


class KeptFile(NamedTuple):
    """An upload that was written, or a file that a command reads where it lies."""

    #: In the folder; "" for a command's.
    name: str
    #: Its `fingerprint`.
    sha256: bytes
    #: Bytes.
    size: int


def keep(chunks: Iterable[bytes]) -> KeptFile:
    """Writes an upload down, chunk by chunk, under a random name."""
    name, seen, size = uuid.uuid4().hex, sha256(), 0
    with os.fdopen(os.open(_made_folder() / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        for chunk in chunks:
            file.write(chunk)
            seen.update(chunk)
            size += len(chunk)
    return KeptFile(name, fingerprint(seen.digest()), size)


def fingerprint(sha256: bytes) -> bytes:
    """By what the same file is recognised: 32 bytes, keyed, because a file of one line has the SHA-256 of an address.

    sha256: of the file, as bytes
    """
    return digest_of_sha256(hashlib.sha256(b"prefcenter import\n" + sha256).digest())


def read(name: str) -> BinaryIO:
    """The upload of this name, to be closed by whoever reads it. Raises UploadMissing."""
    try:
        return (_folder() / name).open("rb")
    except OSError as error:
        raise UploadMissing from error


def remove(name: str) -> None:
    """Deletes an upload, if it is there; "" names none."""
    if name:
        (_folder() / name).unlink(missing_ok=True)


@contextmanager
def scratch() -> Iterator[Path]:
    """A path beside the uploads at which a file may be made; deleted at the end."""
    with TemporaryDirectory(dir=_made_folder(), prefix="scratch-") as folder:
        yield Path(folder) / "file"


def lines_of(run_id: int) -> Path:
    """Where the report of this run lies if its row can't hold all of it (report.py)."""
    return _folder() / f"lines-{run_id}"


def remove_all_but(names: Iterable[str], *, before: datetime) -> None:
    """Deletes what is in the folder, but for these names and what is younger than `before`: it may be in the making."""
    wanted = set(names)
    for path in _folder().glob("*") if _folder().is_dir() else ():
        if path.name in wanted or path.stat().st_mtime > before.timestamp():
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _made_folder() -> Path:
    _folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    return _folder()


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "imports"
