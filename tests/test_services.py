"""The test suite's own servers: real, private, and gone with the process that started them."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import environ
import psycopg
import pytest
import redis

from tests import services

pytestmark = pytest.mark.sqlite_only

ROOT = Path(services.__file__).resolve().parent.parent
STARTS_BOTH_AND_SLEEPS = """
import time
from tests import services
print(services.start_postgresql(), services.start_redis().url, flush=True)
time.sleep({seconds})
"""
linux_only = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks at processes through /proc")


@pytest.fixture(scope="module")
def database_url() -> str:
    try:
        return services.start_postgresql()
    except services.ServiceMissing as reason:
        services.missing(reason)


@pytest.fixture
def broker() -> Iterator[services.RedisService]:
    try:
        service = services.start_redis()
    except services.ServiceMissing as reason:
        services.missing(reason)
    yield service
    service.stop()


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """pytest's own tmp_path is closed to other accounts and too long for a socket's name."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


def _accepts_connections(url: str) -> bool:
    place = urlsplit(url)
    with socket.socket() as probe:
        return probe.connect_ex((place.hostname or "", place.port or 0)) == 0


def test_postgresql_keeps_a_table(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE greetings (words text)")
        connection.execute("INSERT INTO greetings VALUES ('grüß dich')")
        connection.commit()
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT words FROM greetings").fetchall() == [("grüß dich",)]


def test_postgresql_speaks_utf8_in_the_plain_locale(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        found = connection.execute(
            "SELECT pg_encoding_to_char(encoding), datcollate FROM pg_database WHERE datname = 'test'"
        ).fetchone()
    assert found == ("UTF8", "C")


def test_postgresql_lets_the_test_runner_create_its_database(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE test_test")
        connection.execute("DROP DATABASE test_test")


def test_django_environ_understands_the_url_of_postgresql(database_url: str) -> None:
    settings = environ.Env.db_url_config(database_url)
    assert settings["ENGINE"] == "django.db.backends.postgresql"
    assert (settings["NAME"], settings["USER"], settings["HOST"]) == ("test", "test", "127.0.0.1")


def test_redis_answers_and_remembers_nothing_after_a_stop(broker: services.RedisService) -> None:
    with redis.Redis.from_url(broker.url) as client:
        client.set("word", "kept")
    broker.stop()
    assert not _accepts_connections(broker.url)
    broker.start()
    with redis.Redis.from_url(broker.url) as client:
        assert client.ping()
        assert client.get("word") is None


def test_stopping_and_starting_redis_twice_is_the_same_as_once(broker: services.RedisService) -> None:
    broker.start()
    broker.stop()
    broker.stop()
    broker.start()
    assert _accepts_connections(broker.url)


def _start_both(*, seconds: int, temporary: Path) -> "subprocess.Popen[str]":
    temporary.chmod(0o755)  # so that PostgreSQL's account may pass
    return subprocess.Popen(
        [sys.executable, "-c", STARTS_BOTH_AND_SLEEPS.format(seconds=seconds)],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.usefixtures("broker", "database_url")  # which skip where there is nothing to start
def test_everything_and_its_folders_end_with_the_process(short_folder: Path) -> None:
    process = _start_both(seconds=0, temporary=short_folder)
    output, _ = process.communicate(timeout=services.PATIENCE)
    assert process.returncode == 0
    assert len(output.split()) == 2
    assert not any(_accepts_connections(url) for url in output.split())
    assert list(short_folder.iterdir()) == []


@linux_only
@pytest.mark.usefixtures("broker", "database_url")
def test_everything_ends_even_when_the_process_is_killed(short_folder: Path) -> None:
    with _start_both(seconds=600, temporary=short_folder) as process:
        assert process.stdout is not None
        urls = process.stdout.readline().split()
        started = services.descendants(process.pid)
        assert len(started) > 2
        assert all(_accepts_connections(url) for url in urls)
        process.send_signal(signal.SIGKILL)
    services.wait_until(lambda: not any(map(services.is_running, started)), what="the servers are gone")


@pytest.mark.parametrize(
    ("start", "package"), [(services.start_postgresql, "postgresql"), (services.start_redis, "redis-server")]
)
def test_what_is_not_installed_is_named_calmly(monkeypatch: pytest.MonkeyPatch, start: object, package: str) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("pathlib.Path.glob", lambda self, pattern: iter(()))
    assert callable(start)
    with pytest.raises(services.ServiceMissing, match=f"please install it \\(Debian: '{package}'\\)"):
        start()


def test_a_missing_service_skips_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_REQUIRE_SERVICES", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no server"):
        services.missing("no server")


def test_a_missing_service_fails_the_test_where_services_were_promised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TEST_REQUIRE_SERVICES", "1")
    with pytest.raises(pytest.fail.Exception, match="no server"):
        services.missing("no server")


def test_a_free_port_can_be_listened_on() -> None:
    with socket.create_server(("127.0.0.1", services.free_port())) as server:
        assert server.getsockname()[1] in services.PORTS


def test_waiting_returns_the_first_true_answer_or_says_what_did_not_come() -> None:
    answers = iter(["", "", "yes"])
    assert services.wait_until(lambda: next(answers), 5, "an answer") == "yes"
    with pytest.raises(TimeoutError, match="a miracle"):
        services.wait_until(lambda: False, 0.1, "a miracle")


@linux_only
def test_of_a_process_that_has_ended_there_is_no_command_and_no_child() -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        services.wait_until(lambda: b"sleep" in services.command_of(process.pid), what="its command")
    finally:
        process.kill()
        process.wait()
    assert services.command_of(process.pid) == b""
    assert services.descendants(process.pid) == set()
