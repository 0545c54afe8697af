"""The folder as a broker: kombu's transport, with messages that are there whole or not at all.

kombu writes a message, and its list of queues, under the name that others read. Who reads in that moment, or after the
writer was killed or the disk was full, gets half of it, and the worker dies of it each time it starts.
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
#: No message of ours has so many bytes, nor would the machine have room for all that somebody could put there.
_LARGEST = 16 * 2**20


class FolderChannel(filesystem.Channel):
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # as kombu itself does
        _write(Path(self.data_folder_out) / f"{time_ns()}_{uuid.uuid4()}.{queue}.msg", payload)

    def _get(self, queue: str, timeout: Any = None) -> Any:
        """The oldest message of `queue`. What is broken is set aside, and the next one read."""
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
        """The queues that are bound. A list that is broken or gone is made anew from what this process has bound."""
        file = self._exchange_file(exchange)
        try:
            if table := [filesystem.exchange_queue_t(*row) for row in _read(file)]:
                return table
        except FileNotFoundError:
            pass
        except (OSError, *_BROKEN):
            self._set_aside(file)
        bound = [one for one in self.state.bindings if one.exchange == exchange]
        table = [filesystem.exchange_queue_t(one.routing_key or "", "", one.queue) for one in bound]
        if table:
            self.control_folder.mkdir(exist_ok=True)
            _write(file, table)
        return table

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        """Two that bind different queues in one instant may lose one of them, until it is bound at the next start; the
        site has one queue."""
        self.control_folder.mkdir(exist_ok=True)
        bound = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        table = self.get_table(exchange)
        if bound not in table:
            _write(self._exchange_file(exchange), [bound, *table])

    def _take(self, name: str) -> Path | None:
        """Of two workers one gets a message: it is theirs under its new name. A dead worker's is left to the sweep."""
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
            return  # somebody else has done so
        logger.warning("A broken file of the folder queue was set aside; the sweep does its work: %s", kept.name)


class Transport(filesystem.Transport):
    Channel = FolderChannel


def _read(file: Path) -> Any:
    if file.stat().st_size > _LARGEST:
        raise ValueError
    return json.loads(file.read_bytes())


def _write(file: Path, payload: Any) -> None:
    """Whole, or not at all: under another name first."""
    part = file.with_name(f".{uuid.uuid4()}.part")
    try:
        part.write_text(json.dumps(payload))
        part.rename(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ChannelError("The folder of the queue cannot be written.") from error
