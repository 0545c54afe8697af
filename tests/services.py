"""Private PostgreSQL and Redis for the tests; refuses to touch a server that it did not start itself."""

import atexit
import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import psycopg
import pytest

T = TypeVar("T")

#: Seconds until what does not happen is given up, on a machine however busy.
PATIENCE = 120.0
PR_SET_PDEATHSIG = 1
# Below every system's range for outgoing connections: somebody who keeps knocking on a stopped Redis can then
# neither take its port nor, as TCP allows, be connected to themselves.
PORTS = range(20_000, 32_000)
_prctl = ctypes.CDLL(None).prctl if sys.platform.startswith("linux") else None


class ServiceMissing(Exception):
    """A server that these tests need is not installed."""


def missing(reason: object) -> NoReturn:
    """Skips the test; fails it where TEST_REQUIRE_SERVICES promises that everything is installed."""
    if os.environ.get("TEST_REQUIRE_SERVICES"):
        pytest.fail(str(reason), pytrace=False)
    pytest.skip(str(reason))


def free_port() -> int:
    for _ in range(100):
        port = secrets.choice(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("No free port was found.")


def wait_until(condition: Callable[[], T | None], timeout: float = PATIENCE, what: str = "this") -> T:
    """The first answer of `condition` that is true."""
    deadline = time.monotonic() + timeout
    while not (answer := condition()):
        if time.monotonic() >= deadline:
            raise TimeoutError(f"Waited {timeout:g} s in vain: {what}.")
        time.sleep(0.02)
    return answer


def is_running(pid: int) -> bool:
    """A zombie, ended but not yet collected by its parent, does not count."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}


def command_of(pid: int) -> bytes:
    """What the process was started with; empty where it has ended. Linux only."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def descendants(pid: int) -> set[int]:
    """What a process started, and what that started in turn. Linux only."""
    children = set[int]()
    with suppress(FileNotFoundError, ProcessLookupError):
        for path in Path(f"/proc/{pid}/task").glob("*/children"):
            with suppress(FileNotFoundError, ProcessLookupError):
                children |= {int(child) for child in path.read_text().split()}
    return children.union(*(descendants(child) for child in children))


def _start(
    command: Sequence[str], *, home: Path, stop_signal: signal.Signals, **options: Any
) -> subprocess.Popen[bytes]:
    with (home / "log").open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=partial(_end_with, os.getpid(), stop_signal),  # noqa: PLW1509 - nothing that locks is called
            **options,
        )


def _end_with(parent: int, stop_signal: signal.Signals) -> None:
    """As in prefcenter.management.supervisor, which the engine's tests do without."""
    if _prctl is not None:
        _prctl(PR_SET_PDEATHSIG, stop_signal)
    if os.getppid() != parent:
        os._exit(1)


def _stop(process: subprocess.Popen[bytes], stop_signal: signal.Signals) -> None:
    process.send_signal(stop_signal)
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _at_exit(tidy: Callable[[], object]) -> None:
    """Only at the exit of this very process, not of one that a test forks from it."""
    owner = os.getpid()
    atexit.register(lambda: tidy() if os.getpid() == owner else None)


def _home(prefix: str) -> Path:
    home = Path(tempfile.mkdtemp(prefix=prefix))
    _at_exit(lambda: shutil.rmtree(home, ignore_errors=True))
    return home


def _wait_for(process: subprocess.Popen[bytes], answers: Callable[[], bool], home: Path) -> None:
    def answers_or_is_dead() -> bool:
        if process.poll() is not None:
            log = (home / "log").read_text(errors="replace")
            raise RuntimeError(f"It ended at once with status {process.returncode}:\n{log[-2000:]}")
        return answers()

    wait_until(answers_or_is_dead, what=f"{process.args!r} answers")


def start_postgresql() -> str:
    """The URL of a new server with the empty database and the superuser 'test'. It ends with this process."""
    programs = _postgresql_programs()
    home = _home("test-postgresql-")
    account = _unprivileged(home)
    _create_cluster(programs, home, account)
    port = free_port()
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": home,
        "fsync": "off",
        "full_page_writes": "off",
        "synchronous_commit": "off",
        "max_connections": 200,
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = [str(programs / "postgres"), "-D", str(home / "data"), *options]
    # SIGQUIT is PostgreSQL's "at once": there is nothing to save.
    process = _start(command, home=home, stop_signal=signal.SIGQUIT, **account)
    _at_exit(lambda: _stop(process, signal.SIGQUIT))
    _wait_for(process, lambda: _create_database(port), home)
    return f"postgres://test:@127.0.0.1:{port}/test"


def _postgresql_programs() -> Path:
    """The folder of initdb and its server: Debian has one for each version, and none of them in PATH."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if not folders:
        raise ServiceMissing("PostgreSQL was not found: please install it (Debian: 'postgresql').")
    return max(folders, key=lambda folder: float(folder.parent.name))


def _unprivileged(home: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root: who is root lends the folder to somebody who is nobody."""
    if os.geteuid() != 0:
        return {}
    accounts = {account.pw_name: account for account in pwd.getpwall()}
    account = accounts.get("postgres") or accounts["nobody"]
    os.chown(home, account.pw_uid, account.pw_gid)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _create_cluster(programs: Path, home: Path, account: dict[str, Any]) -> None:
    options = ["-U", "test", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    command = [str(programs / "initdb"), "-D", str(home / "data"), *options]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False, **account)
    if done.returncode:
        raise RuntimeError(f"initdb ended with status {done.returncode}:\n{done.stderr[-2000:]}")


def _create_database(port: int) -> bool:
    url = f"postgres://test@127.0.0.1:{port}/postgres"
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=2) as connection:
            connection.execute("CREATE DATABASE test")
    except psycopg.errors.DuplicateDatabase:
        return True
    except psycopg.OperationalError:
        return False
    return True


class RedisService:
    """A Redis that remembers nothing. It can be stopped, and started again on the same port."""

    def __init__(self, program: str) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._home = _home("test-redis-")
        self._process: subprocess.Popen[bytes] | None = None
        options = {"port": str(self.port), "bind": "127.0.0.1", "save": "", "appendonly": "no"}
        self._command = [program, *(part for name, value in options.items() for part in (f"--{name}", value))]
        _at_exit(self.stop)

    def start(self) -> None:
        if self._process is None:
            self._process = _start(self._command, home=self._home, stop_signal=signal.SIGKILL)
            _wait_for(self._process, self._answers, self._home)

    def stop(self) -> None:
        if self._process is not None:
            _stop(self._process, signal.SIGTERM)
            self._process = None

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(7) == b"+PONG\r\n"
        return False


def start_redis() -> RedisService:
    program = shutil.which("redis-server")
    if program is None:
        raise ServiceMissing("'redis-server' was not found: please install it (Debian: 'redis-server').")
    service = RedisService(program)
    service.start()
    return service
