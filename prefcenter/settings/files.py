"""The permissions of the site's files, which hold contacts, messages and secrets unencrypted."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_BESIDE_A_DATABASE = ("", "-journal", "-wal", "-shm")


def umask(text: str) -> int:
    """The umask in a text such as "077". Raises ImproperlyConfigured for what is not one, or lets all others write."""
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
    """Removes the permissions in `mask` from a file or folder. One that belongs to another account stays as it is,
    which `check --deploy` reports (prefcenter.W001)."""
    with suppress(OSError):
        if too_open(path, mask):
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~mask)


def too_open(path: Path, mask: int) -> bool:
    """Whether a file or folder has permissions that are in `mask`; False for one that does not exist."""
    return os.name == "posix" and path.exists() and bool(path.stat().st_mode & mask & 0o777)


def private_paths(folder: Path, database: str = "") -> Iterator[Path]:
    """The folder, its entries, and the files of the SQLite database at this path. `static` is left out, because
    browsers get it anyway."""
    yield folder
    with suppress(OSError):
        yield from (one for one in folder.iterdir() if one.name != "static" and not one.is_symlink())
    if database:
        yield from (Path(f"{database}{ending}") for ending in _BESIDE_A_DATABASE)
