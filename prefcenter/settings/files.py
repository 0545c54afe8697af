"""Whose eyes the site's files are for: contacts, messages and secrets lie in them in the clear."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_BESIDE_A_DATABASE = ("", "-journal", "-wal", "-shm")


def umask(text: str) -> int:
    """Of an environment variable, such as 077. Raises ImproperlyConfigured; others may never be let in to write."""
    try:
        mask = int(text, 8)
    except ValueError:
        mask = -1
    if not 0 <= mask <= 0o777 or mask & 0o702 != 0o002:
        raise ImproperlyConfigured(
            f"DATA_UMASK is {text!r}. Use 077 (only the account that runs the site can read its files), 027 (its group "
            "can read them, too) or 007 (its group can also write them)."
        )
    return mask


def tighten(path: Path, mask: int) -> None:
    """Takes from a file or folder what `mask` does not allow. What belongs to somebody else stays as it is, and
    `check --deploy` says so."""
    with suppress(OSError):
        if too_open(path, mask):
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~mask)


def too_open(path: Path, mask: int) -> bool:
    """Whether somebody may do something with it whom `mask` excludes. What is not there is closed."""
    return os.name == "posix" and path.exists() and bool(path.stat().st_mode & mask & 0o777)


def private_paths(folder: Path, database: str = "") -> Iterator[Path]:
    """The folder, what lies in it, and the files of an SQLite database wherever they are. What browsers get anyway,
    `static`, is not private."""
    yield folder
    with suppress(OSError):
        yield from (one for one in folder.iterdir() if one.name != "static" and not one.is_symlink())
    if database:
        yield from (Path(f"{database}{ending}") for ending in _BESIDE_A_DATABASE)
