"""kombu's transport for a folder, with messages written whole or not at all.

kombu writes a message under the name that others read. A reader at that moment, or after the writer was killed or the
disk was full, gets half of it, and the worker dies of it each time it starts. The same goes for the list of queues that
kombu keeps in a file; the site has one queue, which each process declares, and needs no list.
"""

import json
import logging
import os
import uuid
from pathlib import Path
from queue import Empty
from time import time_ns
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import filesystem, virtual

logger = logging.getLogger(__name__)
_BROKEN = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
#: The largest file that is read, in bytes, far above any message of the site's.
_LARGEST = 16 * 2**20


class FolderChannel(filesystem.Channel):
    """Broken files are set aside in the subfolder `broken`; the sweep does their work (law 4)."""

    #: Only a fan-out needs the list of queues.
    supports_fanout = False

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # as kombu itself does
        _write(Path(self.data_folder_out) / f"{time_ns()}_{uuid.uuid4()}.{queue}.msg", payload)

    def _get(self, queue: str, timeout: Any = None) -> Any:
        """The oldest readable message of `queue`. Raises Empty."""
        for name in sorted(os.listdir(self.data_folder_in)):
            if name.partition(".")[2] == f"{queue}.msg" and (taken := self._take(name)):
                try:
                    payload = _read(taken)
                    hash(virtual.Message(payload, channel=self).delivery_tag)  # by which kombu keeps it
                except (OSError, *_BROKEN):
                    self._set_aside(taken)
                    continue
                taken.unlink()
                return payload
        raise Empty

    def get_table(self, exchange: str) -> list[Any]:
        """The queues that this process has bound."""
        bound = [one for one in list(self.state.bindings) if one.exchange == exchange]
        return [filesystem.exchange_queue_t(one.routing_key or "", "", one.queue) for one in bound]

    def _take(self, name: str) -> Path | None:
        """Claims a message by moving it into the subfolder `taken`; None if another worker did. What a dead worker had
        claimed is left to the sweep."""
        folder = Path(self.data_folder_in) / "taken"
        folder.mkdir(exist_ok=True)
        try:
            return (Path(self.data_folder_in) / name).rename(folder / name)
        except OSError:
            return None

    def _set_aside(self, file: Path) -> None:
        folder = Path(self.data_folder_in) / "broken"
        folder.mkdir(exist_ok=True)
        try:
            kept = file.rename(folder / f"{time_ns()}-{file.name}")
        except OSError:
            return  # another process has done so
        logger.warning("A broken file of the folder queue was set aside; the sweep does its work: %s", kept.name)


class Transport(filesystem.Transport):
    """For broker URLs that begin with `filesystem:` (prefcenter.celery)."""

    Channel = FolderChannel


def _read(file: Path) -> Any:
    if file.stat().st_size > _LARGEST:
        raise ValueError
    return json.loads(file.read_bytes())


def _write(file: Path, payload: Any) -> None:
    """Writes the file under another name first, so that it is there whole or not at all. Raises ChannelError."""
    part = file.with_name(f".{uuid.uuid4()}.part")
    try:
        part.write_text(json.dumps(payload))
        part.rename(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ChannelError("The folder of the queue cannot be written.") from error
