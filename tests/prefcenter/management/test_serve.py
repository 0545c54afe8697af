"""`manage.py serve` as a person runs it: the real web server and the real worker, in processes of their own."""

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import commands
from tests.databases import new_sqlite
from tests.services import PATIENCE, command_of, descendants, free_port, is_running, wait_until

ROOT = Path(__file__).resolve().parents[3]
Process = subprocess.Popen[str]
Serve = Callable[[], Process]
pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs prctl and /proc"),
    pytest.mark.sqlite_only,
    pytest.mark.starts_first,
]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """What a person sets for development; nothing of what the tests' own process runs under."""
    passed_on = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return passed_on | {
        "DEBUG": "true",
        "DATA_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}",
        "CELERY_BROKER_URL": "filesystem://",
    }


@pytest.fixture
def migrated(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    new_sqlite(tmp_path / "db.sqlite3")
    return environment


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def serve(migrated: dict[str, str], port: int, tmp_path: Path) -> Iterator[Serve]:
    started: list[Process] = []

    def start() -> Process:
        """Returns when it says that it is ready."""
        command = [sys.executable, "manage.py", "serve", "--port", str(port)]
        with (tmp_path / "log").open("w") as log:
            process = subprocess.Popen(command, cwd=ROOT, env=migrated, stdout=subprocess.PIPE, stderr=log, text=True)
        started.append(process)
        assert process.stdout is not None
        said = iter(process.stdout.readline, "")
        assert f"Ready at http://127.0.0.1:{port}\n" in said, (tmp_path / "log").read_text()
        return process

    yield start
    for process in started:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def status_of(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def gone(pids: set[int]) -> None:
    wait_until(lambda: not any(map(is_running, pids)), what=f"the end of {pids}")


def web_server_and_worker(process: Process) -> set[int]:
    """Two children, the web server's two processes, and the worker's beat."""
    wait_until(lambda: len(descendants(process.pid)) >= 5, what="five processes")
    return descendants(process.pid)


def test_it_answers_as_soon_as_it_says_so_gets_over_a_dead_worker_and_stops_cleanly(serve: Serve, port: int) -> None:
    process = serve()
    assert status_of(f"http://127.0.0.1:{port}/") < 500
    pids = web_server_and_worker(process)
    worker = next(pid for pid in sorted(pids) if b"celery" in command_of(pid))
    os.kill(worker, signal.SIGKILL)
    assert status_of(f"http://127.0.0.1:{port}/") < 500
    wait_until(lambda: len(web_server_and_worker(process) - pids) >= 2, what="a new worker and its beat")
    pids |= web_server_and_worker(process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=PATIENCE) == 0
    gone(pids)


def test_nothing_stays_behind_when_it_is_killed(serve: Serve) -> None:
    process = serve()
    pids = web_server_and_worker(process)
    process.kill()
    process.wait()
    gone(pids)


def test_a_broken_broker_does_not_keep_the_pages_away(serve: Serve, migrated: dict[str, str], port: int) -> None:
    migrated["CELERY_BROKER_URL"] = f"redis://127.0.0.1:{free_port()}"
    serve()
    assert status_of(f"http://127.0.0.1:{port}/") < 500


def test_without_migrations_it_says_what_to_do(environment: dict[str, str], port: int) -> None:
    done = commands.run("serve", "--port", str(port), environment=environment)
    assert done.returncode == 1
    assert done.stderr.endswith("The database is not ready: run 'manage.py migrate' first.\n")
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_an_unreachable_database_is_named_without_its_password(environment: dict[str, str], port: int) -> None:
    environment["DATABASE_URL"] = f"postgres://somebody:geheim@127.0.0.1:{free_port()}/nowhere"
    done = commands.run("serve", "--port", str(port), environment=environment)
    assert done.returncode == 1
    assert "The database can’t be reached" in done.stderr
    assert "Check DATABASE_URL." in done.stderr
    assert "Traceback" not in done.stderr
    assert "geheim" not in done.stderr


def test_a_taken_port_is_refused_before_anything_is_started(migrated: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = commands.run("serve", "--port", str(port), environment=migrated)
    assert done.returncode == 1
    assert f"Port {port} on 127.0.0.1 is already in use" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("wrong", ["0", "65536", "http"])
def test_what_is_no_port_is_refused(environment: dict[str, str], wrong: str) -> None:
    done = commands.run("serve", "--port", wrong, environment=environment)
    assert done.returncode == 2
    assert f"'{wrong}' is not a port" in done.stderr


def test_without_debug_the_static_files_are_collected_first(
    migrated: dict[str, str], port: int, tmp_path: Path, serve: Serve
) -> None:
    secrets = {"SECRET_KEY": "s" * 50, "UNSUBSCRIBE_ADDRESS_KEY": "a" * 50}
    migrated |= {**secrets, "DEBUG": "false", "SITE_URL": "https://mail.example.com"}
    serve()
    assert (tmp_path / "static" / "staticfiles.json").is_file()
