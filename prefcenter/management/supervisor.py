"""Keeps a few programs running side by side, restarts those that die, and stops all together."""

import ctypes
import logging
import os
import select
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import Self

logger = logging.getLogger(__name__)

# All in seconds, but for HOPELESS_DEATHS.
#: How long the children may take to stop.
GRACE = 20.0
#: Before the first restart; each further one waits twice as long.
FIRST_DELAY = 1.0
LONGEST_DELAY = 30.0
#: So many deaths within A_MINUTE of an essential child end everything.
HOPELESS_DEATHS = 5
A_MINUTE = 60.0
PROBE_EVERY = 0.2

PR_SET_PDEATHSIG = 1
# Loaded here, because as little as possible should happen in the new process between fork and exec.
_prctl = ctypes.CDLL(None).prctl if sys.platform.startswith("linux") else None


@dataclass(frozen=True)
class Child:
    """A program to keep running. If an essential one dies too often, everything is stopped."""

    name: str
    command: Sequence[str]
    cwd: Path
    essential: bool = False


class Supervisor:
    """Starts its children, restarts those that die, and stops all of them on SIGTERM, SIGINT or SIGHUP."""

    def __init__(
        self,
        children: Sequence[Child],
        *,
        grace: float = GRACE,
        first_delay: float = FIRST_DELAY,
        probe: Callable[[], bool] | None = None,
    ) -> None:
        """grace, first_delay: in seconds
        probe: called every PROBE_EVERY until it returns True; it must not block for long
        """
        self._lives = [_Life(child, first_delay=first_delay) for child in children]
        self._grace = grace
        self._probe = probe

    def run(self) -> int:
        """Runs until stopped. Returns the exit status: 0 after a signal to stop, 1 after an essential child died too
        often. Call it in the main thread."""
        with _Inbox() as inbox:
            try:
                return self._keep_up(inbox)
            finally:
                self._stop(inbox)

    def _keep_up(self, inbox: "_Inbox") -> int:
        while True:
            for life in self._lives:
                life.tend()
            if any(life.hopeless for life in self._lives):
                return 1
            if self._probe and self._probe():
                self._probe = None
            if inbox.wait(self._patience()) & inbox.stop_signals:
                return 0

    def _patience(self) -> float | None:
        """How many seconds there is nothing to do unless a signal comes; None is for ever."""
        waits = [life.start_at - monotonic() for life in self._lives if life.process is None]
        waits += [PROBE_EVERY] if self._probe else []
        return max(0.0, min(waits)) if waits else None

    def _stop(self, inbox: "_Inbox") -> None:
        logger.info("Stopping.")
        deadline = monotonic() + self._grace
        for life in self._lives:
            life.terminate()
        while any(life.is_running for life in self._lives) and (left := deadline - monotonic()) > 0:
            if signal.SIGINT in inbox.wait(left):
                break
        for life in self._lives:
            life.kill()


class _Life:
    """One child with its process, over all restarts."""

    def __init__(self, child: Child, *, first_delay: float) -> None:
        self.child = child
        self.process: subprocess.Popen[bytes] | None = None
        self.start_at = 0.0
        self._first_delay = first_delay
        self._delay = 0.0
        self._started_at = 0.0
        self._deaths: deque[float] = deque(maxlen=HOPELESS_DEATHS)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def hopeless(self) -> bool:
        often = len(self._deaths) == HOPELESS_DEATHS and self._deaths[-1] - self._deaths[0] <= A_MINUTE
        return self.child.essential and often

    def tend(self) -> None:
        """Notices that the process has died, and starts it if that is due."""
        if self.process is not None and (status := self.process.poll()) is not None:
            self._kill_group()
            self.process = None
            self._died(f"was ended by signal {-status}" if status < 0 else f"ended with status {status}")
        if self.process is None and not self.hopeless and monotonic() >= self.start_at:
            self._start()

    def terminate(self) -> None:
        if self.process is not None:
            self.process.terminate()

    def kill(self) -> None:
        if self.process is None:
            return
        if self.is_running:
            logger.warning("The %s did not stop in time and is killed.", self.child.name)
        self._kill_group()
        self.process.wait()

    def _start(self) -> None:
        self._started_at = monotonic()
        try:
            self.process = subprocess.Popen(
                self.child.command,
                cwd=self.child.cwd,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # a Ctrl-C in the terminal is for the supervisor alone
                preexec_fn=partial(_end_with, os.getpid()),  # noqa: PLW1509 - this process has one thread
            )
        except OSError as error:
            self._died(f"could not be started ({error.strerror})")

    def _died(self, how: str) -> None:
        now = monotonic()
        steady = now - self._started_at >= A_MINUTE
        self._delay = self._first_delay if steady or not self._delay else min(LONGEST_DELAY, self._delay * 2)
        self.start_at = now + self._delay
        self._deaths.append(now)
        if self.hopeless:
            logger.error("The %s %s, too often within a minute: giving up.", self.child.name, how)
        else:
            logger.warning("The %s %s; starting it again in %g s.", self.child.name, how, self._delay)

    def _kill_group(self) -> None:
        """Kills what is left of the process group, also after the child died, so that it does not run on beside the
        next."""
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


def _end_with(parent: int) -> None:
    """In the new process, before exec: asks the kernel for a SIGTERM when `parent` dies.

    To the kernel the parent is a thread, so children are started from the main thread only.
    """
    # Until exec the supervisor's own handler is in place, which would ignore that SIGTERM.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if _prctl is not None:
        _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)


class _Inbox:
    """Signals as bytes in a socket, so that none is lost between checking and waiting. Main thread only."""

    def __enter__(self) -> Self:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self.stop_signals = {signal.SIGTERM, signal.SIGINT}
        if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:  # otherwise it was started by nohup
            self.stop_signals.add(signal.SIGHUP)
        self._old_fd = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        noticed = self.stop_signals | {signal.SIGCHLD}
        self._old_handlers = {number: signal.signal(number, _noted) for number in noticed}
        return self

    def wait(self, timeout: float | None) -> set[int]:
        select.select([self._reader], [], [], timeout)
        try:
            return set(self._reader.recv(4096))
        except BlockingIOError:
            return set()

    def __exit__(self, *exc_info: object) -> None:
        for number, handler in self._old_handlers.items():
            signal.signal(number, handler or signal.SIG_DFL)
        signal.set_wakeup_fd(self._old_fd)
        self._reader.close()
        self._writer.close()


def _noted(number: int, frame: FrameType | None) -> None:
    """Does nothing: the byte in the socket is written only for signals that have a handler."""
